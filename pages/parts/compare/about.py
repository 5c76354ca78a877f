"""What each method is: who it is from, what was simplified, and whether it has a result."""

import pandas as pd
import streamlit as st

from pages.parts.compare.data import Entry
from pages.parts.compare.progress import MEASURE
from pages.shared.display import plain
from pap_core.methods.catalogue import ABOUT, unavailable


def show_about(methods: dict[str, Entry]) -> None:
    """Show all methods of the catalogue.

    Args:
        methods: those that have a result.
    """
    st.markdown(
        f"A method without a result gets one by **{MEASURE}**, above. Those of the paper's Table 5 name its "
        "row; the others stand beside them to show what a part of a method does."
    )
    st.table(about(methods), border="horizontal", hide_index=True, alt="All methods, and what each is")


def about(methods: dict[str, Entry]) -> pd.DataFrame:
    """Tabulate the catalogue, its words as Markdown."""
    rows = []
    for name, one in ABOUT.items():
        rows.append(
            {
                "Method": f"**{plain(one.title)}**",
                "Result": "measured" if name in methods else _without_result(name),
                "Row of Table 5": plain(one.row) or "–",
                "Cited": plain(one.citation),
                "Simplified": one.simplified,  # Markdown
            }
        )
    return pd.DataFrame(rows)


def _without_result(name: str) -> str:
    said = unavailable(name)
    return f"not available: {plain(said)}" if said else f"none: press {MEASURE}"
