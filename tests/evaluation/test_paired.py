"""Paired differences, their interval, and the signed-rank test against one that counts every sign."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from pap_core.evaluation.intervals import interval
from pap_core.evaluation.paired import differences, paired


def table(values: list[float], groups: list[str] | None = None, ids: list[str] | None = None) -> pd.DataFrame:
    count = len(values)
    return pd.DataFrame(
        {
            "id": ids or [f"crop{number}" for number in range(count)],
            "category": "any",
            "group": groups or [f"slide{number}" for number in range(count)],
            "jaccard": values,
        }
    )


def exact(values: np.ndarray) -> float:
    """Two-sided p of Wilcoxon's test by going through all 2ⁿ signs of the ranks."""
    values = values[values != 0]
    order = np.abs(values).argsort().argsort() + 1  # no ties in what is asked here
    positive = order[values > 0].sum()
    sums = np.array([np.dot(signs, order) for signs in product((0, 1), repeat=len(values))])
    return min(1.0, 2 * min((sums <= positive).mean(), (sums >= positive).mean()))


@pytest.mark.parametrize("seed", range(6))
def test_signed_rank_test_counts_every_sign(seed: int):
    chance = np.random.default_rng(seed)
    first, second = chance.random(12) + 0.15 * (seed % 3), chance.random(12)
    found = paired(differences(table(list(first)), table(list(second)), "jaccard"))
    assert found.p == pytest.approx(exact(first - second))
    assert found.mean == pytest.approx(float(np.mean(first - second)))
    assert (found.better, found.worse) == ((first > second).sum(), (first < second).sum())


def test_interval_is_by_slide():
    chance = np.random.default_rng(0)
    first, second = chance.random(40), chance.random(40)
    slides = [f"slide{number // 8}" for number in range(40)]
    found = paired(differences(table(list(first), slides), table(list(second), slides), "jaccard"))
    assert (found.low, found.high) == interval(first - second, slides)


def test_pairs_by_crop_and_leaves_out_what_is_undefined():
    first = table([0.5, 0.6, np.nan, 0.8], ids=["a", "b", "c", "d"])
    second = table([0.1, 0.2, 0.3, np.nan], ids=["b", "a", "c", "d"])
    both = differences(first, second, "jaccard")
    assert both["id"].tolist() == ["a", "b"]
    assert both["difference"].tolist() == pytest.approx([0.3, 0.5])


def test_no_difference_is_no_test():
    found = paired(differences(table([0.5, 0.6]), table([0.5, 0.6]), "jaccard"))
    assert np.isnan(found.p)
    assert (found.better, found.worse, found.mean) == (0, 0, 0.0)


def test_a_crop_twice_is_refused():
    twice = table([0.5, 0.6], ids=["a", "a"])
    with pytest.raises(ValueError, match="unique"):
        differences(twice, twice, "jaccard")
