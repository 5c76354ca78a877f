"""What a list leaves out because it cannot be read: by name with its reason, and the way to be rid of it."""

from collections.abc import Callable, Mapping

import streamlit as st

from pages.shared import access
from pages.shared.datasets import attempt
from pages.shared.display import plain


def say_damaged(found: Mapping[str, str], what: str, delete: Callable[[str], None] | None = None) -> None:
    """Say what cannot be read; nothing where all can.

    Args:
        found: reasons by name.
        what: it is, in one word, as in "run".
        delete: deletes one by its name, once the person has said so again; None where nothing is deleted.
    """
    for name, reason in found.items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"**{plain(name)}** cannot be read: {plain(reason)}", icon=":material/broken_image:")
            if delete and st.button(
                "Delete",
                key=f"damaged_{what}_{name}",
                icon=":material/delete:",
                disabled=not access.may("trainer"),
                help=access.hint("trainer", "Asks before it deletes"),
            ):
                _confirm(name, what, delete)


@st.dialog("Delete what cannot be read")
def _confirm(name: str, what: str, delete: Callable[[str], None]) -> None:
    st.markdown(f"Delete the damaged {what} **{plain(name)}** with all that is in its folder?")
    with st.container(horizontal=True):
        deleted = st.button(
            "Delete it",
            on_click=attempt,
            args=(access.act, "trainer", delete, name),
            help="This cannot be taken back",
        )
        if st.button("Keep it", help="Closes this question") or deleted:
            st.rerun()
