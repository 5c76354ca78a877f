"""The one place where the checkpoint in use is shown and chosen, above every page."""

from pathlib import Path

import streamlit as st

from pages.shared.account import account
from pages.shared.display import plain
from pages.shared.model import IN_USE, checkpoints, in_use, load
from pap_core.errors import InputError
from pap_core.model.catalogue import CARD, display_name

HELP = (
    "The trained network that segments, on every page. Shipped ones come with the program; each training "
    "run of this workspace offers its best."
)


def chooser() -> None:
    """Show the checkpoint in use, and the account; a click opens the choice and the card, or the account."""
    try:
        folder = in_use()
    except InputError as error:
        st.error(plain(str(error)))
        folder = None
    with st.container(horizontal=True, horizontal_alignment="right", width="content", key="chooser"):
        if folder:
            _checkpoint(folder)
        account()


def _checkpoint(folder: Path) -> None:
    name = display_name(folder)
    with st.popover(f"Checkpoint: {plain(name)}", icon=":material/neurology:", help=HELP, key="checkpoint"):
        names = list(checkpoints())
        if st.session_state.get(IN_USE) not in names:
            st.session_state[IN_USE] = name
        st.selectbox("Checkpoint in use", names, key=IN_USE, help=HELP)
        st.markdown(f"Digest `{load(folder).digest}`")
        card = folder / CARD
        if card.is_file() and st.button(
            "Read its card", help="What it was trained on, what it scores, limits"
        ):
            _card(card.read_text(encoding="utf-8", errors="replace"))


@st.dialog("Card of the checkpoint", width="large")
def _card(text: str) -> None:
    st.markdown(text)
