"""Two methods on the same crops: by how much one is better, and whether that may be chance."""

from dataclasses import dataclass

import pandas as pd
from scipy.stats import wilcoxon

from pap_core.evaluation.intervals import interval


@dataclass(frozen=True)
class Paired:
    """The difference of a metric between two methods, crop by crop: first minus second."""

    crops: int  # where it is defined for both
    mean: float
    low: float  # 95 % interval of the mean by slide, see `pap_core.evaluation.intervals`
    high: float
    better: int  # crops on which the first is better
    worse: int
    p: float  # Wilcoxon's signed-rank test, two-sided; NaN where no crop differs


def differences(first: pd.DataFrame, second: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return what two tables say of the crops that both have, and the difference.

    Args:
        first: rows of one protocol and class of a table by image, see `pap_core.evaluation.evaluate.measure`.
        second: the same of another method.
        metric: one of the five.

    Returns:
        Columns `id`, `category`, `group`, `first`, `second`, `difference`, in the order of the first table;
        a crop on which the metric is undefined for either is left out.

    Raises:
        ValueError: a crop has two rows.
    """
    named = first[["id", "category", "group", metric]].rename(columns={metric: "first"})
    other = second[["id", metric]].rename(columns={metric: "second"})
    both = named.merge(other, on="id", validate="one_to_one").dropna().reset_index(drop=True)
    return both.assign(difference=both["first"] - both["second"])


def paired(table: pd.DataFrame) -> Paired:
    """Sum up a table of `differences`.

    The test (Wilcoxon 1945) takes crops for independent, which those of one slide are not; the interval does
    not. Crops without a difference say nothing for either and are left out of the test, as Wilcoxon did.

    >>> rows = {"group": list("aabb"), "difference": [0.1, 0.2, 0.0, 0.3]}
    >>> found = paired(pd.DataFrame(rows))
    >>> found.crops, round(found.mean, 2), found.better, found.worse, round(found.p, 2)
    (4, 0.15, 3, 0, 0.25)
    """
    values = table["difference"].to_numpy(dtype=float)
    low, high = interval(values, table["group"].to_numpy())
    differing = values[values != 0]
    return Paired(
        crops=len(values),
        mean=float(values.mean()) if len(values) else float("nan"),
        low=low,
        high=high,
        better=int((values > 0).sum()),
        worse=int((values < 0).sum()),
        p=float(wilcoxon(differing).pvalue) if len(differing) else float("nan"),
    )
