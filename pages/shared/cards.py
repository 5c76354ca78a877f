"""Cells as cards: each a picture that is its button, a page at a time, opened larger and stepped through."""

from collections.abc import Callable

import streamlit as st

# the picture becomes part of its button: a click on it counts, and the focus is seen around both
_STYLE = """<style>
[class*="st-key-{name}_card_"] {{ position: relative; border-radius: 0.5rem; }}
[class*="st-key-{name}_card_"] [class*="st-key-{name}_open_"] {{ position: static; }}
[class*="st-key-{name}_card_"] [data-testid="stElementToolbar"] {{ display: none; }}
[class*="st-key-{name}_open_"] button::after {{ content: ""; position: absolute; inset: 0; }}
[class*="st-key-{name}_open_"] button:focus-visible::after {{ outline: 3px solid currentColor; }}
</style>"""


def style(name: str) -> None:
    """Make cards of containers whose key is ``<name>_card_…``, with a button ``<name>_open_…`` in each."""
    st.html(_STYLE.format(name=name))


def turn_pages(pages: int, key: str) -> int:
    """Offer the pages; the address names the one turned to. One beyond the last is taken for the last.

    The control always has a default, so that a page set under its key would be set twice. Where the address
    was changed by something else (`first_page`, Back, Forward), a new control begins at what it says.

    Args:
        pages: how many there are.
        key: the name in the address.
    """
    if pages < 2:
        return 1
    page = _named(key, pages)
    turn, before = st.session_state.get(_turned(key), (0, page))
    if before != page:
        turn += 1
    st.session_state[_turned(key)] = turn, page
    control = f"{key}_{turn}"

    def take() -> None:
        page = st.session_state[control]
        st.session_state[_turned(key)] = turn, page
        st.query_params[key] = str(page)

    return st.pagination(pages, default=page, key=control, on_change=take)


def first_page(key: str) -> None:
    """Turn pages back to their beginning: what they list has changed."""
    st.query_params.pop(key, None)


def _named(key: str, pages: int) -> int:
    try:
        return min(max(int(st.query_params.get(key, "1")), 1), pages)
    except ValueError:
        return 1


def _turned(key: str) -> str:
    """Return where the session holds the control's number, and the page that it was left at."""
    return f"{key}_turned"


def steps(crop: str, order: list[str], key: str, open_cell: Callable[[str | None], None]) -> None:
    """Offer the cells before and after one.

    Args:
        crop: id, one of `order`.
        order: ids, as they are listed.
        key: how the buttons' keys begin.
        open_cell: called with the id of the cell to show instead.
    """
    place = order.index(crop)
    for name, arrow, other in (("Previous", "Left", place - 1), ("Next", "Right", place + 1)):
        there = 0 <= other < len(order)
        st.button(
            name,
            key=f"{key}_{name.lower()}",
            on_click=open_cell,
            args=(order[other] if there else None,),
            disabled=not there,
            shortcut=arrow,
            help="In the order of the list; the arrow key does the same.",
        )
    st.markdown(f"{place + 1:,} of {len(order):,}")
