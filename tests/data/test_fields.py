"""Fields with masks, outlines or points beside them become a data set of tiles."""

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.data.build import BuildOptions, build
from pap_core.data.dataset import load
from pap_core.data.glass import told_by_glass
from pap_core.data.readers.masks import read, recognise
from pap_core.data.tiles import Told, scale_of, tiles
from pap_core.data.truth import documents
from pap_core.data.truth.marked import marked_points
from pap_core.errors import InputError
from pap_core.images import read_image, write_png
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.tiling import places
from tests.helpers.built import reasons, rows

SHAPE = (300, 420)
GLASS, STAINED, DARK = (235, 232, 228), (150, 180, 200), (70, 50, 100)
CENTRES = [(80, 90), (210, 150), (340, 90), (120, 230), (320, 220)]
RADIUS = {"cell": 50, "nucleus": 14}


def disc(part: str, number: int | None = None) -> np.ndarray:
    ys, xs = np.mgrid[: SHAPE[0], : SHAPE[1]]
    inside = np.zeros(SHAPE, dtype=np.uint16)
    for count, (x, y) in enumerate(CENTRES, start=1):
        if number in (None, count):
            inside[np.hypot(xs - x, ys - y) < RADIUS[part]] = count
    return inside


@pytest.fixture
def paint() -> Callable[[Path], Path]:
    """Return a function that paints a field in flat colours, each with folds at other places."""
    chance = np.random.default_rng(0)

    def picture(path: Path) -> Path:
        image = np.full((*SHAPE, 3), GLASS, dtype=np.uint8)
        for left in chance.integers(0, SHAPE[1], 6):
            image[:, left : left + 9] -= 40
        image[disc("cell") > 0] = STAINED
        image[disc("nucleus") > 0] = DARK
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
        return path

    return picture


def mask(part: str) -> np.ndarray:
    return np.where(disc(part) > 0, np.uint8(255), np.uint8(0))


def codes(folder: Path) -> set[int]:
    found: set[int] = set()
    for row in rows(folder):
        found |= set(np.unique(read_image(folder / "labels" / f"{row['id']}.png")).tolist())
    return found


def write_nuclei(folder: Path) -> None:
    write_png(folder / "1_nucleus.png", mask("nucleus"))


def write_cells(folder: Path) -> None:
    label = mask("cell")
    label[:, 300:] = 128
    write_png(folder / "1_cells.png", label)


def write_both(folder: Path) -> None:
    write_png(folder / "1_nuclei_mask.png", mask("nucleus"))
    Image.fromarray(disc("cell")).save(folder / "1_cell.tif")  # an integer of 16 bit for each


def write_labels(folder: Path) -> None:
    label = np.where(disc("cell") > 0, np.uint8(CYTOPLASM), np.uint8(BACKGROUND))
    label[disc("nucleus") > 0] = NUCLEUS
    (folder / "masks").mkdir()
    write_png(folder / "masks" / "1.png", label)


def write_outlines(folder: Path) -> None:
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    shapes = [
        {"label": part, "points": np.stack([x + r * np.cos(turns), y + r * np.sin(turns)], axis=1).tolist()}
        for x, y in CENTRES
        for part, r in RADIUS.items()
    ]
    (folder / "1.json").write_text(json.dumps({"imagePath": "1.jpg", "shapes": shapes}))


def write_points(folder: Path) -> None:
    lines = [f"1.png,{x},{y}" for x, y in CENTRES]
    (folder / "points.csv").write_text("\n".join(["image,x,y", *lines]))


FORMS = {
    "nuclei": (write_nuclei, {NOT_NUCLEUS, NUCLEUS}, "1 pictures with nucleus masks; the rest of each is"),
    "cells": (write_cells, {BACKGROUND, OF_CELL, IGNORE}, "1 pictures with cell masks"),
    "both": (write_both, {BACKGROUND, CYTOPLASM, NUCLEUS}, "1 pictures with cell masks and nucleus masks"),
    "labels": (write_labels, {BACKGROUND, CYTOPLASM, NUCLEUS}, "1 pictures with masks of classes"),
    "outlines": (write_outlines, {BACKGROUND, CYTOPLASM, NUCLEUS}, "1 pictures with outlines in labelme"),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_recognised_and_said_back(form: str, tmp_path: Path, paint: Callable) -> None:
    write, expected, said = FORMS[form]
    paint(tmp_path / "source" / "1.png")
    write(tmp_path / "source")
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0))
    assert (described["source"], described["mode"]) == ("masks", "tiles")
    assert codes(tmp_path / "set") - {IGNORE} == expected - {IGNORE}
    assert any(note.startswith(said) for note in described["notes"])
    assert {row["source"] for row in rows(tmp_path / "set")} == {"1.png"}
    crops = load([tmp_path / "set"], "train")
    assert len(crops) == described["crops"] == len(rows(tmp_path / "set"))


def test_a_file_of_many_pictures_is_read_once_for_all(tmp_path: Path, paint: Callable) -> None:
    boxes = [[x - 40, y - 40, x + 40, y - 40, x + 40, y + 40, x - 40, y + 40] for x, y in CENTRES]
    for number in range(4):
        paint(tmp_path / "source" / "images" / f"{number}.png")
    content = {
        "images": [{"id": number, "file_name": f"images\\{number}.png"} for number in range(4)],
        "categories": [{"id": 1, "name": "cell"}],
        "annotations": [
            {"image_id": number, "category_id": 1, "segmentation": [box]}
            for number in range(4)
            for box in boxes
        ],
    }
    (tmp_path / "source" / "cells.json").write_text(json.dumps(content))
    documents._parsed.cache_clear()
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0))
    assert described["pictures"] == {"unknown": 4}
    assert described["notes"][0] == "4 pictures with outlines in COCO"
    assert codes(tmp_path / "set") == {OF_CELL, IGNORE}
    assert documents._parsed.cache_info().misses == 2  # to recognise it, and to read it


def test_points_tell_nuclei_and_nothing_else(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "source" / "1.png")
    write_points(tmp_path / "source")
    reading = read(tmp_path / "source")
    assert reading.notes[0] == "1 pictures with points; all else is unknown"
    build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0))
    assert codes(tmp_path / "set") == {NUCLEUS, IGNORE}
    tiles = rows(tmp_path / "set")
    assert {float(row["scale"]) for row in tiles} == {1.0}  # a dot tells no size
    for row in tiles:
        assert (read_image(tmp_path / "set" / "labels" / f"{row['id']}.png")[..., 0] == NUCLEUS).any()


def test_points_beside_another_truth_are_kept_and_tell_no_scale(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "source" / "1.png")
    write_points(tmp_path / "source")
    with open(tmp_path / "source" / "points.csv", "a") as file:  # of another reader, a little off
        file.writelines(f"\n1.png,{x + 2},{y + 1}" for x, y in CENTRES)
    outline = np.full(SHAPE, 128, dtype=np.uint8)
    outline[:30, :30] = 255
    write_png(tmp_path / "source" / "1_cells.png", outline)
    build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0))
    assert codes(tmp_path / "set") == {NUCLEUS, OF_CELL, IGNORE}
    assert {float(row["scale"]) for row in rows(tmp_path / "set")} == {1.0}


def test_pictures_of_one_name_have_the_truth_of_their_folder(tmp_path: Path, paint: Callable) -> None:
    source = tmp_path / "source"
    for slide in ("a", "b"):
        paint(source / slide / "1.png")
    lines = ["image;category;x;y", "a/1.png;NILM;50;60", "b\\1.png;HSIL;150;160", "b\\1.png;HSIL;90;60"]
    (source / "points.csv").write_text("\n".join(lines))
    found = {one.image.parent.name: one for one in read(source).fields}
    counts = {slide: len(marked_points(one.truths)) for slide, one in found.items()}
    assert counts == {"a": 1, "b": 2}
    assert {slide: one.category for slide, one in found.items()} == {"a": "NILM", "b": "HSIL"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["image,x,y", "1.png,50,60"], "1.png may be a/1.png, b/1.png, expected one"),
        (["image,x,y", "a/1.png,50,60", "c/1.png,50,60"], "c/1.png may be a/1.png, b/1.png"),
        (["image,x,y", "a/1.png,50,nan"], "line 2 has x '50' and y 'nan'"),
        (["image,x,y", "", "a/1.png,50,60", ",90,60"], "line 4 names no picture"),
    ],
)
def test_of_which_picture_a_point_is_is_never_guessed(
    lines: list[str], said: str, tmp_path: Path, paint: Callable
) -> None:
    for slide in ("a", "b"):
        paint(tmp_path / slide / "1.png")
    (tmp_path / "points.csv").write_text("\n".join(lines))
    assert recognise(tmp_path)
    found = read(tmp_path)
    assert said in " ".join(one.reason for one in found.skipped)
    assert not any(one.image.parent.name == "b" for one in found.fields)


def test_a_mask_of_unknown_alone_tells_nothing(tmp_path: Path, paint: Callable) -> None:
    """128 is unknown, and no nucleus, though no 255 is beside it; 0 alone says that there is none."""
    for name, values in (("1", (0, 128)), ("2", (128, 128)), ("3", (0, 0))):
        paint(tmp_path / "source" / f"{name}.png")
        mask = np.full(SHAPE, values[0], dtype=np.uint8)
        mask[:200] = values[1]
        write_png(tmp_path / "source" / f"{name}_nucleus.png", mask)
    build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0))
    assert codes(tmp_path / "set") == {NOT_NUCLEUS, IGNORE}
    assert {row["source"] for row in rows(tmp_path / "set")} == {"1.png", "3.png"}
    assert "2_nucleus.png" in reasons(tmp_path / "set")["2"]


def test_a_tile_of_which_next_to_nothing_is_known_is_left_out(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "source" / "1.png")
    mask = np.full(SHAPE, 128, dtype=np.uint8)
    mask[:20, :20], mask[10, 10] = 0, 255
    write_png(tmp_path / "source" / "1_nucleus.png", mask)
    with pytest.raises(InputError, match="too little of it is known for a tile"):
        build(tmp_path / "source", tmp_path / "set")


def test_tiles_show_what_the_picture_shows_at_their_place(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "source" / "1.png")
    write_both(tmp_path / "source")
    build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0))
    found = rows(tmp_path / "set")
    scale = float(found[0]["scale"])
    assert scale == pytest.approx(42 / (2 * RADIUS["nucleus"]), rel=0.05)
    for row in found:
        image = read_image(tmp_path / "set" / "images" / f"{row['id']}.png").astype(int)
        label = read_image(tmp_path / "set" / "labels" / f"{row['id']}.png")[..., 0]
        ys, xs = np.mgrid[0:256:7, 0:256:7]
        x = np.clip((float(row["x0"]) + xs / scale).astype(int), 0, SHAPE[1] - 1)
        y = np.clip((float(row["y0"]) + ys / scale).astype(int), 0, SHAPE[0] - 1)
        truth = np.where(disc("nucleus") > 0, NUCLEUS, np.where(disc("cell") > 0, CYTOPLASM, BACKGROUND))
        assert (label[ys, xs] == truth[y, x]).mean() > 0.97
        assert np.median(image[label == NUCLEUS], axis=0).tolist() == list(DARK) or NUCLEUS not in label


def test_tiles_without_a_nucleus_are_thinned_where_others_have_one() -> None:
    label = np.full((1500, 1500), NOT_NUCLEUS, dtype=np.uint8)
    image = np.zeros((*label.shape, 3), dtype=np.uint8)
    bare = list(tiles(Told(image, label, 1.0, []), 256))
    assert len(bare) == 64  # with no nucleus in the whole field, no tile is thinned
    label[700:740, 700:740] = NUCLEUS
    some = list(tiles(Told(image, label, 1.0, []), 256))
    with_nucleus = sum((one.label == NUCLEUS).any() for one in some)
    assert with_nucleus >= 1
    assert len(some) == with_nucleus + math.ceil((64 - with_nucleus) / 4)


@pytest.mark.parametrize("length", [100, 256, 257, 600, 2048])
def test_tiles_overlap_and_reach_both_ends(length: int) -> None:
    found = places(length, 256, 64)
    assert found[-1] + 256 >= length
    assert found[0] <= 0
    assert all(256 - (b - a) >= 64 for a, b in pairwise(found))


def test_category_and_slide_come_from_folders_a_table_or_a_pattern(tmp_path: Path, paint: Callable) -> None:
    for name in ("LSIL/s1/a.png", "LSIL/s1/b.png", "NILM/s2/a.png", "NILM/c.png", "d_7.png"):
        path = paint(tmp_path / name)
        write_png(path.with_name(f"{path.stem}_nucleus.png"), mask("nucleus"))
    (tmp_path / "slides.csv").write_text("image,slide,category\nc.png,s9,HSIL\n")
    found = {one.id: (one.category, one.group) for one in read(tmp_path).fields}
    assert found == {
        "LSIL_s1_a": ("LSIL", "s1"),
        "LSIL_s1_b": ("LSIL", "s1"),
        "NILM_s2_a": ("NILM", "s2"),
        "NILM_c": ("HSIL", "s9"),
        "d_7": ("unknown", "d_7"),
    }
    by_pattern = {one.id: one.group for one in read(tmp_path, groups=r"_(\d+)$").fields}
    assert by_pattern["d_7"] == "7"
    notes = read(tmp_path).notes
    assert "1 pictures are taken for slides of their own, since nothing tells their slide" in notes
    with pytest.raises(InputError, match="no group in it, expected a regular expression"):
        read(tmp_path, groups="s")


def test_a_split_keeps_all_tiles_of_a_slide_on_one_side(tmp_path: Path, paint: Callable) -> None:
    for slide in range(4):
        for number in range(2):
            path = paint(tmp_path / "source" / "NILM" / f"s{slide}" / f"{number}.png")
            write_png(path.with_name(f"{number}_nucleus.png"), mask("nucleus"))
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(test_share=0.5))
    sides: dict[str, set[str]] = {}
    for row in rows(tmp_path / "set"):
        sides.setdefault(row["group"], set()).add(row["split"])
    assert set(sides) == {"s0", "s1", "s2", "s3"}
    assert all(len(side) == 1 for side in sides.values())
    assert min(described["sides"].values()) > 0


def test_masks_that_tell_nothing_are_asked_for(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "source" / "images" / "1.png")
    (tmp_path / "source" / "masks").mkdir()
    write_png(tmp_path / "source" / "masks" / "1.png", mask("cell"))
    with pytest.raises(InputError, match="only the values 0 and 255 found"):
        build(tmp_path / "source", tmp_path / "set")
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(truth="cell"))
    assert described["truth"] == "cell"
    assert codes(tmp_path / "set") <= {BACKGROUND, OF_CELL, IGNORE}


def test_what_is_of_no_use_is_listed(tmp_path: Path, paint: Callable) -> None:
    source = tmp_path / "source"
    for number in (1, 2, 3):
        paint(source / f"{number}.png")
    write_nuclei(source)
    write_png(source / "2_nucleus.png", mask("nucleus")[:-1])
    (source / "other.json").write_text('{"imagePath": "9.png", "shapes": []}')
    described = build(source, tmp_path / "set")
    assert described["pictures"] == {"unknown": 1}
    listed = reasons(tmp_path / "set")
    assert "the mask is 420 × 299 pixels, 2.png is 420 × 300" in listed["2"]
    assert "no truth found" in listed["3"]
    assert "labelme of no picture here" in listed["other.json"]


def test_a_mode_is_refused(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "source" / "1.png")
    write_nuclei(tmp_path / "source")
    with pytest.raises(InputError, match="expected no mode, found 'fit'"):
        build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))


def test_pictures_alone_are_no_fields(tmp_path: Path, paint: Callable) -> None:
    paint(tmp_path / "my_cells.png")  # a picture by that name
    assert not recognise(tmp_path)


def test_a_field_and_cells_become_one_data_set(tmp_path: Path, paint: Callable, phantom_source: Path) -> None:
    paint(tmp_path / "source" / "1.png")
    write_nuclei(tmp_path / "source")
    described = build([phantom_source, tmp_path / "source"], tmp_path / "set")
    assert described["source"] == described["mode"] == "mixed"
    assert {row["id"].split("_")[0] for row in rows(tmp_path / "set")} == {"phantom", "masks"}


def test_the_scale_brings_nuclei_to_what_the_network_expects() -> None:
    label = np.where(disc("nucleus") > 0, np.uint8(NUCLEUS), np.uint8(NOT_NUCLEUS))
    assert scale_of(label) == pytest.approx(42 / 28, rel=0.03)
    assert scale_of(np.full(SHAPE, OF_CELL, dtype=np.uint8)) == 1


def test_the_glass_tells_background_and_cytoplasm_apart() -> None:
    image = np.full((*SHAPE, 3), GLASS, dtype=np.uint8)
    image[disc("cell") > 0], image[disc("nucleus") > 0] = STAINED, DARK
    label = np.where(disc("nucleus") > 0, np.uint8(NUCLEUS), np.uint8(NOT_NUCLEUS))
    label[:, :10] = IGNORE
    found = told_by_glass(image, label)
    assert (found[:, :10] == IGNORE).all()
    assert (found[label == NUCLEUS] == NUCLEUS).all()
    ys, xs = np.mgrid[: SHAPE[0], : SHAPE[1]]
    nearest = np.min([np.hypot(xs - x, ys - y) for x, y in CENTRES], axis=0)
    assert (found[(nearest > 56) & (xs > 12)] == BACKGROUND).all()
    assert (found[(nearest > 22) & (nearest < 44)] == CYTOPLASM).all()


def test_the_real_fields_are_read(shared_data: Path) -> None:
    liquid, smears, points = (
        read(shared_data / "fields" / name) for name in ("bttfa", "sipakmed_smears", "cric")
    )
    assert [len(one.fields) for one in (liquid, smears, points)] == [77, 17, 103]
    assert liquid.notes[0] == "77 pictures with nucleus masks; the rest of each is 'not a nucleus'"
    assert smears.notes[0].startswith("17 pictures with cell masks")
    assert points.notes[0] == "103 pictures with points; all else is unknown"
