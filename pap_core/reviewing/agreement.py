"""How far reviewers agree: on what to do with a cell, and on where its outlines run."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from pap_core.evaluation.intervals import interval
from pap_core.evaluation.metrics import count, scores
from pap_core.labels import BACKGROUND, NUCLEUS
from pap_core.reviews.records import REJECTED, Decision

COLUMNS = (
    *("first", "second", "cells", "kappa", "outlined"),
    *("nucleus", "nucleus_low", "nucleus_high", "cell", "cell_low", "cell_high", "remark"),
)


def cohens_kappa(a: Sequence[str], b: Sequence[str]) -> float:
    """Return Cohen's kappa: how much more often two agree than two who decide as often, but by chance.

    Args:
        a: ``(N,)`` what the first decided.
        b: ``(N,)`` what the second decided of the same.

    Returns:
        1 where they always agree, 0 where as often as chance has it; NaN where both only ever decided the
        same one thing: chance explains that wholly (Cohen 1960, equation 1). NaN also of fewer than two
        decisions: one cannot tell agreement from chance.

    >>> cohens_kappa(["accepted", "accepted", "rejected"], ["accepted", "rejected", "rejected"])
    0.4
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} decisions beside {len(b)}")
    names, values = np.unique(np.concatenate([a, b]), return_inverse=True)
    first, second = np.split(values, 2)
    both = np.zeros((len(names), len(names)))
    np.add.at(both, (first, second), 1)
    total = both.sum()
    if total < 2:
        return float("nan")
    agreed, by_chance = np.trace(both), both.sum(axis=0) @ both.sum(axis=1)  # times N, times N²
    if by_chance == total**2:
        return float("nan")
    return float((agreed * total - by_chance) / (total**2 - by_chance))


def agreement(
    decisions: Sequence[Decision],
    shapes: Mapping[str, tuple[int, int]],
    groups: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Compare each pair of reviewers on the cells that both decided, each one's latest decision.

    Args:
        decisions: oldest first.
        shapes: ``(H, W)`` of each cell's picture, by the cell's id.
        groups: the smear or slide of each cell, for the intervals; without it every cell is taken for one
            of a slide of its own, which makes them too narrow where several are of one.

    Returns:
        A row for each pair that has a cell in common: `first`, `second` (names), `cells` (both decided),
        `kappa` (of the verdicts), `outlined` (cells neither rejected), and of those the mean Jaccard index
        between their outlines of the `nucleus` and of the whole `cell`, each with the ends of its 95 %
        interval (`_low`, `_high`; see `pap_core.evaluation.intervals`). NaN where undefined; `remark` says
        why kappa is, or why it says nothing.
    """
    latest: dict[str, dict[str, Decision]] = {}
    for one in decisions:
        latest.setdefault(one.reviewer, {})[one.cell] = one
    rows = []
    for first, second in combinations(sorted(latest), 2):
        shared = [cell for cell in latest[first] if cell in latest[second]]
        if not shared:
            continue
        pairs = [(latest[first][cell], latest[second][cell]) for cell in shared]
        outlined = [pair for pair in pairs if REJECTED not in (pair[0].verdict, pair[1].verdict)]
        slides = [groups[one.cell] if groups else one.cell for one, _ in outlined]
        verdicts = [[one.verdict for one in decided] for decided in zip(*pairs, strict=True)]
        row = [first, second, len(shared), cohens_kappa(*verdicts), len(outlined)]
        measured = [_jaccard(*pair, shapes[pair[0].cell]) for pair in outlined]
        for values in np.reshape(measured, (-1, 2)).T:
            defined = values[~np.isnan(values)]
            row += [defined.mean() if len(defined) else float("nan"), *interval(values, slides)]
        rows.append([*row, _remark({first: verdicts[0], second: verdicts[1]})])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _remark(verdicts: Mapping[str, Sequence[str]]) -> str:
    """Say why kappa says nothing of the verdicts of two, by name; "" where it does.

    >>> _remark({"Ada": ["accepted", "rejected"], "Bo": ["accepted", "accepted"]})
    'Kappa is 0 whatever the other decided: Bo gave every cell the same verdict.'
    """
    alike = [name for name, given in verdicts.items() if len(set(given)) == 1]
    if len(next(iter(verdicts.values()))) == 1:
        return "No kappa: one cell cannot tell agreement from chance."
    if len(alike) == 2 and len(set().union(*verdicts.values())) == 1:
        return "No kappa: both gave every cell the same verdict."
    if alike:
        return f"Kappa is 0 whatever the other decided: {alike[0]} gave every cell the same verdict."
    return ""


def _jaccard(one: Decision, other: Decision, shape: tuple[int, int]) -> tuple[float, float]:
    """Return the Jaccard index between two decisions' outlines of the nucleus, and of the whole cell."""
    a, b = one.after.label(shape), other.after.label(shape)
    ours, theirs = (np.stack([label == NUCLEUS, label != BACKGROUND]) for label in (a, b))
    nucleus, cell = scores(count(ours, theirs, np.ones_like(ours)))["jaccard"]
    return float(nucleus), float(cell)
