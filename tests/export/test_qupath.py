"""GeoJSON: what QuPath needs to open it, and the label map back from it."""

import json
import uuid
from itertools import chain

import numpy as np
import pytest

from pap_core.contours import signed_area
from pap_core.errors import InputError
from pap_core.export import NOTICE, Origin, geojson, read_geojson
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS

SHAPE = (20, 30)
SQUARE = [[[2, 3], [12, 3], [12, 9], [2, 9], [2, 3]]]
INNER = [[[4, 4], [7, 4], [7, 7], [4, 7], [4, 4]]]


def feature(name: str | None = "Cytoplasm", geometry: object = None, **more: object) -> dict:
    """Write an annotation as QuPath exports it."""
    said = {"classification": {"name": name, "color": [1, 2, 3]}} if name else {}
    geometry = geometry or {"type": "Polygon", "coordinates": SQUARE}
    return {"type": "Feature", "geometry": geometry, "properties": {"objectType": "annotation"} | said} | more


def polygon(ring: list) -> dict:
    return feature(geometry={"type": "Polygon", "coordinates": [ring]})


def read(data: object) -> np.ndarray:
    return read_geojson(json.dumps(data).encode(), SHAPE, "cells.geojson")


def written(one, origin: Origin) -> dict:
    return json.loads(geojson(one.label, one.cells, one.table, origin))


def test_a_label_map_comes_back(one, origin) -> None:
    content = geojson(one.label, one.cells, one.table, origin)
    np.testing.assert_array_equal(read_geojson(content, one.label.shape, "a.geojson"), one.label)


def test_a_prediction_comes_back(predicted, origin) -> None:
    assert len(predicted.table) > 1
    test_a_label_map_comes_back(predicted, origin)


def pieces(geometry: dict) -> list[list]:
    """Return the polygons of a geometry, each a list of rings."""
    return geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]


def test_it_is_a_collection_of_features_of_closed_rings(one, origin) -> None:
    collection = written(one, origin)
    assert collection["type"] == "FeatureCollection"
    assert collection["features"]
    for each in collection["features"]:
        assert each["type"] == "Feature"
        for geometry in (each["geometry"], each.get("nucleusGeometry", each["geometry"])):
            assert geometry["type"] in ("Polygon", "MultiPolygon")
            for ring in chain.from_iterable(pieces(geometry)):
                assert len(ring) >= 5
                assert ring[0] == ring[-1]
                assert all(isinstance(value, int) for point in ring for value in point)


def test_cells_carry_their_nucleus_name_and_measures(hard, origin) -> None:
    cells = [one for one in written(hard, origin)["features"] if one["properties"]["objectType"] == "cell"]
    assert [one["properties"]["name"] for one in cells] == ["Cell 1", "Cell 2", "Cell 3"]
    assert {one["properties"]["classification"]["name"] for one in cells} == {"Cell"}
    for each, row in zip(cells, hard.table.to_dict("records"), strict=True):
        measures = each["properties"]["measurements"]
        assert measures["nucleus_area"] == row["nucleus_area"]
        assert measures["x"] == pytest.approx(row["x"], rel=1e-4)
        assert each["nucleusGeometry"]["coordinates"]
    assert "nc_ratio" in cells[0]["properties"]["measurements"]
    assert "nc_ratio" not in cells[2]["properties"]["measurements"]  # without cytoplasm there is none
    assert [one["geometry"]["type"] for one in cells] == ["Polygon", "Polygon", "Polygon"]
    assert len(cells[0]["geometry"]["coordinates"]) == 3  # an outer ring and two holes
    assert [one["nucleusGeometry"]["type"] for one in cells] == ["Polygon", "MultiPolygon", "Polygon"]


def test_areas_are_the_numbers_of_pixels(one, origin) -> None:
    cells = [each for each in written(one, origin)["features"] if each["properties"]["objectType"] == "cell"]
    assert len(cells) == len(one.table)
    for number, each in enumerate(cells, start=1):
        rings = chain.from_iterable(pieces(each["geometry"]))  # holes turn the other way
        assert sum(signed_area(np.array(ring[:-1])) for ring in rings) == (one.cells == number).sum()


def test_what_belongs_to_no_cell_is_annotated(hard, origin) -> None:
    loose = [one for one in written(hard, origin)["features"] if one["properties"]["objectType"] != "cell"]
    names = [one["properties"]["classification"]["name"] for one in loose]
    assert names == ["Ignore*", "Cytoplasm", "Cytoplasm", "Cytoplasm", "Nucleus"]
    assert {one["properties"]["objectType"] for one in loose} == {"annotation"}


def test_every_object_says_where_it_comes_from(hard, origin) -> None:
    collection = written(hard, origin)
    assert collection["picture"] == origin.picture
    said = {"checkpoint": "compact", "digest": origin.digest, "notice": NOTICE}
    assert said.items() <= collection.items()
    assert all(one["properties"]["metadata"] == said for one in collection["features"])


def test_ids_are_uuids_that_repeat_and_differ(hard, origin) -> None:
    ids = [one["id"] for one in written(hard, origin)["features"]]
    assert len(set(ids)) == len(ids)
    assert all(str(uuid.UUID(one)) == one for one in ids)
    assert ids == [one["id"] for one in written(hard, origin)["features"]]
    other = Origin("another.bmp", origin.checkpoint, origin.digest)
    assert not set(ids) & {one["id"] for one in written(hard, other)["features"]}


@pytest.mark.parametrize(
    "wrap",
    [lambda one: {"type": "FeatureCollection", "features": [one]}, lambda one: [one], lambda one: one],
    ids=["collection", "list", "one feature"],
)
def test_every_form_that_qupath_exports_is_read(wrap) -> None:
    label = read(wrap(feature()))
    expected = np.zeros(SHAPE, dtype=np.uint8)
    expected[3:9, 2:12] = CYTOPLASM
    np.testing.assert_array_equal(label, expected)


def test_nuclei_lie_above_whatever_their_order() -> None:
    inner = {"type": "Polygon", "coordinates": INNER}
    label = read([feature("Nucleus", inner), feature("Cell"), feature("Ignore*")])
    assert np.bincount(label.ravel()).tolist() == [540, 51, 9]
    cell = feature(None, nucleusGeometry=inner)
    cell["properties"]["objectType"] = "cell"
    np.testing.assert_array_equal(read([cell]), label)
    assert (read([feature("Ignore*")]) == IGNORE).sum() == 60


def test_a_line_drawn_by_hand_between_pixels_counts_their_centres() -> None:
    drawn = [[[2.4, 3.4], [11.6, 3.4], [11.6, 8.6], [2.4, 8.6]]]  # not closed, as some tools leave it
    label = read([feature("Nucleus", {"type": "Polygon", "coordinates": drawn})])
    assert (label[3:9, 2:12] == NUCLEUS).all()
    assert (label == NUCLEUS).sum() == 60


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "not JSON"),
        (b"\x89PNG\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"3", "JSON without features"),
        (b"{}", "JSON without features"),
        (b'{"features": 3}', "JSON without features"),
        (b"[3]", "object 1 is no feature"),
        (b'[{"properties": null}]', "object 1 is no feature"),
    ],
)
def test_what_is_no_geojson_is_named(content: bytes, found: str) -> None:
    with pytest.raises(InputError, match=found) as error:
        read_geojson(content, SHAPE, "mine.geojson")
    assert str(error.value).startswith("mine.geojson")


@pytest.mark.parametrize(
    ("bad", "found"),
    [
        (feature(None), "object 2 has no class, expected Cell, Ignore"),
        (feature("Tumor"), "the class 'Tumor', expected Cell"),
        (
            feature(geometry={"type": "Point", "coordinates": [1, 2]}),
            "the geometry 'Point', expected a Polygon",
        ),
        (feature(geometry=3), "no geometry"),
        (feature(geometry={"type": "Polygon"}), "no rings"),
        (feature(geometry={"type": "Polygon", "coordinates": []}), "no rings"),
        (feature(geometry={"type": "Polygon", "coordinates": [[]]}), "no rings"),
        (polygon([[1, 2], [3, 4]]), "no rings"),
        (polygon([[1, 2], [3], [5, 6]]), "no rings"),
        (polygon([["a", 2], [3, 4], [5, 6]]), "no rings"),
        (polygon([[1, None], [3, 4], [5, 6]]), "no rings"),
        (polygon([[1, 2], [3, 1e9], [5, 6]]), "no rings"),
        (polygon([[1, 2], [3, 10**400], [5, 6]]), "no rings"),
        (
            feature(geometry={"type": "Polygon", "coordinates": [[[1, 2], [3, float("nan")], [5, 6]]]}),
            "no rings",
        ),
        (feature(geometry={"type": "MultiPolygon", "coordinates": 3}), "no rings"),
        (feature(geometry={"type": "MultiPolygon", "coordinates": [3]}), "no rings"),
    ],
)
def test_an_object_that_cannot_be_read_is_named(bad: dict, found: str) -> None:
    with pytest.raises(InputError, match=found) as error:
        read([feature(), bad])
    assert str(error.value).startswith("cells.geojson: object 2")


# What is too much, or of another picture


def test_outlines_beyond_the_picture_are_refused_with_both_sizes() -> None:
    label = read(polygon([[-2, -2], [32, -2], [32, 22], [-2, 22]]))  # as a hand at the edge draws
    assert (label == CYTOPLASM).all()
    for ring in ([[-3, 0], [9, 0], [9, 9]], [[0, 0], [33, 0], [9, 9]], [[0, -3], [9, 0], [9, 9]]):
        with pytest.raises(InputError, match=r"outlines from .* found, the picture is 30 × 20 pixels"):
            read([feature(), polygon(ring)])
    with pytest.raises(InputError, match=r"from \(0, 0\) to \(60, 40\) found, the picture is 30 × 20 pixels"):
        read(polygon([[0, 0], [60, 0], [60, 40]]))


def test_two_thousand_squares_as_large_as_the_picture_are_read() -> None:
    height, width = 1536, 2048
    square = [[0, 0], [width, 0], [width, height], [0, height]]
    content = json.dumps([polygon(square) for _ in range(2000)]).encode()
    assert (read_geojson(content, (height, width), "many.geojson") == CYTOPLASM).all()


@pytest.mark.parametrize(
    ("data", "shape", "found"),
    [
        ([{}] * 60_000, SHAPE, "60,000 objects found, at most 50,000 are read"),
        (
            [polygon([[k % 2, 4000 * (k % 2)] for k in range(8000)])],
            (4000, 30),
            r"edges over 32,000,000 rows of the picture found",
        ),
    ],
)
def test_more_than_can_be_drawn_is_refused(data: object, shape: tuple[int, int], found: str) -> None:
    with pytest.raises(InputError, match=found) as error:
        read_geojson(json.dumps(data).encode(), shape, "many.geojson")
    assert str(error.value).startswith("many.geojson: ")


@pytest.mark.parametrize(
    "vertices", [polygon([["1", "2"], ["3", "4"], ["5", "1"]]), polygon([[True, 0]] * 3)]
)
def test_texts_are_no_coordinates(vertices: dict) -> None:
    with pytest.raises(InputError, match="no rings"):
        read(vertices)


DEEP = b"[" * 900 + b"]" * 900


def cell(kind: bytes, coordinates: bytes) -> bytes:
    head = b'[{"properties": {"classification": {"name": "Cell"}}, "geometry": {"type": '
    return head + kind + b', "coordinates": ' + coordinates + b"}}]"


@pytest.mark.parametrize(
    "content",
    [
        b'[{"properties": {"classification": {"name": ' + DEEP + b"}}}]",
        cell(DEEP, b"[]"),
        cell(b'"Polygon"', DEEP),
        cell(b'"Polygon"', b'[[[1, 2], {"x": 1}, [3, 4]]]'),
        cell(b'"MultiPolygon"', b'{"a": 1}'),
        cell(b'"Polygon"', b"[[[1, 2], [3, " + b"9" * 5000 + b"], [3, 4]]]"),
    ],
    ids=["class", "kind", "nested", "object", "keys", "huge"],
)
def test_odd_json_is_a_sentence(content: bytes) -> None:
    with pytest.raises(InputError) as error:
        read_geojson(content, SHAPE, "odd.geojson")
    assert len(str(error.value)) < 400


@pytest.mark.parametrize("name", [" Nucleus", "Nucleus\t ", "nucleus", "NUCLEUS"])
def test_blanks_and_case_of_a_class_do_not_matter(name: str) -> None:
    np.testing.assert_array_equal(read([feature(name)]), read([feature("Nucleus")]))
    cell = name.upper().replace("NUCLEUS", "CELL")
    np.testing.assert_array_equal(read([feature(cell)]), read([feature("Cell")]))
