"""Every method of a comparison against one of them, cell by cell: which differences may be chance."""

from math import isnan
from typing import TYPE_CHECKING

import pandas as pd

from pap_core.comparison.table import Measured, markdown_row, markdown_title, wide_table
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept

if TYPE_CHECKING:
    from pap_core.evaluation.paired import Paired


def markdown_pairs(comparison: Measured, table: pd.DataFrame, protocol: str, one: str | None = None) -> str:
    """Return as Markdown by how much each method's Jaccard index, both classes together, is above another's.

    Args:
        comparison: what was measured.
        table: its `long_table`.
        protocol: by which to measure.
        one: the method to pair all others with; the best if None.

    Raises:
        InputError: that one has no result, or an evaluation is damaged.
    """
    from pap_core.evaluation.paired import differences, paired  # scipy takes a second

    order = list(wide_table(table, protocol, "both").index)
    one = one or order[0]
    if one not in order:
        raise InputError(
            f"{one}: no result to pair others with; choose of {', '.join(order)}, or measure it."
        )
    done = comparison.done()
    rows = {name: _both(name, comparison.evaluation(done[name]), protocol) for name in order}
    head = ["method", "difference [95 % interval]", "better on", "worse on", "Wilcoxon p"]
    lines = [
        f"### Every method against {markdown_title(one)}, `{protocol}`",
        "",
        "Jaccard index of both classes together, cell by cell; nothing is corrected for the number of pairs.",
        "",
        markdown_row(head),
        markdown_row(["---"] * len(head)),
    ]
    for name in order:
        if name == one:
            continue
        found = paired(differences(rows[name], rows[one], "jaccard"))
        cells = [
            markdown_title(name),
            difference(found),
            str(found.better),
            str(found.worse),
            probability(found.p),
        ]
        lines.append(markdown_row(cells))
    return "\n".join(lines)


def difference(found: "Paired") -> str:
    """Write a mean difference with its interval, where there is one."""
    if isnan(found.low):
        return f"{found.mean:+.3f}"
    return f"{found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def probability(p: float) -> str:
    """Write a p-value.

    >>> probability(0.0312), probability(1e-9), probability(float("nan"))
    ('0.031', '< 0.001', '–')
    """
    if isnan(p):
        return "–"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _both(name: str, kept: Kept | None, protocol: str) -> pd.DataFrame:
    if kept is None:
        raise InputError(f"{name}: what was measured of it has been removed meanwhile; measure it again.")
    table = kept.table()
    return table[(table["protocol"] == protocol) & (table["class"] == "both")]
