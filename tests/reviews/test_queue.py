"""Queues: the same cells for everyone, cut out where they lie, in the order asked for."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pap_core.contours import fill
from pap_core.errors import InputError
from pap_core.evaluation.metrics import compare, scores
from pap_core.evaluation.store import Kept
from pap_core.images import read_image, write_png
from pap_core.labels import NUCLEUS, PALETTE, colour_map, decode
from pap_core.measurement import measure
from pap_core.outlines import Outlines
from pap_core.reviewing.queue import (
    AS_THEY_LIE,
    BY_CATEGORY,
    RANDOM,
    UNCERTAIN,
    WORST,
    Entry,
    ordered,
    orders,
    uncertainty,
)
from pap_core.reviewing.split_queue import SplitQueue, split_queue
from tests.helpers.comparing import evaluate_in
from tests.helpers.pages.segmenting import jaccard
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Kept:
    """The evaluation of the test's checkpoint on the small phantom data set."""
    folder = tmp_path_factory.mktemp("kept")
    write_checkpoint(folder / "threshold", threshold_network())
    return evaluate_in(folder, phantom_dataset)


@pytest.fixture(scope="module")
def split(kept: Kept, phantom_dataset: Path) -> SplitQueue:
    return split_queue(kept, phantom_dataset)


# Orders


def test_orders_are_offered_where_the_entries_know_enough() -> None:
    assert orders([Entry("a", "", "", "")]) == [AS_THEY_LIE, RANDOM]
    assert orders([Entry("a", "x", "", "", 0.1, None), Entry("b", "", "", "", None, 0.5)]) == [
        AS_THEY_LIE,
        UNCERTAIN,
        WORST,
        BY_CATEGORY,
        RANDOM,
    ]


def test_what_is_worst_or_most_uncertain_comes_first_and_the_unknown_last(split: SplitQueue) -> None:
    entries = split.entries
    worst = [entries[number].jaccard for number in ordered(entries, WORST)]
    assert worst == sorted(worst)
    unsure = [entries[number].uncertainty for number in ordered(entries, UNCERTAIN)]
    assert unsure == sorted(unsure, reverse=True)
    assert unsure[0] > unsure[-1]
    unknown = (Entry("a", "", "", ""), *entries)
    assert ordered(unknown, WORST)[-1] == ordered(unknown, UNCERTAIN)[-1] == 0


def test_chance_is_the_same_for_everyone_and_follows_nothing(split: SplitQueue) -> None:
    shuffled = ordered(split.entries, RANDOM)
    assert shuffled == ordered(split.entries, RANDOM)
    assert sorted(shuffled) == list(range(len(split.entries)))
    assert shuffled != sorted(shuffled)
    turned = tuple(reversed(split.entries))
    assert [turned[number].id for number in ordered(turned, RANDOM)] == [
        split.entries[number].id for number in shuffled
    ]


def test_categories_stay_together(split: SplitQueue) -> None:
    categories = [split.entries[number].category for number in ordered(split.entries, BY_CATEGORY)]
    assert categories == sorted(categories)
    assert len(set(categories)) == 3


# How sure


def test_a_clear_cell_is_sure_and_a_mixed_one_is_not() -> None:
    cell = np.zeros((40, 40), dtype=bool)
    cell[10:30, 10:30] = True
    colours = np.where(cell[..., None], PALETTE[1], PALETTE[0])
    assert uncertainty(colours, cell) == 0
    mixed = colours.copy()
    mixed[10:30, 10:20] = (128, 0, 127)  # half cytoplasm, half nucleus
    assert uncertainty(mixed, cell) == pytest.approx(0.5 * 200 / (400 + 4 * 3 * 20 + 4 * 3), rel=0.02)
    beside = colours.copy()
    beside[:5] = (128, 0, 127)  # far from the cell, another cell's trouble
    assert uncertainty(beside, cell) == 0
    at_its_edge = colours.copy()
    at_its_edge[8:10] = (255, 128, 128)  # half background
    assert uncertainty(at_its_edge, cell) > 0


# Test splits


def test_a_split_has_an_entry_for_each_crop(split: SplitQueue, phantom_dataset: Path) -> None:
    manifest = pd.read_csv(phantom_dataset / "manifest.csv", dtype=str)
    manifest = manifest[manifest["split"] == "test"]
    assert [entry.name for entry in split.entries] == manifest["id"].tolist()
    assert [entry.group for entry in split.entries] == [f"phantom:{group}" for group in manifest["group"]]
    assert len({entry.id for entry in split.entries}) == len(manifest)


def test_worst_is_measured_against_the_truth(split: SplitQueue, kept: Kept, phantom_dataset: Path) -> None:
    entry = split.entries[3]
    label = read_image(phantom_dataset / "labels" / f"{entry.name}.png")[..., 0]
    counts = compare(read_image(kept.prediction(entry.name)), label, "strict")
    assert entry.jaccard == pytest.approx(np.mean([scores(one)["jaccard"] for one in counts.values()]))


def test_the_cell_of_a_crop_is_the_one_in_its_middle(split: SplitQueue, phantom_dataset: Path) -> None:
    """Asked of every crop, by the truth's nucleus where the prediction found one there."""
    manifest = pd.read_csv(phantom_dataset / "manifest.csv", index_col="id")
    for number, entry in enumerate(split.entries):
        cell = split.cell(number)
        assert cell.id == entry.id
        assert (cell.source, cell.side, cell.category) == ("dataset", "test", entry.category)
        assert np.array_equal(cell.picture, read_image(phantom_dataset / "images" / f"{entry.name}.png"))
        assert np.array_equal(cell.label, decode(read_image(split.kept.prediction(entry.name))))
        row = manifest.loc[entry.name]
        assert (cell.place.x0, cell.place.y0, cell.place.scale) == (row["x0"], row["y0"], row["scale"])
        table, cells = measure(cell.picture, cell.label)
        if table.empty:
            continue
        away = np.hypot(table["x"] - 128, table["y"] - 128)
        own = cells == table["cell"][away.argmin()]
        drawn = cell.before.label(cell.label.shape)
        assert jaccard(drawn == NUCLEUS, own & (cell.label == NUCLEUS)) > 0.9
        assert len(cell.before.nucleus) == len(cell.before.cell) == 1


def test_a_crop_without_a_nucleus_is_still_reviewed(
    kept: Kept, phantom_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(kept.folder, tmp_path / "kept")
    own = Kept(tmp_path / "kept")
    first, second = pd.read_csv(phantom_dataset / "manifest.csv").query("split == 'test'")["id"][:2]
    empty = np.zeros((256, 256), dtype=np.uint8)
    write_png(own.prediction(first), colour_map(empty, border=0))
    half = empty.copy()
    half[100:200, 100:200] = 1
    write_png(own.prediction(second), colour_map(half, border=0))
    queue = split_queue(own, phantom_dataset)
    assert queue.cell(0).before == Outlines((), ())
    assert queue.entries[0].uncertainty == 0
    before = queue.cell(1).before
    assert (len(before.cell), len(before.nucleus)) == (1, 0)
    assert np.array_equal(fill(before.cell[0], half.shape), half == 1)


def test_ids_are_the_same_for_another_checkpoint(
    split: SplitQueue, kept: Kept, phantom_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(kept.folder, tmp_path / "kept")
    other = Kept(tmp_path / "kept")
    for entry in split.entries:
        write_png(other.prediction(entry.name), colour_map(np.zeros((256, 256), dtype=np.uint8), border=0))
    again = split_queue(other, phantom_dataset)
    assert [one.id for one in again.entries] == [one.id for one in split.entries]


def test_no_name_of_a_file_is_in_a_cell(split: SplitQueue) -> None:
    cell = split.cell(0)
    assert split.entries[0].name not in (cell.name, cell.id)
    assert len(cell.name) == 64


def test_an_evaluation_of_other_crops_is_refused(kept: Kept, phantom_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_dataset, tmp_path / "other")
    manifest = pd.read_csv(tmp_path / "other" / "manifest.csv", dtype=str)
    manifest.iloc[:-1].assign(split="test").to_csv(tmp_path / "other" / "manifest.csv", index=False)
    with pytest.raises(InputError, match="not the one that was evaluated"):
        split_queue(kept, tmp_path / "other")


def test_a_crop_that_changed_under_the_queue_is_told(
    kept: Kept, phantom_dataset: Path, tmp_path: Path
) -> None:
    shutil.copytree(phantom_dataset, tmp_path / "own")
    queue = split_queue(kept, tmp_path / "own")
    path = tmp_path / "own" / "images" / f"{queue.entries[0].name}.png"
    pixels = read_image(path)
    pixels[0, 0] ^= 1
    write_png(path, pixels)
    with pytest.raises(InputError, match="another than before"):
        queue.cell(0)
    path.unlink()
    with pytest.raises(InputError, match="no such file"):
        queue.cell(0)
