"""The one nucleus of a cell: what stands out most of a probability of nucleus, or nothing."""

import numpy as np
import pytest

from pap_core.inference.one_nucleus import one_nucleus

YS, XS = np.mgrid[:256, :256]


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return np.hypot(XS - x, YS - y) < radius


CELL = disc(128, 128, 110)


def ragged(mean: float, seed: int = 0) -> np.ndarray:
    """Return a probability that goes up and down around a mean, in patches of a few pixels."""
    patches = np.random.default_rng(seed).normal(mean, 0.12, (64, 64))
    return np.kron(patches, np.ones((4, 4))).clip(0, 1)


def overlap(found: np.ndarray | None, truth: np.ndarray) -> float:
    assert found is not None
    return float((found & truth).sum() / (found | truth).sum())


def test_a_nucleus_in_plain_sight_is_found_as_it_is():
    truth = disc(110, 140, 24)
    assert overlap(one_nucleus(np.where(truth, 0.95, 0.02), CELL), truth) > 0.9


@pytest.mark.parametrize("seed", range(4))
def test_of_ragged_pieces_in_a_dark_cell_the_nucleus_stands_out(seed: int):
    """At even odds most of the cell is nucleus, in many pieces."""
    truth = disc(150, 110, 26)
    probability = np.where(truth, 0.93, ragged(0.48, seed))
    assert (probability[CELL] > 0.5).mean() > 0.35
    assert overlap(one_nucleus(probability, CELL), truth) > 0.75


def test_the_larger_and_clearer_of_two_is_taken():
    truth = disc(100, 128, 26)
    grain = disc(180, 128, 12)
    assert overlap(one_nucleus(np.where(truth, 0.95, np.where(grain, 0.6, 0.05)), CELL), truth) > 0.9


@pytest.mark.parametrize(
    "probability",
    [
        np.where(CELL, 0.9, 0.0),  # all of the cell
        np.full(CELL.shape, 0.02),
        ragged(0.45),
        np.where(CELL & ~disc(128, 148, 118), 0.9, 0.1),  # along its edge: a rim that is dark
        np.where(disc(128, 128, 4), 0.9, 0.1),  # a grain
        np.where(abs(YS - 128) < 2, 0.9, 0.1),  # a fold
    ],
    ids=["the cell", "nothing", "noise", "along the edge", "a grain", "a fold"],
)
def test_where_none_stands_out_none_is_told(probability: np.ndarray):
    assert one_nucleus(probability, CELL) is None


def test_what_lies_beside_the_cell_is_not_seen():
    truth = disc(128, 128, 20)
    beside = np.where(disc(20, 20, 15), 1.0, np.where(truth, 0.8, 0.05))
    assert overlap(one_nucleus(beside, CELL), truth) > 0.85
