"""Which methods to measure, and how long that takes."""

from collections.abc import Sequence

import streamlit as st

from pages.shared.display import plain
from pages.shared.words import duration
from pap_core.methods.catalogue import ABOUT, MEMBERS, NAMES, UNTRAINED, unavailable

QUICK, EVERY, SOME = "Quick ones", "All", "Choose"
WHICH_HELP = (
    "**Quick ones**: those that need no training, so that there is something to compare within minutes. The "
    "others can follow later: a method that has been measured is not measured again."
)
METHODS_HELP = "Only these methods; empty means all."


def choose_methods(key: str, names: Sequence[str], minutes: float) -> list[str]:
    """Let the person choose methods, the quick ones unless asked otherwise; say how long each choice takes.

    Args:
        key: how the controls' keys begin.
        names: to choose from.
        minutes: of training for each.
    """
    quick = [name for name in names if name in UNTRAINED]
    offered = [QUICK, EVERY, SOME] if 0 < len(quick) < len(names) else [EVERY, SOME]
    which_key = f"{key}_which"
    if st.session_state.get(which_key, offered[0]) not in offered:
        del st.session_state[which_key]
    which = st.segmented_control(
        "Methods to measure", offered, default=offered[0], required=True, key=which_key, help=WHICH_HELP
    )
    chosen = {QUICK: quick, EVERY: list(names)}.get(which) or _some(key, names)
    if QUICK in offered:
        st.caption(f"{QUICK}: {', '.join(ABOUT[name].title for name in quick)}; {_at_most(quick, minutes)}.")
    st.caption(f"{EVERY} {len(names)}: {_at_most(names, minutes)}.")
    if which == SOME:
        st.caption(f"Chosen: {_at_most(chosen, minutes)}.")
    for name in NAMES:
        if said := unavailable(name):
            st.caption(f"{plain(ABOUT[name].title)} is not available: {plain(said)}.")
    return chosen


def _some(key: str, names: Sequence[str]) -> list[str]:
    """Let the person choose any methods; none chosen is all."""
    if key in st.session_state:
        st.session_state[key] = [name for name in st.session_state[key] if name in names]
    chosen = st.multiselect(
        "These",
        list(names),
        format_func=lambda name: ABOUT[name].title,
        key=key,
        placeholder="All",
        help=METHODS_HELP,
    )
    return chosen or list(names)


def _at_most(names: Sequence[str], minutes: float) -> str:
    """Say how long the training of methods takes where none is trained yet."""
    learning = {one for name in names for one in MEMBERS.get(name, (name,)) if one not in UNTRAINED}
    if not learning:
        return "nothing to train, a matter of minutes"
    networks = "1 network" if len(learning) == 1 else f"{len(learning)} networks"
    return f"{networks} to train, {duration(60 * minutes * len(learning))} in all, and some more to validate"
