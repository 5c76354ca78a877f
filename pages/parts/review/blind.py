"""Blind reading: what the model and others hold of a cell is told once the reviewer has decided on it."""

from collections.abc import Set

import streamlit as st

from pages.shared import access

BLIND_HELP = (
    "Until you have decided on a cell, you are not told its category, how sure the model was, how well it "
    "did by the truth, the measures of its outlines, and what others decided: that would sway you."
)
HIDDEN = "Blind: what the model and others hold of this cell is told once you have decided on it."
_KEY = "review_blind"
_KEPT = "review_blind_queues"  # of the session: by queue, whether it is read blind


def choose_blind(queue: str) -> bool:
    """Let the person choose whether a queue is read blind, as it is at first.

    Args:
        queue: what tells it from others; what is chosen is kept for it, for the whole session.
    """
    kept = st.session_state.setdefault(_KEPT, {})

    def take() -> None:
        kept[queue] = st.session_state[_KEY]

    st.session_state[_KEY] = kept.get(queue, True)
    return st.toggle("Blind", key=_KEY, on_change=take, help=BLIND_HELP)


def is_hidden(blind: bool, deciders: Set[str]) -> bool:
    """Tell whether the person is to decide on a cell before they are told of it.

    Args:
        blind: whether its queue is read blind.
        deciders: who has decided on the cell.
    """
    return blind and access.may("reviewer") and access.person().name not in deciders
