"""Nuclei of crops are matched one by one, and every figure of them follows from the table by crop."""

import json
import math
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from pap_core.data.dataset import load
from pap_core.evaluation.crop_nuclei import matched_nuclei
from pap_core.evaluation.evaluate import evaluate, report
from pap_core.evaluation.measured import OF_OBJECTS
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL, PALETTE
from pap_core.model.checkpoint import read
from tests.helpers.comparing import few
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

SIDE = 128
RADIUS = 14


def label_of(*centres: tuple[int, int], ground: int = CYTOPLASM) -> np.ndarray:
    """Draw a label map with round nuclei about centres, x and y."""
    y, x = np.mgrid[:SIDE, :SIDE]
    label = np.full((SIDE, SIDE), ground, np.uint8)
    for column, row in centres:
        label[np.hypot(x - column, y - row) <= RADIUS] = NUCLEUS
    return label


def colours_of(label: np.ndarray) -> np.ndarray:
    return PALETTE[label]


def test_found_missed_and_invented_nuclei_are_counted() -> None:
    truth = label_of((30, 30), (90, 30), (90, 90))
    found = matched_nuclei(colours_of(label_of((32, 30), (90, 30), (30, 90), (60, 110))), truth)
    assert (found["nuclei_predicted"], found["nuclei_true"], found["nuclei_pairs"]) == (4, 3, 2)
    one, other = (label_of((x, 30)) == NUCLEUS for x in (30, 32))
    assert found["nuclei_iou"] == pytest.approx(1 + (one & other).sum() / (one | other).sum())
    assert 0 < found["nuclei_boundary_mean"] < 1.5 < 2 <= found["nuclei_boundary_95"] + 0.5


def test_touching_nuclei_that_are_found_are_told_apart() -> None:
    found = matched_nuclei(
        colours_of(label_of((40, 60), (40 + 2 * RADIUS - 2, 60))), label_of((40, 60), (100, 110))
    )
    assert (found["nuclei_predicted"], found["nuclei_true"], found["nuclei_pairs"]) == (2, 2, 1)


def test_what_the_truth_leaves_open_counts_nowhere() -> None:
    truth = label_of((30, 30))
    truth[64:] = IGNORE
    found = matched_nuclei(colours_of(label_of((30, 30), (90, 100))), truth)
    assert (found["nuclei_predicted"], found["nuclei_true"], found["nuclei_pairs"]) == (1, 1, 1)


def test_truth_of_nuclei_alone_has_figures_and_truth_of_cells_alone_has_none() -> None:
    shown = colours_of(label_of((30, 30)))
    assert matched_nuclei(shown, label_of((30, 30), ground=NOT_NUCLEUS))["nuclei_pairs"] == 1
    silent = matched_nuclei(shown, np.full((SIDE, SIDE), OF_CELL, np.uint8))
    assert all(math.isnan(value) for value in silent.values())


def test_no_nucleus_there_and_none_found_has_no_f1() -> None:
    nothing = label_of()
    found = matched_nuclei(colours_of(nothing), nothing)
    assert (found["nuclei_predicted"], found["nuclei_true"]) == (0, 0)


@pytest.fixture(scope="module")
def evaluated(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict]:
    """A data set of six crops, the folder of its evaluation, and what that returned."""
    folder = tmp_path_factory.mktemp("evaluated")
    segmenter = Segmenter(read(write_checkpoint(folder / "threshold", threshold_network())), "cpu")
    data = few(phantom_dataset, folder / "few")
    return data, folder / "out", evaluate(segmenter, data, folder / "out")


def test_every_figure_follows_from_the_table_by_crop(evaluated: tuple[Path, Path, dict]) -> None:
    data, out, summary = evaluated
    table = pd.read_csv(out / "nuclei.csv")
    crops = load([data], "test")
    assert list(table["id"]) == list(crops.table["id"])
    for label, row in zip(crops.labels.numpy(), table.to_dict("records"), strict=True):
        assert row["nuclei_true"] == ndimage.label(label == NUCLEUS, np.ones((3, 3)))[1] > 0
    parts = {None: summary, **summary["categories"]}
    for category, part in parts.items():
        rows = table if category is None else table[table["category"] == category]
        pairs, found, there = (rows[f"nuclei_{name}"] for name in ("pairs", "predicted", "true"))
        expected = {
            "f1": 2 * pairs / (found + there),
            "recall": pairs / there,
            "count_error": (found - there) / there,
            "aji": rows["nuclei_intersection"] / rows["nuclei_union"],
            "panoptic_quality": 2 * rows["nuclei_iou"] / (found + there),
            "boundary_mean": rows["nuclei_boundary_mean"].dropna(),
        }
        for metric, values in expected.items():
            mean = statistics.fmean(values) if len(values) else None  # of a category without a pair
            assert part["nuclei"][metric]["mean"] == (pytest.approx(mean) if len(values) else None)
        assert set(part["nuclei"]) == set(OF_OBJECTS)
        added = 2 * pairs.sum() / (found.sum() + there.sum())
        assert part["nuclei_together"]["f1"] == pytest.approx(added)
    assert table["nuclei_pairs"].sum() > 0  # the threshold finds some


def test_the_report_tells_them_under_strict_alone(evaluated: tuple[Path, Path, dict]) -> None:
    summary = json.loads(json.dumps(evaluated[2]))
    told = report(summary, "strict")
    for metric in ("f1", "aji", "panoptic_quality"):
        assert f"{metric.replace('_', ' '):<20}{summary['nuclei'][metric]['mean']:.3f} [" in told
    assert "Nuclei one by one" not in report(summary, "channel-200")
    for part in (summary, *summary["categories"].values()):
        del part["nuclei"]
    assert "Nuclei one by one" not in report(summary, "strict")  # of an evaluation of before
