"""What the results page looks at: chosen by controls whose values the address bar keeps."""

from pathlib import Path

import streamlit as st

from pages.shared import cards
from pages.shared.model import checkpoints, in_use
from pages.shared.reading import keep_choice
from pap_core.model.catalogue import display_name

CELL, PAGE, SELECTED = "results_cell", "results_page", "results_selected"  # in the address


def choose_checkpoint() -> Path:
    """Let the person choose a checkpoint; one chosen for all pages from now on is taken here as well."""
    used = display_name(in_use())
    if st.session_state.get("results_in_use", used) != used:
        st.query_params.pop("results_checkpoint", None)
    st.session_state["results_in_use"] = used
    found = checkpoints()
    name = keep_choice(
        "Checkpoint or run",
        found,
        used,
        "results_checkpoint",
        "Whose predictions to look at. A run is its best.",
    )
    return found[name]


def choose_data(sets: dict[str, Path]) -> Path:
    """Let the person choose a data set."""
    name = keep_choice(
        "Data set",
        sets,
        next(iter(sets)),
        "results_data",
        "Its test split is evaluated.",
        changed=_to_other_cells,
    )
    return sets[name]


def _to_other_cells() -> None:
    """Let go of the cells selected, which are of another data set."""
    st.query_params.pop(SELECTED, None)
    to_first_page()


def to_first_page() -> None:
    """Turn the gallery back to its beginning: what it lists has changed."""
    cards.first_page(PAGE)


def open_cell(crop: str | None) -> None:
    """Open the view of a cell, or close it."""
    if crop is None:
        st.query_params.pop(CELL, None)
    else:
        st.query_params[CELL] = crop
