"""The head of every page: its title, and beside it the checkpoint in use and the account."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.chooser import chooser


def heading(title: str) -> DeltaGenerator:
    """Draw it; returns the place beside the title, for what else belongs there.

    A row of its own, without styles that come late: so nothing below it moves while a page is drawn.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        beside = st.container(horizontal=True, vertical_alignment="center", gap="medium")
        chooser()
    beside.title(title, anchor=False, width="content")
    return beside
