"""The cells of an evaluation as small pictures, a page at a time."""

import math
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.parts.results.view import PAGE, open_cell
from pages.shared import cards
from pages.shared.display import plain
from pages.shared.reading import METRICS, Reading
from pap_core.evaluation.store import Kept

CARDS = 24  # on a page


def show_gallery(kept: Kept, rows: pd.DataFrame, order: list[str], reading: Reading) -> None:
    """Show a page of the cells listed, each a button that opens it.

    Args:
        kept: where the small pictures are.
        rows: columns `id`, `category` and `value`, a cell each.
        order: ids of the cells listed.
        reading: names the metric on the cards.
    """
    if not order:
        st.info("No cell fits these filters: widen the range, or choose more categories.")
        return
    pages = math.ceil(len(order) / CARDS)
    place = st.container(horizontal=True, vertical_alignment="center", gap="medium")
    page = cards.turn_pages(pages, PAGE)
    first = (page - 1) * CARDS
    shown = rows.set_index("id").loc[order[first : first + CARDS]]
    place.markdown(
        f"**{len(order):,}** of {len(rows):,} cells; {first + 1}–{first + len(shown)} here. "
        f"Predicted edges: nucleus blue, cell orange. Number: {reading.title}, %."
    )
    cards.style("cell")
    grid = st.grid(6, min_column_width=150, gap="small")
    for crop, cell in shown.iterrows():
        with grid.container(key=f"cell_card_{crop}", gap="xsmall"):
            _card(kept, str(crop), cell, reading)


def _card(kept: Kept, crop: str, cell: pd.Series, reading: Reading) -> None:
    value = "undefined" if pd.isna(cell["value"]) else f"{cell['value']:.1f}"
    path = kept.thumbnail(crop)
    if path.is_file():
        words = f"Crop {crop}, {cell['category']}, {METRICS[reading.metric]} {value}"
        st.image(_bytes(str(path), path.stat().st_mtime_ns), width="stretch", alt=words)
    else:
        st.caption("The thumbnail is missing.")
    st.button(
        f":small[**{value}** {plain(str(cell['category']))}]",
        key=f"cell_open_{crop}",
        width="stretch",
        help=plain(crop),
        on_click=open_cell,
        args=(crop,),
    )


@st.cache_data(max_entries=2000, show_spinner=False)
def _bytes(path: str, changed: int) -> bytes:
    return Path(path).read_bytes()
