"""The nuclei of an evaluation one by one: by category, of all, and all added up."""

import pandas as pd
import streamlit as st

from pages.shared.nuclei import HEADING, MEASURES, NOTE, offer_matching
from pap_core.evaluation.measured import OUTLINES
from pap_core.evaluation.store import Kept, TestSplit


def show_nuclei(kept: Kept, split: TestSplit, summary: dict) -> None:
    """Show how well single nuclei were found, or offer to match those of an evaluation of before."""
    if "nuclei" not in summary:
        offer_matching([kept], split, summary["checkpoint"]["folder"])
        return
    st.subheader(HEADING, anchor=False)
    st.dataframe(
        by_category(summary),
        hide_index=True,
        height="content",
        placeholder="–",
        alt="How well single nuclei were found, by category, of all crops, and of all added up",
    )
    st.markdown(NOTE)


def by_category(summary: dict) -> pd.DataFrame:
    """Tabulate the measures of nuclei for each category, for all, and for all added up."""
    rows = []
    for category, part in {**summary["categories"], "All": summary}.items():
        row = {"Category": category, "Crops": part["crops"]}
        for measure, name in MEASURES.items():
            found = part["nuclei"][measure]
            low, high = (written(found[end], measure) for end in ("low", "high"))
            row[name] = written(found["mean"], measure) + (
                "" if found["low"] is None else f" [{low}, {high}]"
            )
        rows.append(row)
    added = {
        name: "" if measure in OUTLINES else written(summary["nuclei_together"][measure], measure)
        for measure, name in MEASURES.items()
    }
    return pd.DataFrame([*rows, {"Category": "All, added up", "Crops": summary["crops"], **added}])


def written(value: float | None, measure: str) -> str:
    """Write a share with three digits, a distance with one, a count error with its sign."""
    if value is None:
        return "–"
    if measure in OUTLINES:
        return f"{value:.1f}"
    return f"{value:+.3f}" if measure == "count_error" else f"{value:.3f}"
