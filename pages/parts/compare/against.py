"""One method against all the others at once, in a table."""

import pandas as pd
import streamlit as st

from pages.parts.compare.data import Entry, pair
from pages.shared.display import plain
from pages.shared.reading import Reading
from pap_core.comparison.pairs import difference, probability
from pap_core.comparison.table import wide_table
from pap_core.evaluation.intervals import LEVEL

_PAIRS = "It takes a moment for all pairs…"


def show_all_against(first: Entry, entries: dict[str, Entry], table: pd.DataFrame, reading: Reading) -> None:
    """Offer the paired differences of all others from one, tabulated once they are asked for.

    Args:
        first: what the others are set against.
        entries: all that are shown.
        table: their figures, see `pap_core.comparison.table.long_table`.
        reading: protocol, class and metric of the differences.
    """
    shown = st.expander(
        f"All the others against {plain(first.title)}",
        icon=":material/table_rows:",
        key="compare_all",
        bind="query-params",
        on_change="rerun",
    )
    if not shown.open:
        return
    with shown, st.spinner(_PAIRS):
        st.dataframe(
            all_against(first, entries, table, reading),
            hide_index=True,
            height="content",
            placeholder="–",
            alt=f"{reading.title} of each method less that of {first.title}, cell by cell, under "
            f"{reading.protocol}",
        )
        st.caption(
            f"{reading.title}, protocol {reading.protocol}: each method less {plain(first.title)}, on the "
            f"cells where the metric is defined for both; mean [{LEVEL} % interval by smear or slide], "
            "rows in the order of the mean Jaccard index. Nothing is corrected for the number of pairs."
        )


def all_against(
    first: Entry, entries: dict[str, Entry], table: pd.DataFrame, reading: Reading
) -> pd.DataFrame:
    """Tabulate the others against one, best Jaccard index first; see `show_all_against`."""
    order = wide_table(table, reading.protocol, reading.label_class).index
    rows = []
    for name in order.drop(first.name):
        _, found = pair(entries[name], first, reading)
        rows.append(
            {
                "Method": entries[name].title,
                "Difference": difference(found) if found.crops else "–",
                "Cells": found.crops,
                "Better on": found.better,
                "Worse on": found.worse,
                "Wilcoxon p": probability(found.p),
            }
        )
    return pd.DataFrame(rows)
