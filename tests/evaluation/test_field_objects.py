"""Nuclei and cells that a truth tells one from the other are measured as it tells them, in px and in µm."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pap_core.data.readers.open import read_source
from pap_core.data.tiles import told_of
from pap_core.data.truth.apart import told_apart
from pap_core.data.truth.areas import CELL, CORE
from pap_core.evaluation.field_source import field_source
from pap_core.evaluation.fields import measure_fields, summarise_fields
from pap_core.images import write_png
from pap_core.inference.segmenter import Segmenter
from pap_core.model.checkpoint import read
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

SHAPE = (400, 700)  # no crop, by its size
CENTRES = [(120, 150), (162, 150), (450, 200)]  # the first two nuclei touch, and so do their cells
NUCLEUS_RADIUS, CELL_RADIUS = 21, 60


@pytest.fixture(scope="module")
def segmenter(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    folder = tmp_path_factory.mktemp("checkpoint") / "threshold"
    return Segmenter(read(write_checkpoint(folder, threshold_network())))


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def painted() -> np.ndarray:
    pixels = np.full((*SHAPE, 3), 255, np.uint8)
    for radius, grey in ((CELL_RADIUS, 120), (NUCLEUS_RADIUS, 10)):
        for x, y in CENTRES:
            pixels[disc(x, y, radius)] = grey
    return pixels


def numbered(radius: float) -> np.ndarray:
    """Number the discs, each pixel of two the nearer one's."""
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    away = np.stack([np.hypot(columns - x, rows - y) for x, y in CENTRES])
    return np.where(away.min(axis=0) < radius, away.argmin(axis=0) + 1, 0).astype(np.uint16)


def ring(x: float, y: float, radius: float) -> list[list[float]]:
    turns = np.linspace(0, 2 * np.pi, 64)
    return np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1).tolist()


def geojson() -> dict:
    def feature(name: str, points: list) -> dict:
        return {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [points]},
            "properties": {"classification": {"name": name}},
        }

    cells = [feature("Cell", ring(x, y, CELL_RADIUS)) for x, y in CENTRES]
    nuclei = [feature("Nucleus", ring(x, y, NUCLEUS_RADIUS)) for x, y in CENTRES]
    return {"type": "FeatureCollection", "features": cells + nuclei}


def coco() -> dict:
    sizes = {1: CELL_RADIUS, 2: NUCLEUS_RADIUS}
    return {
        "images": [{"id": 1, "file_name": "a.png", "height": SHAPE[0], "width": SHAPE[1]}],
        "categories": [{"id": 1, "name": "cell"}, {"id": 2, "name": "nucleus"}],
        "annotations": [
            {
                "id": 10 * category + number,
                "image_id": 1,
                "category_id": category,
                "iscrowd": 0,
                "segmentation": [np.ravel(ring(x, y, radius)).tolist()],
            }
            for category, radius in sizes.items()
            for number, (x, y) in enumerate(CENTRES)
        ],
    }


def write(folder: Path, form: str) -> None:
    write_png(folder / "a.png", painted())
    if form == "masks":
        tifffile.imwrite(folder / "a_nuclei.tif", numbered(NUCLEUS_RADIUS))
        tifffile.imwrite(folder / "a_cells.tif", numbered(CELL_RADIUS))
    else:
        content = geojson() if form == "a.geojson" else coco()
        (folder / form).write_text(json.dumps(content))


@pytest.mark.parametrize("form", ["masks", "a.geojson", "areas.json"])
def test_touching_objects_count_as_the_truth_tells_them(form: str, segmenter: Segmenter, tmp_path: Path):
    write(tmp_path, form)
    table = measure_fields(segmenter, field_source(tmp_path))[0]
    for name in ("nuclei", "cells"):
        counts = [table[f"{name}_{part}"].item() for part in ("predicted", "true", "pairs")]
        assert counts == [3, 3, 3], name
        assert table[f"{name}_iou"].item() / 3 > 0.7
    summary = summarise_fields(table)
    assert summary["cells"]["f1"]["mean"] == summary["together"]["nuclei"]["f1"] == 1
    assert summary["nuclei"]["boundary_mean_micrometre"]["mean"] is None  # nothing tells how large a pixel is


@pytest.mark.parametrize("form", ["masks", "a.geojson", "areas.json"])
def test_the_objects_are_those_that_were_drawn(form: str, tmp_path: Path):
    write(tmp_path, form)
    (field,) = read_source(tmp_path).fields
    label = told_of(field).label
    for part, radius in ((CORE, NUCLEUS_RADIUS), (CELL, CELL_RADIUS)):
        objects = told_apart(field.truths, label, part)
        assert len(np.unique(objects)) == 4
        for x, y in CENTRES:
            # a point that is of this one alone
            away = x - radius / 2 if (x, y) == CENTRES[0] else x + radius / 2
            one = objects == objects[y, int(away)]
            assert (one & ~disc(x, y, radius + 1)).sum() == 0
            assert one.sum() > 0.4 * math.pi * radius**2


def test_a_mask_of_two_values_tells_no_objects_apart(segmenter: Segmenter, tmp_path: Path):
    write_png(tmp_path / "a.png", painted())
    write_png(tmp_path / "a_nucleus.png", (numbered(NUCLEUS_RADIUS) > 0).astype(np.uint8) * 255)
    write_png(tmp_path / "a_cells.png", (numbered(CELL_RADIUS) > 0).astype(np.uint8) * 255)
    (row,) = measure_fields(segmenter, field_source(tmp_path))[0].to_dict("records")
    assert row["nuclei_true"] == 2  # the connected pieces
    assert math.isnan(row["cells_true"])


def test_distances_are_told_in_micrometres_where_the_file_tells_the_size(
    segmenter: Segmenter, tmp_path: Path
):
    density = {"resolution": (50_000.0, 50_000.0), "resolutionunit": "CENTIMETER"}  # 0.2 µm a pixel
    tifffile.imwrite(tmp_path / "a.tif", painted(), photometric="rgb", **density)
    tifffile.imwrite(tmp_path / "a_nuclei.tif", numbered(NUCLEUS_RADIUS + 3))
    table = measure_fields(segmenter, field_source(tmp_path))[0]
    summary = summarise_fields(table)["nuclei"]
    assert summary["boundary_mean"]["mean"] > 0.2
    micrometres = 0.2 * summary["boundary_mean"]["mean"]
    assert summary["boundary_mean_micrometre"]["mean"] == pytest.approx(micrometres, rel=1e-3)
