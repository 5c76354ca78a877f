"""The nuclei of an evaluation one by one: by category, of all, and all added up."""

import pandas as pd
import streamlit as st

from pages.shared.nuclei import HEADING, MEASURES, NOTE, offer_matching
from pap_core.evaluation.intervals import LEVEL
from pap_core.evaluation.measured import OUTLINES
from pap_core.evaluation.store import Kept, TestSplit

_WIDTH = 112  # px: an interval of counts, and all ten columns in the page's width
_SHORT = {"boundary_mean": "Apart, mean (px)", "boundary_95": "Apart, 95th p. (px)"}


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
        column_config={
            name: st.column_config.TextColumn(_SHORT.get(measure, name), width=_WIDTH)
            for measure, name in MEASURES.items()
        },
        alt="How well single nuclei were found, by category, of all crops, and of all added up",
    )
    st.markdown(NOTE)


def by_category(summary: dict) -> pd.DataFrame:
    """Tabulate the measures of nuclei for each category, for all, and for all added up."""
    parts = {**summary["categories"], "All": summary}
    rows = [
        {"Category": category, "Crops": part["crops"]}
        | {name: written(part["nuclei"][measure]["mean"], measure) for measure, name in MEASURES.items()}
        for category, part in parts.items()
    ]
    intervals = {name: _interval(summary["nuclei"][measure], measure) for measure, name in MEASURES.items()}
    added = {
        name: "" if measure in OUTLINES else written(summary["nuclei_together"][measure], measure)
        for measure, name in MEASURES.items()
    }
    rows.append({"Category": f"All, {LEVEL} % interval", "Crops": summary["crops"], **intervals})
    rows.append({"Category": "All, added up", "Crops": summary["crops"], **added})
    return pd.DataFrame(rows)


def _interval(found: dict, measure: str) -> str:
    if found["low"] is None:
        return ""
    return f"[{written(found['low'], measure)}, {written(found['high'], measure)}]"


def written(value: float | None, measure: str) -> str:
    """Write a share with three digits, a distance with one, a count error with its sign."""
    if value is None:
        return "–"
    if measure in OUTLINES:
        return f"{value:.1f}"
    return f"{value:+.3f}" if measure == "count_error" else f"{value:.3f}"
