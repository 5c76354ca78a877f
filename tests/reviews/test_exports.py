"""Reviews for other programs: what each export holds is what was decided, and reads back as it was drawn."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pap_core.data.build import build
from pap_core.data.crop import draw, label_map
from pap_core.data.readers.sipakmed import read
from pap_core.errors import InputError
from pap_core.export import read_geojson
from pap_core.labels import CYTOPLASM, NUCLEUS
from pap_core.reviews.exports import FORMATS, write
from pap_core.reviews.exports.audit import audit_log, last_digest, verify
from pap_core.reviews.exports.table import decisions_csv
from pap_core.reviews.records import Place, ReviewCell
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.reviewed_smear import (
    SIZE,
    accept,
    cell,
    correct,
    moved,
    predicted,
    reject,
    reviewed,
    true,
)

SHAPE = SIZE[::-1]


@pytest.fixture
def reviews(tmp_path: Path) -> Reviews:
    made = Reviews(sqlite_engine(tmp_path / "reviews.db"))
    made.prepare()
    return made


@pytest.fixture
def cells(reviews: Reviews) -> dict[str, ReviewCell]:
    """Left corrected, far accepted, right rejected after it had been accepted; and a crop of a data set."""
    found = reviewed(reviews)
    accept(reviews, found["right"])
    reject(reviews, found["right"], "overlapping", reviewer="Bo")
    crop = cell(
        "left", 5, source="dataset", group="phantom:Parabasal_001", side="test", place=Place(40, 8, 2.0)
    )
    found["crop"] = crop
    correct(reviews, crop, moved(true("left"), cell("left", 5).place), category="Koilocytotic")
    return found


def test_sipakmeds_layout_is_read_back_by_its_reader(
    reviews: Reviews, cells: dict[str, ReviewCell], tmp_path: Path
) -> None:
    write(reviews, "sipakmed", tmp_path / "out")
    reading = read(tmp_path / "out", "cropped")
    assert not reading.skipped
    assert reading.found == {"Koilocytotic": (1, 1), "Parabasal": (1, 2)}
    assert len({one.group for one in reading.cells if one.category == "Parabasal"}) == 1  # of one smear
    listed = pd.read_csv(tmp_path / "out" / "cells.csv").set_index("file")
    for one in reading.cells:
        name = one.image.relative_to(tmp_path / "out").as_posix()
        (original,) = (found for found in cells.values() if found.id == listed.loc[name, "cell"])
        assert listed.loc[name, "group"] == original.group
        image = np.array(Image.open(one.image))
        np.testing.assert_array_equal(image, original.picture)
        drawn = draw(one, image.shape[:2])[0]
        after = reviews.latest()[original.id].after
        np.testing.assert_array_equal(label_map([drawn], image.shape[:2]), after.label(image.shape[:2]))
    assert (tmp_path / "out" / "skipped.csv").read_text() == (
        f"id,reason\n{cells['right'].id},rejected: overlapping\n"
    )
    assert build(tmp_path / "out", tmp_path / "set")["crops"] == 3


def test_categories_that_reviewers_typed_make_sound_folders(reviews: Reviews, tmp_path: Path) -> None:
    for number, category in enumerate(("../../up", "a/b", "A_B", "..", "b\nc")):
        one = cell("left", number, category="")
        correct(reviews, one, one.before, category=category)
    write(reviews, "sipakmed", tmp_path / "out")
    inside = list((tmp_path / "out").rglob("*.bmp"))
    assert len(inside) == 5
    assert all(path.resolve().is_relative_to((tmp_path / "out").resolve()) for path in inside)
    assert len({path.parent.name for path in inside} | {path.parents[1].name for path in inside}) == 6
    assert sum(count for _, count in read(tmp_path / "out", "cropped").found.values()) == 5


def test_coco_holds_each_cell_as_it_counts(
    reviews: Reviews, cells: dict[str, ReviewCell], tmp_path: Path
) -> None:
    write(reviews, "coco", tmp_path / "out")
    content = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert {image["cell"] for image in content["images"]} == {
        cells[name].id for name in ("left", "far", "crop")
    }
    assert len({one["id"] for one in content["annotations"]}) == len(content["annotations"]) == 6
    names = {one["id"]: one["name"] for one in content["categories"]}
    for image in content["images"]:
        shape = (image["height"], image["width"])
        assert Image.open(tmp_path / "out" / image["file_name"]).size == shape[::-1]
        label = reviews.latest()[image["cell"]].after.label(shape)
        for one in (mark for mark in content["annotations"] if mark["image_id"] == image["id"]):
            mask = run_lengths(one["segmentation"])
            np.testing.assert_array_equal(
                mask, label > 0 if names[one["category_id"]] == "cell" else label == NUCLEUS
            )
            if names[one["category_id"]] == "cell":
                assert one["measures"]["cytoplasm_area"] == (label == CYTOPLASM).sum()


def run_lengths(segmentation: dict) -> np.ndarray:
    height, width = segmentation["size"]
    values = np.arange(len(segmentation["counts"])) % 2 == 1
    return np.repeat(values, segmentation["counts"]).reshape(width, height).T


def test_geojson_lies_on_the_smear_or_on_the_crop(
    reviews: Reviews, cells: dict[str, ReviewCell], tmp_path: Path
) -> None:
    write(reviews, "geojson", tmp_path / "out")
    smear, crop = cells["left"].name, cells["crop"]
    picture = reviews.cells()[crop.id].picture
    assert {path.name for path in (tmp_path / "out").rglob("*.*")} == {
        *(f"{smear}.geojson", f"{picture}.geojson", f"{picture}.png", "skipped.csv")
    }
    found = read_geojson((tmp_path / "out" / f"{smear}.geojson").read_bytes(), SHAPE, "smear")
    expected = np.maximum(true("left").label(SHAPE), predicted("far").label(SHAPE))
    np.testing.assert_array_equal(found, expected)
    shape = crop.label.shape
    found = read_geojson((tmp_path / "out" / f"{picture}.geojson").read_bytes(), shape, "crop")
    np.testing.assert_array_equal(found, reviews.latest()[crop.id].after.label(shape))


def test_geojson_of_a_picture_at_another_scale_is_in_the_pixels_of_its_source(
    reviews: Reviews, tmp_path: Path
) -> None:
    one = cell("left", place=Place(100.5, 20.0, 2.0))
    accept(reviews, one)
    write(reviews, "geojson", tmp_path / "out")
    feature = json.loads((tmp_path / "out" / f"{one.name}.geojson").read_text())["features"][0]
    found = np.array(feature["nucleusGeometry"]["coordinates"][0])
    rows, columns = np.nonzero(one.before.label(one.label.shape) == NUCLEUS)
    np.testing.assert_allclose(found.min(axis=0), [100.5 + columns.min() / 2, 20 + rows.min() / 2])
    np.testing.assert_allclose(
        found.max(axis=0), [100.5 + (columns.max() + 1) / 2, 20 + (rows.max() + 1) / 2]
    )


def test_the_table_holds_every_decision_with_its_measures(
    reviews: Reviews, cells: dict[str, ReviewCell]
) -> None:
    table = pd.read_csv(io.BytesIO(decisions_csv(reviews)), keep_default_na=False)
    assert list(table["verdict"]) == ["corrected", "accepted", "accepted", "rejected", "corrected"]
    assert list(table["latest"]) == [True, True, False, True, True]
    assert table["number"].is_monotonic_increasing
    row = table.iloc[0]
    left = cells["left"]
    before, after = (one.label(left.label.shape) for one in (left.before, reviews.latest()[left.id].after))
    for name, label in (("_before", before), ("", after)):
        nucleus, cytoplasm = (label == NUCLEUS).sum(), (label == CYTOPLASM).sum()
        assert (row[f"nucleus_area{name}"], row[f"cytoplasm_area{name}"]) == (nucleus, cytoplasm)
        assert float(row[f"nc_ratio{name}"]) == pytest.approx(nucleus / cytoplasm, rel=1e-4)
    both, either = (
        ((before == NUCLEUS) & (after == NUCLEUS)).sum(),
        ((before == NUCLEUS) | (after == NUCLEUS)).sum(),
    )
    assert float(row["nucleus_jaccard"]) == pytest.approx(both / either, rel=1e-4)
    assert table.iloc[3][["reviewer", "reason", "nucleus_jaccard"]].tolist() == ["Bo", "overlapping", 1.0]
    assert table.iloc[4][["category_before", "category", "side"]].tolist() == [
        "Parabasal",
        "Koilocytotic",
        "test",
    ]
    assert pd.to_datetime(table["time"]).dt.tz is not None


FORMULAS = ("=1+1", "+1", "-2+3", "@SUM(A1)", "  =1", "\t=1", '=HYPERLINK("http://example.org","x")')


@pytest.mark.parametrize("text", FORMULAS)
def test_what_people_type_is_no_formula_in_a_spreadsheet(reviews: Reviews, text: str) -> None:
    one = cell("left", name=text, group=text)
    accept(reviews, one, reviewer=f"{text} Ada", remark=text, category=text)
    table = pd.read_csv(io.BytesIO(decisions_csv(reviews)), dtype=str, keep_default_na=False)
    for name in ("name", "group", "reviewer", "remark", "category"):
        assert table.loc[0, name].startswith(f"'{text}"), name
    assert table.loc[0, "verdict"] == "accepted"


def test_the_audit_log_gives_any_change_away(reviews: Reviews, cells: dict[str, ReviewCell]) -> None:
    log = audit_log(reviews)
    assert verify(log, "log", last_digest(log)) == 5
    lines = log.splitlines(keepends=True)
    entries = [json.loads(line) for line in lines]
    assert [entry.get("verdict") for entry in entries] == [
        *("corrected", "accepted", "accepted", "rejected", "corrected", None)
    ]
    assert entries[0]["after"] == json.loads(reviews.latest()[cells["left"].id].after.to_json())

    changed = {
        "a name": log.replace(b'"Bo"', b'"Al"'),
        "the last decision": b"".join(
            [*lines[:4], lines[4].replace(b"Koilocytotic", b"Parabasal   "), lines[5]]
        ),
        "a line taken out": b"".join(lines[:2] + lines[3:]),
        "the first taken out": b"".join(lines[1:]),
        "a line twice": b"".join(lines[:2] + lines[1:]),
        "two lines changed over": b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        "cut short by a line": b"".join(lines[:-1]),
        "the last decision and its count": b"".join([*lines[:4], lines[5]]),
        "something added": log + lines[-1],
        "nothing left": b"",
        "no log": b"hello\n",
        "a list": b"[]\n",
    }
    rng = np.random.default_rng(0)
    for place in rng.integers(0, len(log), 300).tolist():
        changed[f"a bit of byte {place}"] = log[:place] + bytes([log[place] ^ 1]) + log[place + 1 :]
    assert log not in changed.values()
    assert [what for what, content in changed.items() if not noticed(content, last_digest(log))] == []

    # who writes all of it anew is found by the digest kept elsewhere
    accept(reviews, cells["left"])
    longer = audit_log(reviews)
    assert verify(longer, "log") == 6
    assert longer.startswith(b"".join(lines[:5]))
    with pytest.raises(InputError, match="not the one given"):
        verify(longer, "log", last_digest(log))


def noticed(content: bytes, last: str) -> bool:
    """Tell whether a log is refused, in a sentence that says what to do."""
    try:
        verify(content, "log", last)
    except InputError as error:
        return str(error).startswith("log: ") and "get it anew" in str(error)
    return False


def test_an_empty_database_gives_empty_exports(reviews: Reviews, tmp_path: Path) -> None:
    for kind, one in FORMATS.items():
        assert one.content(reviews), kind
        write(reviews, kind, tmp_path / kind)
    assert verify((tmp_path / "audit").read_bytes(), "log") == 0


def test_a_download_holds_the_files_of_the_folder(
    reviews: Reviews, cells: dict[str, ReviewCell], tmp_path: Path
) -> None:
    for kind in ("reviews", "sipakmed", "coco", "geojson"):
        write(reviews, kind, tmp_path / kind)
        content = FORMATS[kind].content(reviews)
        assert content == FORMATS[kind].content(reviews)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            packed = {name: archive.read(name) for name in archive.namelist()}
        there = {
            path.relative_to(tmp_path / kind).as_posix(): path.read_bytes()
            for path in (tmp_path / kind).rglob("*")
            if path.is_file()
        }
        assert packed == there


def test_exports_overwrite_nothing(reviews: Reviews, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("precious")
    for kind, place in (("csv", "there"), ("coco", "there"), ("coco", "folder"), ("csv", "folder")):
        with pytest.raises(InputError, match="is there already"):
            write(reviews, kind, tmp_path / place)
    assert (tmp_path / "there").read_text() == (tmp_path / "folder" / "file").read_text() == "precious"
    with pytest.raises(InputError, match="could not be written"):
        write(reviews, "csv", tmp_path / "there" / "below")
