"""Every decision as a row of a table for spreadsheets."""

import pandas as pd

from pap_core.export.spreadsheet import spreadsheet_csv
from pap_core.reviews.comparison import areas, metrics
from pap_core.reviews.store import Reviews


def decisions_table(reviews: Reviews) -> pd.DataFrame:
    """Return a row a decision, oldest first; the latest of a cell is the one that counts.

    Columns: `number`, `time` (UTC), `reviewer`, `verdict`, `reason`, `latest` (whether it counts), `cell`,
    `picture` (digest), `name`, `group`, `source`, `dataset`, `side`, `checkpoint`, `category_before`,
    `category`, `remark`; areas in pixels of the picture and the N/C ratio, of the prediction (``_before``)
    and as reviewed; and the Jaccard index of one against the other, NaN where it is undefined.
    """
    cells, decisions = reviews.cells(), reviews.decisions()
    newest = {one.cell: one.number for one in decisions}
    rows = []
    for one in decisions:
        cell = cells[one.cell]
        shape = (cell.height, cell.width)
        before, after = areas(one.before, shape), areas(one.after, shape)
        jaccard = metrics(one.before, one.after, shape)["jaccard"]
        rows.append(
            {
                **{"number": one.number, "time": one.saved.isoformat(timespec="milliseconds")},
                **{name: getattr(one, name) for name in ("reviewer", "verdict", "reason")},
                **{"latest": newest[one.cell] == one.number, "cell": one.cell},
                **{
                    name: getattr(cell, name)
                    for name in ("picture", "name", "group", "source", "dataset", "side")
                },
                **{"checkpoint": one.checkpoint, "category_before": cell.category},
                **{"category": one.category or cell.category, "remark": one.remark},
                **{f"{name}_before": value for name, value in before.items()},
                **after,
                **{f"{name}_jaccard": value for name, value in jaccard.items()},
            }
        )
    return pd.DataFrame(rows)


def decisions_csv(reviews: Reviews) -> bytes:
    """Return `decisions_table` as CSV, with a ' before a text that a spreadsheet would take for a formula."""
    return spreadsheet_csv(decisions_table(reviews), float_format="%.5g")
