"""The cells on which two methods differ, the most first, with what each finds in them."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.compare.data import Entry
from pages.parts.compare.view import PAGE, open_cell, to_first_page
from pages.shared import cards
from pages.shared.display import jpeg_bytes, plain
from pages.shared.reading import METRICS, Reading
from pap_core.categories import written
from pap_core.data import places
from pap_core.data.manifest import extent_of
from pap_core.errors import InputError
from pap_core.evaluation.store import Kept, TestSplit
from pap_core.images import read_image
from pap_core.labels import BACKGROUND, decode
from pap_core.masks import read_label
from pap_core.overlay import draw_edges

ORDERS = ("Largest difference", "First better", "Second better")
ROWS = 8  # on a page
_GAP, _GREY = 4, (140, 140, 140)  # px between the pictures of a cell, and its colour


def choose_order(table: pd.DataFrame) -> list[str]:
    """Let the person choose which cells come first; returns their ids, the same view giving the same order.

    Args:
        table: see `pap_core.evaluation.paired.differences`.
    """
    order = st.segmented_control(
        "Cells",
        ORDERS,
        default=ORDERS[0],
        required=True,
        key="compare_order",
        bind="query-params",
        on_change=to_first_page,
        help="All that differ, by how much; or only those on which the first is better, or the second.",
    )
    return ordered(table, order)


def ordered(table: pd.DataFrame, order: str) -> list[str]:
    """Return the ids of the cells that differ as `order` of `ORDERS` asks, the most first."""
    sign = {ORDERS[0]: table["difference"].abs(), ORDERS[1]: table["difference"]}
    size = sign.get(order, -table["difference"])
    listed = table.assign(size=size)[size > 0].sort_values(["size", "id"], ascending=[False, True])
    return listed["id"].tolist()


def show_cells(
    table: pd.DataFrame, order: list[str], first: Entry, second: Entry, split: TestSplit, reading: Reading
) -> None:
    """Show a page of the cells listed, each a button that opens it larger.

    Args:
        table: see `pap_core.evaluation.paired.differences`.
        order: ids of the cells listed.
        first: the first method.
        second: the second.
        split: the data set that the cells are of.
        reading: names the metric.
    """
    if not order:
        st.info("No cell differs in this way: choose another order, or another metric.")
        return
    pages = math.ceil(len(order) / ROWS)
    page = cards.turn_pages(pages, PAGE)
    rows = table.set_index("id").loc[order[(page - 1) * ROWS : page * ROWS]]
    st.markdown(
        f"**{len(order):,}** cells. Left to right: the crop · the reference outlines · "
        f"**{plain(first.title)}** · **{plain(second.title)}**. Edges: nucleus blue, cell orange. Numbers: "
        f"{METRICS[reading.metric]} of the two, and the difference."
    )
    cards.style("pair")
    grid = st.grid(2, min_column_width=380, gap="medium")
    for crop, row in rows.iterrows():
        with grid.container(key=f"pair_card_{crop}", gap="xsmall"):
            _card(str(crop), row, first, second, split)


def _card(crop: str, row: pd.Series, first: Entry, second: Entry, split: TestSplit) -> None:
    values = f"{row['first']:.3f} · {row['second']:.3f}"
    try:
        strip = _strip(str(split.folder), split.digest, crop, str(first.kept.folder), str(second.kept.folder))
    except InputError as error:
        st.caption(plain(str(error)))
    else:
        alt = f"Crop {crop}: as it is, as marked, by {first.title}, by {second.title}"
        st.image(strip, width="stretch", alt=alt)
    st.button(
        f":small[{values} · **{row['difference']:+.3f}** {plain(written(str(row['category'])))}]",
        key=f"pair_open_{crop}",
        width="stretch",
        help=plain(crop),
        on_click=open_cell,
        args=(crop,),
    )


@st.cache_data(max_entries=256, max_size="64MB", show_spinner="Drawing the cells…")
def _strip(dataset: str, digest: str, crop: str, first: str, second: str) -> bytes:
    pictures = drawn(dataset, crop, first, second, width=2)
    gap = np.full((pictures[0].shape[0], _GAP, 3), _GREY, dtype=np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)]
    return jpeg_bytes(np.concatenate(parts[:-1], axis=1))


def drawn(dataset: str, crop: str, first: str, second: str, width: int) -> list[np.ndarray]:
    """Draw a cell four times: as it is, with the reference outlines, with those of the one and of the other.

    Args:
        dataset: its folder.
        crop: id.
        first: folder of the first's evaluation.
        second: of the second's.
        width: px of the edges.

    Raises:
        InputError: a picture is gone, or of another size than the others.
    """
    image = read_image(places.image(dataset, crop))
    label = read_label(places.label(dataset, crop))
    found = [decode(read_image(Kept(Path(kept)).prediction(crop))) for kept in (first, second)]
    if any(one.shape != image.shape[:2] for one in (label, *found)):
        raise InputError(
            f"{Path(dataset).name}: crop {crop} has another size than when it was measured, expected the "
            "same data set; build it anew and compare again."
        )
    extent = extent_of(Path(dataset), crop, image.shape)
    seen, label = extent.veiled(image), extent.cleared(label, BACKGROUND)
    found = [extent.cleared(one, BACKGROUND) for one in found]
    return [seen, *(draw_edges(seen, one, width=width) for one in (label, *found))]
