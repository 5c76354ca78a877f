"""To decide: accept, save the correction, reject; what was refused; what a decision is kept with."""

from collections.abc import Callable

import streamlit as st

from pages.parts.review.decisions import NAMED, decide, session, stands
from pages.parts.review.words import ask, ask_reason
from pages.shared import access
from pages.shared.display import plain
from pap_core.outlines import Outlines
from pap_core.reviews.records import ACCEPTED, CORRECTED, REJECTED, ReviewCell

BUTTONS = {
    ACCEPTED: ("Accept", "A", "check", "The model's outlines are right as they are"),
    CORRECTED: ("Save correction", "S", "save", "The outlines as you have drawn them are right"),
    REJECTED: ("Reject", "X", "block", "The cell cannot be used, for the reason chosen below"),
}
KEPT = (
    "Deciding keeps the picture shown here, the outlines and your name in the database of this "
    "workspace, for good: a later decision is added, none is taken away. The file's name is replaced "
    "by a digest, unless you tick this."
)


def decide_panel(cell: ReviewCell, name: str, drawn: Outlines, saved: Callable[[], None]) -> None:
    """Offer to decide.

    Args:
        cell: under review.
        name: of its file or crop.
        drawn: its outlines as they are now.
        saved: called when a decision is on disk and nobody else decided meanwhile.
    """
    may = access.may("reviewer")
    fits = ACCEPTED if drawn == cell.before else CORRECTED
    with st.container(horizontal=True, gap="xsmall"):
        for verdict, (words, key, icon, explained) in BUTTONS.items():
            st.button(
                words,
                key=f"review_{verdict}",
                icon=f":material/{icon}:",
                type="primary" if verdict == fits else "secondary",
                shortcut=key,
                disabled=not may,
                help=access.hint("reviewer", explained),
                on_click=decide,
                args=(verdict, cell, name, saved),
                width="stretch",
            )
    if not may:
        st.caption(access.hint("reviewer", ""))
    ask_reason(cell, disabled=not may)


def remarks(cell: ReviewCell, categories: list[str], hidden: bool) -> None:
    """Ask what a decision is kept with.

    Args:
        cell: under review.
        categories: that it may have.
        hidden: whether the cell's category is not told yet.
    """
    may = access.may("reviewer")
    ask(cell, categories, hidden, disabled=not may)
    st.checkbox(
        "Keep the file's name",
        key="review_named_asked",
        value=st.session_state.get(NAMED, False),
        on_change=_take_named,
        disabled=not may,
        help=KEPT,
    )
    st.caption("Deciding keeps the picture shown and the outlines in this workspace's database.", help=KEPT)


def trouble(cell: ReviewCell, name: str, drawn: Outlines, saved: Callable[[], None]) -> None:
    """Say why the last press of a button came to nothing; what could not be saved may be tried again."""
    now = session()
    verdict, sentence = now.refused.get(cell.id, ("", ""))
    if unsaved := now.unsaved.get(cell.id):
        st.error(plain(sentence))
        st.button(
            "Try again",
            icon=":material/refresh:",
            help="Saves what you decided; your drawing is still here",
            key="review_again",
            on_click=decide,
            args=(unsaved.verdict, cell, name, saved),
        )
    elif sentence and (not access.may("reviewer") or stands(verdict, cell, drawn) == sentence):
        st.warning(plain(sentence))


def _take_named() -> None:
    st.session_state[NAMED] = st.session_state["review_named_asked"]
