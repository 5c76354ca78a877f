"""Results: how well a checkpoint does on the test split of a data set, in figures and cell by cell."""

from functools import partial
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.parts.results import job
from pages.parts.results.cell import cell_dialog
from pages.parts.results.charts import show_charts
from pages.parts.results.filters import choose_cells
from pages.parts.results.gallery import show_gallery
from pages.parts.results.nuclei import show_nuclei
from pages.parts.results.selection import selected, show_selection
from pages.parts.results.summary import show_summary
from pages.parts.results.tables import show_tables
from pages.parts.results.view import CELL, choose_checkpoint, choose_data, open_cell, to_first_page
from pages.shared import access, datasets
from pages.shared.display import plain
from pages.shared.evaluations import (
    checkpoint_digest,
    listed_csv,
    read_protocol,
    read_rows,
    read_summary,
    test_split,
)
from pages.shared.front import enter
from pages.shared.heading import heading
from pages.shared.reading import CLASSES, Reading, choose_reading
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept, TestSplit, find

PURPOSE = (
    "How well does a checkpoint find nucleus and cytoplasm in the test split of a data set? In figures "
    "beside the published ones, by **category**, and **cell by cell**."
)
NOTES = (
    "Research use only, not a medical device. The address of this page keeps what you look at: send it on."
)
SUMMARY, TABLES, NUCLEI, CHARTS, CELLS = "Summary", "Figures", "Nuclei", "Charts", "Cells"


# Parts


def nothing_yet() -> None:
    """Say what to do where there is no data set."""
    st.info("There is no data set to evaluate on yet: build one, or wait for the ready one.")
    datasets.waiting()
    st.page_link("pages/dataset.py", label="Build a data set", icon=":material/dataset:")


def offer(folder: Path, split: TestSplit, digest: str) -> None:
    """Offer the evaluation that nobody has made yet, or show how far it is."""
    evaluation = job.at_work(digest, split)
    if evaluation:
        job.watch(evaluation)
        return
    job.show_failure(digest, split)
    if not split.crops:
        st.warning(f"{plain(split.folder.name)}: no crop on its test side, choose another data set.")
        return
    st.info(
        f"This checkpoint has not been evaluated on **{plain(split.folder.name)}** yet. It predicts each of "
        f"the **{split.crops:,} crops** of the test split once; the result is kept for everybody."
    )
    if st.button(
        f"Evaluate on {split.crops:,} crops",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not access.may("reviewer"),
        help=access.hint(
            "reviewer", "Runs in the background; how long it takes is shown when the first crops are done."
        ),
    ):
        job.start(folder, digest, split)
        st.rerun()


def headline(summary: dict) -> None:
    """Say what was measured on what."""
    checkpoint, dataset = summary["checkpoint"], summary["dataset"]
    st.markdown(
        f"**{summary['crops']:,} crops** of {summary['groups']:,} smears or slides, {dataset['side']} side "
        f"of **{plain(dataset['folder'])}** (source {dataset['source']}, split {dataset['split']} with seed "
        f"{dataset['seed']}, digest `{dataset['digest'][:16]}`) · checkpoint digest `{checkpoint['digest']}`"
    )


def cells_listed(
    kept: Kept, split: TestSplit, rows: pd.DataFrame, order: list[str], reading: Reading
) -> None:
    """Show the cells listed, and offer their rows as they stand in the table by image."""
    show_gallery(kept, split, rows, order, reading)
    if not order:
        return
    st.download_button(
        "Cells listed (CSV)",
        partial(listed_csv, rows, order, read_summary(kept)),
        f"cells_{reading.protocol}_{reading.label_class}.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
        help="A row for each cell listed, in this order: its pixels counted, all metrics from 0 to 1, "
        "and the digests of checkpoint and data set.",
    )


def results(kept: Kept, split: TestSplit) -> None:
    """Show an evaluation."""
    summary = read_summary(kept)
    headline(summary)
    reading = choose_reading("results", summary["protocols"], CLASSES, to_first_page)
    rows = read_rows(kept, reading)
    at_a_glance, tables, nuclei, charts, cells = st.tabs(
        [SUMMARY, TABLES, NUCLEI, CHARTS, CELLS], key="results_view", bind="query-params"
    )
    with cells:  # read on the other tabs as well: a cell opened there steps through this list
        order = choose_cells(rows)
        if cells.open:
            cells_listed(kept, split, rows, order, reading)
    if at_a_glance.open:
        with at_a_glance:
            show_summary(summary, reading)
    if tables.open:
        with tables:
            show_tables(summary, reading)
    if nuclei.open:
        with nuclei:
            show_nuclei(kept, split, summary)
    if charts.open:
        with charts:
            show_charts(rows, reading)
            if chosen := selected(rows["id"]):
                show_selection(chosen, "charts")
                cells_listed(kept, split, rows, order, reading)
    show_cell(kept, split, rows, order, reading)


def show_cell(kept: Kept, split: TestSplit, rows: pd.DataFrame, order: list[str], reading: Reading) -> None:
    """Open the cell that the address names, if there is one of the name."""
    crop = st.query_params.get(CELL)
    if crop is None:
        return
    if crop not in set(rows["id"]):
        open_cell(None)
        return
    if crop not in order:  # opened from a chart, which shows all
        order = rows.sort_values(["value", "id"])["id"].tolist()
    cell_dialog(kept, split, read_protocol(kept, reading.protocol), order, reading)


# Layout

enter()
heading("Results")
st.markdown(PURPOSE)
st.caption(NOTES)
datasets.refusal()
try:
    sets = datasets.listed()
    if not sets:
        nothing_yet()
    else:
        with st.container(horizontal=True, gap="medium"):
            folder = choose_checkpoint()
            split = test_split(choose_data(sets))
        digest = checkpoint_digest(folder)
        kept = find(digest, split)
        if kept:
            results(kept, split)
        else:
            offer(folder, split, digest)
except InputError as error:
    st.error(plain(str(error)))
