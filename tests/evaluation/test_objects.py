"""Objects are matched and measured as their definitions say, told again here pixel by pixel in sets."""

import itertools
import math

import numpy as np
import pytest

from pap_core.evaluation.matched import Matched, together
from pap_core.evaluation.objects import match, outline_distances

Pixels = set[tuple[int, int]]


def objects_of(numbers: np.ndarray) -> list[Pixels]:
    found: dict[int, Pixels] = {}
    for place in itertools.product(*map(range, numbers.shape)):
        if numbers[place]:
            found.setdefault(int(numbers[place]), set()).add(place)
    return list(found.values())


def outline_of(pixels: Pixels, shape: tuple[int, int]) -> Pixels:
    def inner(row: int, column: int) -> bool:
        beside = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
        return all(one in pixels or not (0 <= one[0] < shape[0] and 0 <= one[1] < shape[1]) for one in beside)

    return {one for one in pixels if not inner(*one)} or pixels


def expected(predicted: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Return all measures, by the words of their definitions."""
    found, there = objects_of(predicted), objects_of(true)

    def iou(one: Pixels, other: Pixels) -> float:
        return len(one & other) / len(one | other)

    best: list[tuple[int, float, list]] = []  # every way to pair, tried out
    candidates = [
        (a, b) for a in range(len(found)) for b in range(len(there)) if iou(found[a], there[b]) >= 0.5
    ]
    for size in range(len(candidates) + 1):
        for chosen in itertools.combinations(candidates, size):
            if all(len(set(side)) == size for side in zip(*chosen, strict=True)):
                best.append((size, sum(iou(found[a], there[b]) for a, b in chosen), list(chosen)))
    count, total, pairs = max(best, key=lambda one: one[:2])

    common, all_of, used = 0, 0, set()
    for one in there:
        likest = max(range(len(found)), key=lambda a: iou(found[a], one), default=None)
        if likest is None or not found[likest] & one:
            all_of += len(one)
            continue
        common += len(found[likest] & one)
        all_of += len(found[likest] | one)
        used.add(likest)
    all_of += sum(len(one) for number, one in enumerate(found) if number not in used)

    distances = []
    for a, b in pairs:
        outlines = [outline_of(one, predicted.shape) for one in (found[a], there[b])]
        for mine, its in (outlines, outlines[::-1]):
            distances += [min(math.dist(one, other) for other in its) for one in mine]

    def ratio(part: float, whole: float) -> float:
        return part / whole if whole else math.nan

    return {
        "predicted": len(found),
        "true": len(there),
        "pairs": count,
        "precision": ratio(count, len(found)),
        "recall": ratio(count, len(there)),
        "f1": ratio(2 * count, len(found) + len(there)),
        "count_error": ratio(len(found) - len(there), len(there)),
        "aji": ratio(common, all_of),
        "segmentation_quality": ratio(total, count),
        "panoptic_quality": ratio(total, count) * ratio(2 * count, len(found) + len(there))
        if count
        else ratio(0, len(found) + len(there)),
        "boundary_mean": np.mean(distances) if distances else math.nan,
        "boundary_95": np.percentile(distances, 95) if distances else math.nan,
    }


def drawn(rng: np.random.Generator, count: int, shape: tuple[int, int]) -> np.ndarray:
    """Lay some rectangles over one another, numbered with gaps."""
    numbers = np.zeros(shape, dtype=np.int32)
    for number in rng.permutation(50)[:count] + 1:
        row, column = rng.integers(0, shape[0] - 2), rng.integers(0, shape[1] - 2)
        numbers[row : row + rng.integers(1, 7), column : column + rng.integers(1, 7)] = number
    return numbers


def assert_as_expected(found: Matched, wanted: dict[str, float]) -> None:
    assert {name: getattr(found, name) for name in wanted} == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("seed", range(30))
def test_measures_are_those_of_their_definitions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    true = drawn(rng, rng.integers(0, 6), (14, 17))
    predicted = np.roll(true, rng.integers(-1, 2, 2), (0, 1)) if seed % 3 else drawn(rng, 4, true.shape)
    predicted = np.where(rng.random(true.shape) < 0.05, 0, predicted)
    if seed % 2:
        predicted = np.where(drawn(rng, 2, true.shape) > 0, 60, predicted)
    assert_as_expected(match(predicted, true), expected(predicted, true))


def test_two_halves_of_one_object_are_not_two_pairs() -> None:
    true, predicted = np.zeros((2, 6, 8), dtype=np.int32)
    true[1:5, 1:7] = 1
    predicted[1:5, 1:4], predicted[1:5, 4:7] = 1, 2
    assert_as_expected(match(predicted, true), expected(predicted, true))
    assert match(predicted, true).pairs == 1


def test_nothing_there_and_nothing_found_is_no_figure() -> None:
    empty = np.zeros((5, 5), dtype=np.uint16)
    none = match(empty, empty)
    assert math.isnan(none.f1)
    assert math.isnan(none.recall)
    assert math.isnan(none.aji)
    some = np.eye(5, dtype=np.uint16)
    assert match(some, empty).f1 == match(some, empty).precision == match(some, empty).aji == 0
    assert math.isnan(match(some, empty).recall)
    assert match(empty, some).recall == match(empty, some).panoptic_quality == 0
    assert match(empty, some).count_error == -1


def test_what_the_truth_does_not_know_counts_for_nobody() -> None:
    true, predicted = np.zeros((2, 10, 20), dtype=np.int32)
    true[2:6, 2:6] = predicted[2:6, 2:6] = 1
    predicted[2:6, 14:18] = 2
    known = np.ones(true.shape, dtype=bool)
    assert match(predicted, true, known).precision == 0.5
    known[:, 15:] = False  # three quarters of the second
    assert match(predicted, true, known).precision == 1
    known = np.ones(true.shape, dtype=bool)
    known[:, 17:] = False  # a quarter of it
    assert match(predicted, true, known).precision == 0.5
    true[8:, 17:] = 3
    assert match(predicted, true, known).true == 1


def test_pictures_are_added_up_before_any_ratio() -> None:
    rng = np.random.default_rng(5)
    pictures = [(drawn(rng, 3, (12, 12)), drawn(rng, 3, (12, 12))) for _ in range(4)]
    one = np.zeros((12, 13 * 4), dtype=np.int32), np.zeros((12, 13 * 4), dtype=np.int32)
    for number, pair in enumerate(pictures):
        for wide, narrow in zip(one, pair, strict=True):
            wide[:, 13 * number : 13 * number + 12] = np.where(narrow, narrow + 100 * number, 0)
    whole, parts = match(*one), together([match(*pair) for pair in pictures])
    for name in ("predicted", "true", "pairs", "iou", "aji", "panoptic_quality"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name), nan_ok=True)


def test_outlines_of_what_fills_the_picture_have_a_distance() -> None:
    full = np.ones((4, 4), dtype=bool)
    assert outline_distances(full, full).max() == 0


def test_pictures_of_different_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        match(np.zeros((3, 3), dtype=int), np.zeros((3, 4), dtype=int))
