"""Where a reviewer is in a queue: the cells listed, their order, the one open; kept in the address."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from pap_core.reviewing.queue import Entry

CELL, ORDER, CATEGORIES, SECOND = "review_cell", "review_order", "review_categories", "review_second"
ORDER_HELP = (
    "**Most uncertain first**: where the colours the model painted are least clear. **Worst first**: lowest "
    "mean Jaccard index of nucleus and cytoplasm, where the truth is known. **At random**: always the same "
    "chance, for everyone."
)
CATEGORIES_HELP = "Only cells of these categories; empty means all."
SECOND_HELP = (
    "Stop also at cells that others have decided on and you have not, so that two opinions can be "
    "compared. Off, you are led to cells that nobody has decided on."
)


def choose_order(entries: Sequence["Entry"]) -> list[int]:
    """Let the person choose which cells are listed, and in what order; return their places in the queue."""
    from pap_core.reviewing.queue import ordered, orders

    known = orders(entries)
    order = st.selectbox(
        "Order",
        known,
        known.index("Most uncertain first") if "Most uncertain first" in known else 0,
        key=ORDER,
        bind="query-params",
        on_change=leave,
        width=205,
        help=ORDER_HELP,
    )
    categories = sorted({entry.category for entry in entries if entry.category})
    chosen = []
    if len(categories) > 1:
        chosen = st.multiselect(
            "Categories",
            categories,
            key=CATEGORIES,
            bind="query-params",
            on_change=leave,
            placeholder="All",
            width=170,
            help=CATEGORIES_HELP,
        )
    numbers = ordered(entries, order)
    return [number for number in numbers if not chosen or entries[number].category in chosen]


def decided(deciders: Mapping[str, set[str]], name: str, second: bool) -> set[str]:
    """Return the ids of the cells that a reviewer need not be led to.

    Args:
        deciders: by cell id, who has decided on it.
        name: of the reviewer.
        second: whether what others decided is to be decided again.
    """
    return {cell for cell, names in deciders.items() if names and (not second or name in names)}


def opened(ids: Sequence[str], done: set[str]) -> int:
    """Return which cell listed is open: the one that the address names, else the first not decided."""
    asked = st.query_params.get(CELL, "")
    place = next((place for place, one in enumerate(ids) if asked and one.startswith(asked)), None)
    if place is None:
        place = following(ids, -1, done)
        open_cell(ids[place])
    return place


def following(ids: Sequence[str], place: int, done: Iterable[str]) -> int:
    """Return the first cell after one that is not decided, from the beginning on if need be, else the next.

    >>> [following("abcd", place, done) for place, done in ((0, "b"), (3, "b"), (1, "acd"), (1, "abcd"))]
    [2, 0, 1, 2]
    """
    turn = [(place + step) % len(ids) for step in range(1, len(ids) + 1)]
    return next((one for one in turn if ids[one] not in done), min(max(place, -1) + 1, len(ids) - 1))


def open_cell(identifier: str) -> None:
    """Open the cell of that id."""
    st.query_params[CELL] = identifier[:16]


def leave() -> None:
    """Be led to the first cell that is not decided: what is listed has changed."""
    st.query_params.pop(CELL, None)
