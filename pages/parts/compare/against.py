"""One method against all the others at once, in a table."""

import pandas as pd
import streamlit as st

from pages.parts.compare.by_category import METHOD
from pages.parts.compare.data import Entry, pair
from pages.shared.display import plain
from pages.shared.reading import Reading
from pages.shared.tables import HIGH, LOW, as_csv
from pap_core.comparison.table import wide_table
from pap_core.evaluation.intervals import LEVEL

_DIFFERENCE, _P = "Difference", "Wilcoxon p"
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
        found = all_against(first, entries, table, reading)
        st.dataframe(
            found,
            hide_index=True,
            height="content",
            placeholder="–",
            column_config={"Method": METHOD, _P: st.column_config.NumberColumn(format="%.2g")}
            | dict.fromkeys((_DIFFERENCE, LOW, HIGH), st.column_config.NumberColumn(format="%+.3f")),
            alt=f"{reading.title} of each method less that of {first.title}, cell by cell, under "
            f"{reading.protocol}",
        )
        as_csv(found, f"against_{first.name}_{reading.protocol}_{reading.label_class}_{reading.metric}")
        st.caption(
            f"{reading.title}, protocol {reading.protocol}: each method less {plain(first.title)}, on the "
            f"cells where the metric is defined for both; mean, {LEVEL} % interval by smear or slide; "
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
                _DIFFERENCE: found.mean,
                LOW: found.low,
                HIGH: found.high,
                "Cells": found.crops,
                "Better on": found.better,
                "Worse on": found.worse,
                _P: found.p,
            }
        )
    return pd.DataFrame(rows)
