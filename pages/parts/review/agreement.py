"""How far reviewers agree who decided on the same cells."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.damaged import say_damaged
from pages.shared.display import plain
from pap_core.reviewing.agreement import agreement as measured

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

EXPLAINED = (
    "Over the cells that both of a pair decided on, each one's latest decision. **Cohen's kappa** "
    "tells how far their verdicts (accepted, corrected, rejected) agree beyond what chance would "
    "bring: 1 is always, 0 no more than chance. The **Jaccard indices** are the mean overlap of their "
    "outlines, 1 where they are the same, over the cells that neither rejected, with its 95 % interval "
    "over smears or slides, of which there must be two. A dash stands where a figure is not defined; below "
    "it is said why kappa is not, or says nothing."
)
COLUMNS = {
    "first": "Reviewer",
    "second": "and",
    "cells": st.column_config.NumberColumn("Cells both decided"),
    "kappa": st.column_config.NumberColumn("Cohen's kappa", format="%.3f"),
    "outlined": st.column_config.NumberColumn("Cells neither rejected"),
    "nucleus": st.column_config.NumberColumn("Jaccard, nucleus", format="%.3f"),
    "nucleus_low": st.column_config.NumberColumn("from", format="%.3f"),
    "nucleus_high": st.column_config.NumberColumn("to", format="%.3f"),
    "cell": st.column_config.NumberColumn("Jaccard, cell", format="%.3f"),
    "cell_low": st.column_config.NumberColumn("from", format="%.3f"),
    "cell_high": st.column_config.NumberColumn("to", format="%.3f"),
    "remark": None,  # a sentence, which stands below
}


def agreement(reviews: "Reviews") -> None:
    """Show the agreement of each pair of reviewers, once it is asked for."""
    shown = st.expander(
        "Agreement between reviewers", icon=":material/group:", key="review_agreement", on_change="rerun"
    )
    with shown:
        if not shown.open:
            return
        st.markdown(EXPLAINED)
        table = _table(reviews)
        if table.empty:
            st.info("No two reviewers have decided on the same cell yet.")
        else:
            st.dataframe(
                table,
                hide_index=True,
                column_config=COLUMNS,
                placeholder="–",
                alt="Agreement of each pair of reviewers: cells, Cohen's kappa, Jaccard of the outlines",
            )
            for first, second, remark in table[["first", "second", "remark"]].to_numpy():
                if remark:
                    st.caption(f"{plain(first)} and {plain(second)}: {plain(remark)}")


def _table(reviews: "Reviews") -> pd.DataFrame:
    from pap_core.reviews.damage import readable

    kept = reviews.cells()
    shapes = {name: (cell.height, cell.width) for name, cell in kept.items()}
    decisions, broken = readable(reviews.decisions())
    say_damaged(broken, "decision")
    decisions = [one for one in decisions if one.cell in shapes]
    return measured(decisions, shapes, {name: cell.group for name, cell in kept.items()})
