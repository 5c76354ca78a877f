"""STAPLE against an expectation maximisation written out here, and against what must hold."""

import numpy as np
import pytest

from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS, PALETTE, decode
from pap_core.methods.combination import mean, staple

CLASSES = 3


def own_staple(labels: np.ndarray, rounds: int = 200) -> np.ndarray:
    """Multi-label STAPLE (Rohlfing, Russakoff, Maurer 2004) by its formulas, with numpy alone.

    As in the implementation that is tested, performance begins with the agreement with the vote, and the
    prior is the share of each label among all votes.
    """
    raters, pixels = labels.shape
    votes = np.stack([(labels == value).sum(axis=0) for value in range(CLASSES)])
    vote = votes.argmax(axis=0)
    tied = (votes == votes.max(axis=0)).sum(axis=0) > 1
    confusion = np.zeros((raters, CLASSES, CLASSES))  # said, true
    for rater in range(raters):
        np.add.at(confusion[rater], (labels[rater][~tied], vote[~tied]), 1)
    confusion /= np.maximum(confusion.sum(axis=1, keepdims=True), 1e-300)
    prior = np.bincount(labels.ravel(), minlength=CLASSES) / (raters * pixels)
    for _ in range(rounds):
        weight = prior[:, None] * np.prod([confusion[r][labels[r]] for r in range(raters)], axis=0).T
        weight /= np.maximum(weight.sum(axis=0), 1e-300)
        for rater in range(raters):
            for said in range(CLASSES):
                confusion[rater, said] = weight[:, labels[rater] == said].sum(axis=1)
            confusion[rater] /= np.maximum(confusion[rater].sum(axis=0), 1e-300)
    return weight.argmax(axis=0)


def said(seed: int, errors: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return a truth, and what raters say of it who err independently."""
    chance = np.random.default_rng(seed)
    ys, xs = np.mgrid[:64, :64]
    away = np.hypot(xs - 32, ys - 32)
    truth = np.select([away < 9, away < 24], [NUCLEUS, CYTOPLASM], BACKGROUND)
    raters = []
    for error in errors:
        wrong = chance.random(truth.shape) < error
        raters.append(np.where(wrong, chance.integers(CLASSES, size=truth.shape), truth))
    return truth, np.stack(raters).astype(np.uint8)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("errors", [(0.05, 0.1, 0.3), (0.02, 0.4, 0.4), (0.2, 0.2, 0.2)])
def test_agrees_with_the_formulas(seed: int, errors: tuple[float, ...]):
    _, raters = said(seed, errors)
    found = decode(staple(PALETTE[raters]))
    expected = own_staple(raters.reshape(len(errors), -1)).reshape(found.shape)
    assert (found == expected).mean() > 0.995


def test_trusts_the_better_one_against_two_poor_ones():
    truth, raters = said(0, (0.02, 0.45, 0.45))
    votes = np.stack([(raters == value).sum(axis=0) for value in range(CLASSES)]).argmax(axis=0)
    found = decode(staple(PALETTE[raters]))
    assert (found == truth).mean() > (votes == truth).mean() + 0.01
    assert (found == truth).mean() > 0.97


def test_what_all_say_stands():
    _, raters = said(1, (0.1,))
    same = PALETTE[np.repeat(raters, 3, axis=0)]
    assert np.array_equal(staple(same), same[0])


def test_two_empty_maps_and_one_full_are_no_error():
    colours = PALETTE[np.stack([np.zeros((16, 16), int), np.zeros((16, 16), int), np.ones((16, 16), int)])]
    assert set(np.unique(decode(staple(colours)))) <= {BACKGROUND, CYTOPLASM}


def test_mean_is_of_probabilities():
    colours = np.array([[[[255, 0, 0]]], [[[0, 0, 255]]], [[[250, 5, 5]]]], dtype=np.uint8)
    assert decode(mean(colours)).tolist() == [[CYTOPLASM]]
