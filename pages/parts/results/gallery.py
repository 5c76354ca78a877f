"""The cells of an evaluation as small pictures, a page at a time."""

import math
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.parts.results.outlines import PREDICTED, WORDS, choose_outlines, outlined
from pages.parts.results.view import PAGE, open_cell
from pages.shared import cards
from pages.shared.display import plain
from pages.shared.reading import METRICS, Reading
from pap_core.categories import written
from pap_core.comparison.table import share
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept, TestSplit

CARDS = 24  # on a page


def show_gallery(
    kept: Kept, split: TestSplit, rows: pd.DataFrame, order: list[str], reading: Reading
) -> None:
    """Show a page of the cells listed, each a button that opens it.

    Args:
        kept: where the small pictures are.
        split: the data set that the cells are of.
        rows: columns `id`, `category` and `value`, a cell each.
        order: ids of the cells listed.
        reading: names the metric on the cards.
    """
    if not order:
        st.info("No cell fits these filters: widen the ranges, or choose more categories.")
        return
    pages = math.ceil(len(order) / CARDS)
    outlines = choose_outlines()
    page = cards.turn_pages(pages, PAGE)
    first = (page - 1) * CARDS
    shown = rows.set_index("id").loc[order[first : first + CARDS]]
    st.markdown(
        f"**{len(order):,}** of {len(rows):,} cells; {first + 1}–{first + len(shown)} here. "
        f"{WORDS[outlines]}. Number: {reading.title}."
    )
    cards.style("cell")
    grid = st.grid(6, min_column_width=150, gap="small")
    for crop, cell in shown.iterrows():
        with grid.container(key=f"cell_card_{crop}", gap="xsmall"):
            _card(kept, split, str(crop), cell, reading, outlines)


def _card(kept: Kept, split: TestSplit, crop: str, cell: pd.Series, reading: Reading, outlines: str) -> None:
    value = "undefined" if pd.isna(cell["value"]) else share(cell["value"])
    category = written(str(cell["category"]))
    try:
        picture = _picture(kept, split, crop, outlines)
    except InputError as error:
        st.caption(plain(str(error)))
    else:
        words = f"Crop {crop}, {category}, {METRICS[reading.metric]} {value}"
        st.image(picture, width="stretch", alt=words)
    st.button(
        f":small[**{value}** {plain(category)}]",
        key=f"cell_open_{crop}",
        width="stretch",
        help=plain(crop),
        on_click=open_cell,
        args=(crop,),
    )


def _picture(kept: Kept, split: TestSplit, crop: str, outlines: str) -> bytes:
    """Return the small picture that is kept, or one with other outlines; raises InputError."""
    if outlines != PREDICTED:
        return outlined(str(kept.folder), str(split.folder), split.digest, crop, outlines)
    path = kept.thumbnail(crop)
    if not path.is_file():
        raise InputError("The thumbnail is missing.")
    return _bytes(str(path), path.stat().st_mtime_ns)


@st.cache_data(max_entries=2000, show_spinner=False)
def _bytes(path: str, changed: int) -> bytes:
    return Path(path).read_bytes()
