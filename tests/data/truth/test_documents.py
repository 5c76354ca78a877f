"""The same two nuclei in their cells, told by each kind of file: all draw the same label map."""

import json

import numpy as np
import pytest

from pap_core.data.truth import documents
from pap_core.data.truth.read import read_truth
from pap_core.errors import InputError
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.mask_forms import CELLS, NUCLEI

SHAPE = (60, 90)
CELL_BOXES = [(5, 5, 40, 45), (50, 10, 80, 50)]  # left, top, right, bottom
CATEGORIES = {"Cell": 1, "Nucleus": 2, "LSIL": 3}
NUCLEUS_BOXES = [(15, 15, 25, 30), (60, 20, 70, 35)]


def corners(box: tuple[int, int, int, int]) -> list[list[float]]:
    left, top, right, bottom = box
    return [[left, top], [right, top], [right, bottom], [left, bottom]]


def expected(cells: bool = True, nuclei: bool = True) -> np.ndarray:
    if not cells:
        label = np.full(SHAPE, NOT_NUCLEUS, dtype=np.uint8)
    else:
        label = np.full(SHAPE, BACKGROUND if nuclei else IGNORE, dtype=np.uint8)
    for boxes, value, drawn in (
        (CELL_BOXES, CYTOPLASM if nuclei else OF_CELL, cells),
        (NUCLEUS_BOXES, NUCLEUS, nuclei),
    ):
        for left, top, right, bottom in boxes if drawn else ():
            label[top:bottom, left:right] = value
    return label


def named(cells: bool, nuclei: bool, words: tuple[str, str] = ("Cell", "Nucleus")) -> list:
    return [
        *((words[0], box) for box in CELL_BOXES if cells),
        *((words[1], box) for box in NUCLEUS_BOXES if nuclei),
    ]


def runs(box: tuple[int, int, int, int]) -> list[int]:
    left, top, right, bottom = box
    mask = np.zeros(SHAPE, dtype=bool)
    mask[top:bottom, left:right] = True
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    return np.diff([0, *edges, flat.size]).tolist()


def coco(areas: list, lengths: bool = False) -> bytes:
    return json.dumps(
        {
            "images": [{"id": 7, "file_name": "a/x.png"}, {"id": 8, "file_name": "y.png"}],
            "categories": [{"id": number, "name": word} for word, number in CATEGORIES.items()],
            "annotations": [
                {
                    "id": number,
                    "image_id": 7,
                    "category_id": CATEGORIES[word],
                    "segmentation": {"size": list(SHAPE), "counts": runs(box)}
                    if lengths
                    else [np.ravel(corners(box)).tolist()],
                }
                for number, (word, box) in enumerate(areas)
            ],
        }
    ).encode()


def labelme(areas: list) -> bytes:
    shapes = [
        {"label": word, "points": corners(box), "shape_type": "polygon"}
        if number % 2
        else {"label": word, "points": [box[:2], box[2:]], "shape_type": "rectangle"}
        for number, (word, box) in enumerate(areas)
    ]
    return json.dumps({"imagePath": "C:\\pictures\\x.png", "shapes": shapes}).encode()


def geojson(areas: list) -> bytes:
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [corners(box)]},
            "properties": {"objectType": "annotation", "classification": {"name": word}},
        }
        for word, box in areas
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def cvat(areas: list) -> bytes:
    shapes = []
    for number, (word, box) in enumerate(areas):
        left, top, right, bottom = box
        points = ";".join(f"{x},{y}" for x, y in corners(box))
        size = f'left="{left}" top="{top}" width="{right - left}" height="{bottom - top}"'
        shapes.append(
            [
                f'<polygon label="{word}" points="{points}"/>',
                f'<box label="{word}" xtl="{left}" ytl="{top}" xbr="{right}" ybr="{bottom}"/>',
                f'<mask label="{word}" {size} rle="0, {(right - left) * (bottom - top)}"/>',
            ][number % 3]
        )
    image = f'<image name="b/x.png">{"".join(shapes)}<tag label="ASC"/></image>'
    return f"<annotations>{image}</annotations>".encode()


EVERY = {
    "coco.json": coco,
    "lengths.json": lambda areas: coco(areas, lengths=True),
    "labelme.json": labelme,
    "qupath.geojson": geojson,
    "cvat.xml": cvat,
}


@pytest.mark.parametrize("file", EVERY)
@pytest.mark.parametrize(("cells", "nuclei"), [(True, True), (True, False), (False, True)])
def test_every_kind_draws_the_same(file: str, cells: bool, nuclei: bool) -> None:
    content = EVERY[file](named(cells, nuclei))
    assert np.array_equal(read_truth([(file, content)], SHAPE, "x.png"), expected(cells, nuclei))


def test_each_kind_is_recognised() -> None:
    kinds = {name: documents.parse(write(named(True, True)), name).kind for name, write in EVERY.items()}
    assert list(kinds.values()) == ["COCO", "COCO", "labelme", "GeoJSON", "CVAT"]
    assert documents.parse(b"image,x,y\nx.png,3,4\n", "points.csv").kind == "points"
    assert documents.parse(b"image,slide\nx.png,4\n", "slides.csv") is None
    assert documents.parse(b'{"some": "settings"}', "settings.json") is None


@pytest.mark.parametrize(("form", "cells"), [(CELLS, True), (NUCLEI, False)])
def test_classes_that_do_not_tell_are_what_a_person_says(form: str, cells: bool) -> None:
    content = coco([("LSIL", box) for box in (CELL_BOXES if cells else NUCLEUS_BOXES)])
    with pytest.raises(InputError, match="has the class 'LSIL', expected nucleus, cell or unclear"):
        read_truth([("coco.json", content)], SHAPE, "x.png")
    label = read_truth([("coco.json", content)], SHAPE, "x.png", form)
    assert np.array_equal(label, expected(cells, not cells))


def test_points_are_nuclei_of_which_only_the_middle_is_known() -> None:
    table = b"\xef\xbb\xbfImage,X,Y,class\nx.png,20,30.5,LSIL\ny.png,1,1,LSIL\nx,89.5,0.2,\n"
    label = read_truth([("points.csv", table)], SHAPE, "x.png")
    assert set(np.unique(label)) == {NUCLEUS, IGNORE}
    assert label[30, 20] == label[0, 89] == NUCLEUS
    assert (label == NUCLEUS).sum() < 30
    assert label[1, 1] == IGNORE  # a point of another picture


def test_areas_that_are_unclear_are_unknown() -> None:
    content = labelme([*named(True, True), ("ignore", (0, 0, 90, 20))])
    label = read_truth([("l.json", content)], SHAPE, "x.png")
    assert (label[:20] == IGNORE).all()
    assert np.array_equal(label[20:], expected()[20:])


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("c.json", b"{", "c.json: no JSON"),
        ("c.json", coco(named(True, True)).replace(b'"image_id": 7', b'"image_id": 9'), "is of no picture"),
        ("c.json", coco(named(True, True)).replace(b"file_name", b"f"), "no id or name"),
        ("c.json", coco(named(True, False), True).replace(b"[60, 90]", b"[60, 91]"), "has no area"),
        (
            "c.json",
            json.dumps(
                json.loads(coco([]))
                | {"annotations": [{"image_id": 7, "category_id": 1, "segmentation": {"counts": "a"}}]}
            ).encode(),
            "compressed run lengths",
        ),
        ("c.json", coco([("Cell", (5, 5, 400, 45))]), "x.png is 90 × 60 pixels"),
        (
            "l.json",
            b'{"shapes": [{"label": "cell", "points": [[1, 2]], "shape_type": "line"}]}',
            "is a 'line'",
        ),
        ("l.json", b'{"shapes": [{"label": "cell", "points": [["a", 2]]}]}', "no points of any picture"),
        ("l.json", b'{"shapes": [7]}', "shape 1 is none"),
        ("c.xml", b"<annotations>", "c.xml: no XML"),
        ("c.xml", b"<html/>", "XML of another kind"),
        ("c.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', "a document type"),
        ("c.xml", cvat([]).replace(b"<tag", b"<skeleton"), "is a 'skeleton'"),
        ("c.xml", cvat(named(True, True)).replace(b'rle="0,', b'rle="1,'), "another size than its box"),
        ("p.csv", b"image,x,y\nx.png,1,none\n", "line 2 has x '1' and y 'none'"),
        ("p.csv", b"image,x,y\ny.png,1,1\n", "no pixel of a nucleus"),
        ("p.csv", b"image,slide\nx.png,1\n", "a table without x and y found"),
    ],
)
def test_what_is_damaged_is_one_sentence(file: str, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as told:
        read_truth([(file, content)], SHAPE, "x.png")
    assert "\n" not in str(told.value)
    assert str(told.value).startswith(file)
