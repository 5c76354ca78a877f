"""Compare: the methods of the paper's Table 5 on one split, measured side by side, and any two in pairs."""

from pathlib import Path

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.compare.about import show_about
from pages.parts.compare.against import show_all_against
from pages.parts.compare.cell import cell_dialog
from pages.parts.compare.cells import choose_order, show_cells
from pages.parts.compare.data import Entry, beside, figures, measured, nuclei, split_of
from pages.parts.compare.nuclei import show_nuclei
from pages.parts.compare.pair import show_difference
from pages.parts.compare.progress import begin_form, new_comparison, work_left
from pages.parts.compare.quality import show_quality
from pages.parts.compare.tables import show_tables
from pages.parts.compare.verdict import verdict
from pages.parts.compare.view import choose_comparison, choose_entries, choose_pair, to_first_page
from pages.shared import datasets
from pages.shared.damaged import say_damaged
from pages.shared.display import plain
from pages.shared.evaluations import read_summary
from pages.shared.front import enter
from pages.shared.heading import heading
from pages.shared.reading import Reading, choose_reading
from pap_core.comparison import compare as comparisons
from pap_core.comparison.compare import Comparison
from pap_core.errors import InputError
from pap_core.evaluation.store import TestSplit
from pap_core.methods.catalogue import available

PURPOSE = (
    "Which method finds nucleus and cytoplasm best? Every method of the paper's Table 5, trained on the "
    "**same crops** for the **same time**, measured on the **same test split** by the same protocol."
)
NOTES = (
    "Research use only, not a medical device. The address of this page keeps what you look at: send it on."
)
FIGURES, NUCLEI, TIME = "Figures", "Nuclei", "Quality and time"
PAIR, ABOUT = "Two methods", "The methods"


# Parts


def nothing_yet(sets: dict[str, Path]) -> None:
    """Say what to do where there is no comparison."""
    if sets:
        st.info("There is no comparison yet: choose a data set and the time, and press **Start**.")
        with st.container(width=560):
            begin_form(sets)
        return
    st.info("There is no data set to compare on yet: build one, or wait for the ready one.")
    datasets.waiting()
    st.page_link("pages/dataset.py", label="Build a data set", icon=":material/dataset:")


def headline(entries: dict[str, Entry], minutes: float) -> None:
    """Say what was measured on what."""
    summary = read_summary(next(iter(entries.values())).kept)
    dataset = summary["dataset"]
    st.markdown(
        f"**{summary['crops']:,} crops** of {summary['groups']:,} smears or slides, {dataset['side']} side "
        f"of **{plain(dataset['folder'])}** (source {dataset['source']}, split {dataset['split']} with seed "
        f"{dataset['seed']}, digest `{dataset['digest'][:16]}`) · {minutes:g} minutes of training each"
    )


def compared(
    comparison: Comparison, split: TestSplit, methods: dict[str, Entry], first: DeltaGenerator
) -> None:
    """Show the methods that have a result, and runs beside them.

    Args:
        comparison: whose methods they are.
        split: on which they were measured.
        methods: see `measured`.
        first: where the verdict goes.
    """
    protocols = figures(methods)["protocol"].unique()
    reading = choose_reading("compare", protocols, ("both", "nucleus", "cytoplasm"), to_first_page)
    shown = choose_entries(methods, beside(comparison, split, methods))
    table = figures(shown)
    with first:
        verdict(methods, shown, table, reading)
    stem = f"comparison_{comparison.folder.name}"
    names = [FIGURES, NUCLEI, TIME, PAIR, ABOUT]
    tabs = st.tabs(names, key="compare_tab", bind="query-params")
    for tab, name in zip(tabs, names, strict=True):
        if not tab.open:
            continue
        with tab:
            if name == FIGURES:
                show_tables(shown, table, reading, stem)
            elif name == NUCLEI:
                show_nuclei(shown, nuclei(shown), split, stem)
            elif name == TIME:
                show_quality(shown, table, reading)
            elif name == PAIR:
                in_pairs(shown, table, split, reading)
            else:
                show_about(methods)


def in_pairs(shown: dict[str, Entry], table: pd.DataFrame, split: TestSplit, reading: Reading) -> None:
    """Show any two against each other, and the cells on which they differ."""
    if len(shown) < 2:
        st.info("It takes two to compare: choose more methods above, or measure another.")
        return
    first, second = choose_pair(shown, table, reading.protocol)
    each = show_difference(first, second, reading)
    show_all_against(first, shown, table, reading)
    if each.empty:
        return
    st.subheader("Where they differ most", anchor=False)
    order = choose_order(each)
    show_cells(each, order, first, second, split, reading)
    cell_dialog(each, order, first, second, split, reading)


# Layout

enter()
heading("Compare")
st.markdown(PURPOSE)
st.caption(NOTES)
datasets.refusal()
try:
    found, sets = comparisons.listed(), datasets.listed()
    if not found:
        nothing_yet(sets)
    else:
        with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
            comparison = choose_comparison(found)
            if sets:
                new_comparison(sets)
        first = st.container()
        split = split_of(comparison)
        methods = measured(comparison, split)
        say_damaged(comparison.damaged(), "method")
        work_left(comparison, [name for name in available() if name not in methods])
        if methods:
            headline(methods, comparison.minutes)
            compared(comparison, split, methods, first)
        else:
            show_about(methods)
except InputError as error:
    st.error(plain(str(error)))
