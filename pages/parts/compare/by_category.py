"""One figure of each method by category, as a table of numbers."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from pages.parts.compare.data import Entry
from pages.shared.tables import HIGH, LOW, as_csv
from pap_core.categories import in_order, written
from pap_core.comparison.table import ALL

METHOD = st.column_config.TextColumn(pinned=True, width=230)
MEAN = "mean"


def show_by_category(table: pd.DataFrame, name: str, alt: str, digits: int = 3) -> None:
    """Show the means of a table of `in_columns`, and their intervals where a person wants them.

    Args:
        table: of two heads.
        name: of the file that takes it away, with its intervals.
        alt: what there is to see.
        digits: of each number.
    """
    wide = st.toggle(
        "With intervals",
        key="compare_intervals",
        bind="query-params",
        help="The ends of each mean's 95 % interval by smear or slide, in columns of their own.",
    )
    means = [column for column in table.columns if column[1] in ("", MEAN)]
    shown = table if wide else table[means].droplevel(1, axis=1)
    st.dataframe(
        shown,
        hide_index=True,
        height="content",
        placeholder="–",
        # by place, the index being 0: columns of two heads have no name
        column_config={1: METHOD}
        | dict.fromkeys(range(2, shown.shape[1] + 1), st.column_config.NumberColumn(format=f"%.{digits}f")),
        alt=alt,
    )
    flat = table.set_axis([" ".join(heads).strip() for heads in table.columns], axis=1)
    as_csv(flat, name, "By category (CSV)", "With the intervals.")


def in_columns(entries: dict[str, Entry], chosen: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Tabulate means with their intervals: a row for each method.

    Args:
        entries: those shown.
        chosen: one metric's rows, with `method`, `category`, `mean`, `low` and `high`.
        order: of the methods.

    Returns:
        Columns of two heads: ("Method", ""), then a category, as people write it and in clinical order, "All"
        last, over "mean", `LOW` and `HIGH` (NaN where there is none).
    """
    shown: dict[tuple[str, str], list] = {("Method", ""): [entries[name].title for name in order]}
    for category in (*in_order(set(chosen["category"]) - {ALL}), ALL):
        of_one = chosen[chosen["category"] == category].set_index("method").reindex(order)
        head = "All" if category == ALL else written(category)
        for end, name in ((MEAN, MEAN), ("low", LOW), ("high", HIGH)):
            shown[head, name] = of_one[end].astype(float).tolist()
    return pd.DataFrame(shown)
