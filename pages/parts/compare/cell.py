"""One cell as two methods find it, beside the reference outlines, over the page."""

from functools import partial

import pandas as pd
import streamlit as st

from pages.parts.compare.cells import drawn
from pages.parts.compare.data import Entry, rows_of
from pages.parts.compare.view import CELL, open_cell
from pages.shared import cards
from pages.shared.display import fitted, jpeg_bytes, plain
from pages.shared.reading import METRICS, Reading
from pap_core.categories import written
from pap_core.errors import InputError
from pap_core.evaluation.store import TestSplit


def cell_dialog(
    table: pd.DataFrame, order: list[str], first: Entry, second: Entry, split: TestSplit, reading: Reading
) -> None:
    """Open the cell that the address names, if it is one of the table; step through the order given.

    Args:
        table: see `pap_core.evaluation.paired.differences`.
        order: ids to step through.
        first: the first method.
        second: the second.
        split: the data set that the cell is of.
        reading: protocol and class of the metrics.
    """
    crop = st.query_params.get(CELL)
    if crop is None:
        return
    if crop not in set(table["id"]):
        open_cell(None)
        return
    if crop not in order:  # opened from the chart, which shows all
        order = table["id"].tolist()
    show = st.dialog("Cell", width="large", on_dismiss=partial(open_cell, None))(_show)
    show(table, order, first, second, split, reading)


def _show(
    table: pd.DataFrame, order: list[str], first: Entry, second: Entry, split: TestSplit, reading: Reading
) -> None:
    crop = st.query_params.get(CELL)
    if crop not in order:
        st.info("This cell is not listed any more: close this, and choose another.")
        return
    row = table.set_index("id").loc[crop]
    with st.container(horizontal=True, vertical_alignment="center"):
        cards.steps(crop, order, "compare", open_cell)
    st.markdown(
        f"**{plain(written(row['category']))}** · crop {plain(crop)} · "
        f"smear or slide {plain(row['group'])} · {reading.title}, protocol {reading.protocol}"
    )
    try:
        pictures = _pictures(
            str(split.folder), split.digest, crop, str(first.kept.folder), str(second.kept.folder)
        )
    except InputError as error:
        st.error(plain(str(error)))
        return
    captions = (
        "The crop",
        "The reference outlines",
        f"{plain(first.title)}: {row['first']:.3f}",
        f"{plain(second.title)}: {row['second']:.3f}",
    )
    alts = ("as it is", "with the reference outlines", f"by {first.title}", f"by {second.title}")
    shown = list(zip(pictures, captions, alts, strict=True))
    for place, two in zip(st.columns(2), (shown[:2], shown[2:]), strict=True):
        with place, st.grid(2, min_column_width=200):  # four in a row, or two and two
            for content, caption, alt in two:
                st.image(content, caption=caption, alt=f"Crop {crop} {alt}", width="stretch")
    st.caption("Edges: nucleus blue, cell orange.")
    _metrics(crop, first, second, reading)


def _metrics(crop: str, first: Entry, second: Entry, reading: Reading) -> None:
    found = {
        entry.title: rows_of(entry, reading).set_index("id").loc[crop, list(METRICS)].astype(float)
        for entry in (first, second)
    }
    shown = pd.DataFrame(found).T
    shown.loc["Difference"] = shown.iloc[0] - shown.iloc[1]
    words = shown.map(lambda value: "undefined" if pd.isna(value) else f"{value:.3f}")
    st.table(
        words.rename(columns=METRICS), alt=f"Metrics of crop {crop} for {first.title} and {second.title}"
    )


@st.cache_data(max_entries=128, max_size="64MB", show_spinner=False)
def _pictures(dataset: str, digest: str, crop: str, first: str, second: str) -> list[bytes]:
    pictures = drawn(dataset, crop, first, second, width=1)
    return [jpeg_bytes(fitted(picture)) for picture in pictures]
