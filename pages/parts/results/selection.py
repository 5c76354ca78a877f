"""The cells that were selected in a chart, kept in the address as one bit for each cell of the test split."""

import base64
import binascii
from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from pages.parts.results.view import SELECTED, to_first_page


def selected(cells: Iterable[str]) -> list[str]:
    """Return the ids of the cells selected, of all there are; none where nothing was selected."""
    return unpacked(st.query_params.get(SELECTED, ""), sorted(set(cells)))


def select(chosen: Iterable[str], cells: Iterable[str]) -> None:
    """Select some of all the cells; none lets all pass again."""
    chosen = set(chosen)
    if chosen:
        st.query_params[SELECTED] = packed(chosen, sorted(set(cells)))
    else:
        st.query_params.pop(SELECTED, None)
    to_first_page()


def show_selection(chosen: Sequence[str], place: str) -> None:
    """Say how many cells are selected, with a way to let go of them; nothing where none is.

    Args:
        chosen: their ids.
        place: where on the page, a word of the button's key.
    """
    if not chosen:
        return
    words = f"{len(chosen):,} cells are" if len(chosen) > 1 else "1 cell is"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{words} selected** in a chart.")
        st.button(
            "Clear the selection",
            key=f"results_unselect_{place}",
            icon=":material/close:",
            on_click=select,
            args=((), ()),
        )


def packed(chosen: Iterable[str], cells: Sequence[str]) -> str:
    """Write which of some cells are chosen, a bit each, as text for an address.

    >>> packed({"b", "c"}, ["a", "b", "c"])
    'YA'
    """
    chosen = set(chosen)
    bits = np.packbits([cell in chosen for cell in cells])
    return base64.urlsafe_b64encode(bits.tobytes()).decode().rstrip("=")


def unpacked(text: str, cells: Sequence[str]) -> list[str]:
    """Read what `packed` wrote of the same cells; nothing where it is of another number of them.

    >>> unpacked("YA", ["a", "b", "c"]), unpacked("YA", list("abcdefghijkl")), unpacked("?", ["a"])
    (['b', 'c'], [], [])
    """
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):  # junk, or letters beyond ASCII
        return []
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8))
    if len(content) != -(-len(cells) // 8) or bits[len(cells) :].any():
        return []
    return [cell for cell, bit in zip(cells, bits, strict=False) if bit]
