"""What of a crop is picture: kept in the manifest, and nothing is found or shown beside it."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pap_core.data import composition
from pap_core.data.build import BuildOptions, build
from pap_core.data.crop import CUTS, draw, label_map
from pap_core.data.extent import COLUMNS, Extent
from pap_core.data.manifest import extent_of
from pap_core.data.readers.cell import Cell
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept
from pap_core.images import read_image
from pap_core.labels import BACKGROUND, IGNORE, decode
from pap_core.measurement import measure
from pap_core.reviewing.split_queue import split_queue
from tests.helpers.built import rows
from tests.helpers.comparing import evaluate_in
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

WIDTH, HEIGHT = 600, 500
EDGE = ((30, 250), (570, 250), (300, 28), (300, 472), (32, 30), (566, 470))  # of nuclei, near an edge or two


@pytest.fixture(scope="module")
def dataset(paint_smear, circle, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Crops of cells at every edge of a smear, all of them to be tested with, and one in its middle."""
    folder = tmp_path_factory.mktemp("edges")
    cells = [(circle(x, y, 60), circle(x, y, 15)) for x, y in (*EDGE, (300, 250))]
    paint_smear(folder / "source" / "im_Parabasal", "001", cells, (WIDTH, HEIGHT))
    build(folder / "source", folder / "set", BuildOptions(mode="fit", test_share=1.0))
    return folder / "set"


@pytest.fixture(scope="module")
def kept(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    write_checkpoint(folder / "threshold", threshold_network())
    return evaluate_in(folder, dataset)


@pytest.mark.parametrize("mode", ["fit", "whole"])
@pytest.mark.parametrize("shape", [(256, 256), (500, 600), (180, 400), (400, 255), (97, 61)])
@pytest.mark.parametrize("place", [(0.1, 0.5), (0.5, 0.1), (0.8, 0.75), (0.5, 0.5)])
def test_what_is_no_picture_is_what_the_label_ignores(
    circle, mode: str, shape: tuple[int, int], place: tuple[float, float]
) -> None:
    height, width = shape
    x, y = place[0] * width, place[1] * height
    cell = Cell("c", "P", "g", Path("smear.bmp"), circle(x, y, 33), circle(x, y, 7))
    drawn, _ = draw(cell, shape)
    image = np.zeros((*shape, 3), dtype=np.uint8)
    crop = CUTS[mode](image, label_map([drawn], shape), drawn, 256)
    inside = np.zeros((256, 256), dtype=bool)
    crop.extent.cut(inside)[...] = True
    np.testing.assert_array_equal(inside, crop.label != IGNORE)


def test_the_manifest_keeps_it_and_the_digest_stays_as_it_was(dataset: Path) -> None:
    found, described = rows(dataset), composition.read(dataset)
    for row in found:
        image, label = composition.crop(described, row["id"])
        extent = extent_of(dataset, row["id"], image.shape)
        assert extent.columns() == {name: int(row[name]) for name in COLUMNS}
        assert (extent.cut(label) != IGNORE).all()
        assert (label == IGNORE).sum() == 256**2 - extent.cut(label).size
    assert sum(int(row["ignore"]) > 0 for row in found) == len(EDGE)
    manifest = pd.read_csv(dataset / "manifest.csv", dtype=str).drop(
        columns=["picture", "likeness", *COLUMNS]
    )
    before = manifest.to_csv(index=False, lineterminator="\n").encode()
    assert described.described["digest"] == hashlib.sha256(before).hexdigest()


def test_a_manifest_without_it_means_the_whole_crop() -> None:
    assert Extent.of({"id": "a"}, (4, 6, 3)) == Extent(0, 0, 6, 4)


@pytest.mark.parametrize("box", [(0, 0, 0, 4), (3, 0, 2, 4), (-1, 0, 6, 4), (0, 0, 7, 4), (0, 0, 6, 5)])
def test_a_box_beyond_the_crop_is_refused(box: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match=r"a: the manifest gives it the extent .*, expected a box within"):
        Extent.of({"id": "a"} | dict(zip(COLUMNS, box, strict=True)), (4, 6, 3))


def test_no_cell_is_found_where_a_crop_is_no_picture(dataset: Path, kept: Kept) -> None:
    cells = 0
    for row in rows(dataset):
        colours = read_image(kept.prediction(row["id"]))
        image = read_image(dataset / "images" / f"{row['id']}.png")
        label = decode(colours)
        extent = extent_of(dataset, row["id"], image.shape)
        assert (label[extent.cleared(np.ones_like(label), 0) == 0] == BACKGROUND).all()
        table, _ = measure(image, label)
        assert table["x"].between(extent.left, extent.right).all()
        assert table["y"].between(extent.top, extent.bottom).all()
        cells += len(table)
    assert cells >= len(EDGE)


def test_a_reviewer_sees_the_picture_alone_at_its_place(dataset: Path, kept: Kept) -> None:
    """What is under review lies in the smear, and is the smear's own pixels, a little resized."""
    queue = split_queue(kept, dataset)
    smear = read_image(dataset.parent / "source" / "im_Parabasal" / "001.bmp")
    narrow = 0
    for number, entry in enumerate(queue.entries):
        cell = queue.cell(number)
        place, (height, width) = cell.place, cell.picture.shape[:2]
        corners = [place.x0, place.y0, place.x0 + width / place.scale, place.y0 + height / place.scale]
        assert -1 <= corners[0] <= corners[2] <= WIDTH + 1
        assert -1 <= corners[1] <= corners[3] <= HEIGHT + 1
        ys = np.clip(place.y0 + (np.arange(height) + 0.5) / place.scale, 0, HEIGHT - 1).astype(int)
        xs = np.clip(place.x0 + (np.arange(width) + 0.5) / place.scale, 0, WIDTH - 1).astype(int)
        there = smear[ys][:, xs].astype(int)
        assert np.abs(there - cell.picture).mean() < 6, entry.name
        (nucleus,) = cell.before.nucleus
        at = nucleus.mean(axis=0) / place.scale + (place.x0, place.y0)
        assert min(np.hypot(*(at - np.array(nuclei))) for nuclei in (*EDGE, (300, 250))) < 3
        narrow += height != width
    assert narrow >= 4  # those in a corner may stay square
