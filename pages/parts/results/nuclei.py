"""The nuclei of an evaluation one by one: of all crops, all added up, and by category."""

import pandas as pd
import streamlit as st

from pages.shared.nuclei import HEADING, MEASURES, NOTE, offer_matching
from pages.shared.tables import HIGH, LOW, SHARE, as_csv
from pap_core.categories import in_order, written
from pap_core.evaluation.intervals import LEVEL
from pap_core.evaluation.measured import OUTLINES
from pap_core.evaluation.store import Kept, TestSplit

_WIDTH = 112  # px: all ten columns in the page's width
_SHORT = {"boundary_mean": "Apart, mean (px)", "boundary_95": "Apart, 95th p. (px)"}
_FORMATS = {"count_error": "%+.3f"} | dict.fromkeys(OUTLINES, "%.1f")


def show_nuclei(kept: Kept, split: TestSplit, summary: dict) -> None:
    """Show how well single nuclei were found, or offer to match those of an evaluation of before."""
    if "nuclei" not in summary:
        offer_matching([kept], split, summary["checkpoint"]["folder"])
        return
    columns = {
        name: st.column_config.NumberColumn(
            _SHORT.get(measure, name), width=_WIDTH, format=_FORMATS.get(measure, "%.3f")
        )
        for measure, name in MEASURES.items()
    } | {LOW: SHARE, HIGH: SHARE}
    st.subheader(HEADING, anchor=False)
    _shown(of_all(summary), columns, "nuclei_all", "of all crops, with their intervals, and of all added up")
    st.markdown(NOTE)
    st.subheader("By category, protocol strict", anchor=False)
    _shown(by_category(summary), columns, "nuclei_categories", "by category")


def _shown(table: pd.DataFrame, columns: dict, name: str, of: str) -> None:
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        placeholder="–",
        column_config=columns,
        alt=f"How well single nuclei were found, {of}",
    )
    as_csv(table, name)


def of_all(summary: dict) -> pd.DataFrame:
    """Tabulate the measures over all crops: the mean, the ends of its interval, and of all added up."""
    ends = {"Mean over crops": "mean", f"{LEVEL} % interval, from": "low", f"{LEVEL} % interval, to": "high"}
    rows = [
        {"All crops": words} | {name: summary["nuclei"][measure][end] for measure, name in MEASURES.items()}
        for words, end in ends.items()
    ]
    added = {name: summary["nuclei_together"].get(measure) for measure, name in MEASURES.items()}
    return _numbers([*rows, {"All crops": "All added up"} | added])


def by_category(summary: dict) -> pd.DataFrame:
    """Tabulate the measures for each category, F1 with its interval."""
    rows = []
    for category in in_order(summary["categories"]):
        part = summary["categories"][category]
        row = {"Category": written(category), "Crops": part["crops"]}
        for measure, name in MEASURES.items():
            found = part["nuclei"][measure]
            row[name] = found["mean"]
            if measure == "f1":
                row |= {LOW: found["low"], HIGH: found["high"]}
        rows.append(row)
    return _numbers(rows)


def _numbers(rows: list[dict]) -> pd.DataFrame:
    table = pd.DataFrame(rows)
    return table.astype({name: float for name in (*MEASURES.values(), LOW, HIGH) if name in table})
