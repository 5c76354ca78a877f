"""How sure a mean over images is, when images of one slide are alike."""

import math
from collections.abc import Sequence

import numpy as np

RESAMPLES = 2000
LEVEL = 95  # %


def interval(
    values: Sequence[float] | np.ndarray,
    groups: Sequence[str] | np.ndarray,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the 95 % interval of a mean by a percentile bootstrap over groups.

    Whole groups are drawn with replacement, as many as there are, and the mean is taken over all images
    of those drawn: cells of one smear or slide share stain, focus and often category, so drawing images
    one by one would make the interval too narrow (Field and Welsh 2007, the cluster bootstrap).

    Args:
        values: ``(N,)``, one an image; NaN, an undefined value, is left out.
        groups: ``(N,)``, the smear or slide of each image.
        resamples: how often to draw.
        seed: of the draws; the same one gives the same interval.

    Returns:
        Low and high end; NaN with fewer than two groups, which say nothing about how groups differ.

    >>> low, high = interval([0.2, 0.4, 0.6, 0.8], ["a", "a", "b", "b"])
    >>> round(low, 3), round(high, 3)
    (0.3, 0.7)
    """
    values = np.asarray(values, dtype=np.float64)
    defined = ~np.isnan(values)
    names, member = np.unique(np.asarray(groups)[defined], return_inverse=True)
    if len(names) < 2:
        return float("nan"), float("nan")
    sums = np.bincount(member, weights=values[defined])
    sizes = np.bincount(member)
    drawn = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    tail = (100 - LEVEL) / 2
    low, high = np.percentile(means, [tail, 100 - tail])
    return float(low), float(high)


def figures(values: np.ndarray, groups: np.ndarray) -> dict[str, float | int | None]:
    """Return the figures of one metric over images, None where there is none, since JSON has no NaN.

    Args:
        values: ``(N,)``, one an image; NaN, an undefined value, is left out.
        groups: ``(N,)``, the smear or slide of each image.

    Returns:
        `mean`, `sd` (the sample's, n - 1), `low` and `high` (see `interval`), `undefined` (images left out).
    """
    defined = values[~np.isnan(values)]
    low, high = interval(values, groups)
    found = {
        "mean": defined.mean() if len(defined) else math.nan,
        "sd": defined.std(ddof=1) if len(defined) > 1 else math.nan,
        "low": low,
        "high": high,
    }
    told = {name: None if math.isnan(value) else float(value) for name, value in found.items()}
    return {**told, "undefined": len(values) - len(defined)}
