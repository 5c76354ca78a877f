"""The nuclei that methods found one by one: of all crops, and by category."""

import pandas as pd
import streamlit as st

from pages.parts.compare.by_category import METHOD, in_columns, show_by_category
from pages.parts.compare.data import Entry
from pages.shared.nuclei import HEADING, MEASURES, NOTE, offer_matching
from pages.shared.tables import HIGH, LOW, SHARE, as_csv
from pap_core.comparison.table import ALL
from pap_core.evaluation.measured import OUTLINES
from pap_core.evaluation.store import TestSplit


def show_nuclei(entries: dict[str, Entry], table: pd.DataFrame, split: TestSplit, stem: str) -> None:
    """Show how well single nuclei were found, or offer to match those of evaluations of before.

    Args:
        entries: those shown.
        table: their figures, see `pap_core.comparison.nuclei.nuclei_table`.
        split: on which they were measured.
        stem: how the name of the file begins that takes them away.
    """
    without = [entry for name, entry in entries.items() if name not in set(table["method"])]
    if without:
        offer_matching([one.kept for one in without], split, ", ".join(one.title for one in without))
    if table.empty:
        return
    st.subheader(HEADING, anchor=False)
    st.dataframe(
        of_all(entries, table),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config={"Method": METHOD, LOW: SHARE, HIGH: SHARE}
        | {
            name: st.column_config.NumberColumn(format="%.1f" if measure in OUTLINES else "%.3f")
            for measure, name in MEASURES.items()
        },
        alt="How well each method found single nuclei, best F1 first",
    )
    as_csv(
        table,
        f"{stem}_nuclei",
        "Nuclei (CSV)",
        "A row for each of those shown, by category and measure, with its interval.",
    )
    st.markdown(NOTE)
    st.subheader("By category, protocol strict", anchor=False)
    measure = st.selectbox(
        "Measure",
        list(MEASURES),
        format_func=MEASURES.get,
        key="compare_of_nuclei",
        bind="query-params",
        width=300,
    )
    show_by_category(
        by_category(entries, table, measure),
        f"{stem}_nuclei_{measure}",
        f"{MEASURES[measure]} of nuclei by category, a row for each method",
        1 if measure in OUTLINES else 3,
    )


def of_all(entries: dict[str, Entry], table: pd.DataFrame) -> pd.DataFrame:
    """Tabulate the measures over all crops, a row for each method, F1 with its interval first."""
    chosen = table[table["category"] == ALL]
    wide = chosen.pivot(index="method", columns="metric", values="mean").loc[chosen["method"].unique()]
    of_f1 = chosen[chosen["metric"] == "f1"].set_index("method")
    shown = pd.DataFrame({"Method": [entries[name].title for name in wide.index]})
    for measure, name in MEASURES.items():
        shown[name] = wide[measure].to_numpy()
        if measure == "f1":
            shown[LOW] = of_f1.loc[wide.index, "low"].to_numpy(dtype=float)
            shown[HIGH] = of_f1.loc[wide.index, "high"].to_numpy(dtype=float)
    return shown


def by_category(entries: dict[str, Entry], table: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Tabulate a measure with its interval, for each category and for all."""
    chosen = table[table["metric"] == measure]
    return in_columns(entries, chosen, chosen["method"].unique().tolist())
