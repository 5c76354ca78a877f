"""What the results page looks at: chosen by controls whose values the address bar keeps."""

from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared import cards
from pages.shared.model import checkpoints, in_use
from pages.shared.reading import keep_choice
from pap_core.model.catalogue import display_name

SORTS = ("Worst first", "Best first", "By name")
RANGE_HELP = (
    "Only cells whose metric lies within. A cell for which it is undefined (0/0) is shown only with the "
    "whole range, and comes last."
)
CELL, PAGE = "results_cell", "results_page"  # in the address


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
    return sets[
        keep_choice("Data set", sets, next(iter(sets)), "results_data", "Its test split is evaluated.")
    ]


def choose_cells(rows: pd.DataFrame) -> list[str]:
    """Let the person choose which cells are listed, and in what order; returns their ids."""
    with st.container(horizontal=True, gap="medium"):
        categories = st.pills(
            "Categories",
            sorted(rows["category"].unique()),
            selection_mode="multi",
            wrap=True,
            key="results_categories",
            bind="query-params",
            on_change=to_first_page,
            help="Only cells of these categories; empty means all.",
        )
        low, high = st.slider(
            "Range of the metric (%)",
            0,
            100,
            (0, 100),
            key="results_range",
            bind="query-params",
            on_change=to_first_page,
            width=220,
            help=RANGE_HELP,
        )
        sort = st.segmented_control(
            "Sort",
            SORTS,
            default=SORTS[0],
            required=True,
            key="results_sort",
            bind="query-params",
            on_change=to_first_page,
            help="By the metric of the class, or by the name of the crop.",
        )
    return listed(rows, categories, (low, high), sort)


def listed(rows: pd.DataFrame, categories: list[str], within: tuple[float, float], sort: str) -> list[str]:
    """Return the ids of the rows that pass, in the order asked for.

    Args:
        rows: columns `id`, `category` and `value` (%, NaN where undefined).
        categories: those wanted; empty for all.
        within: least and most of `value`; one of NaN passes 0 to 100 alone.
        sort: one of `SORTS`.
    """
    if categories:
        rows = rows[rows["category"].isin(categories)]
    if within != (0, 100):
        rows = rows[rows["value"].between(*within)]
    if sort != SORTS[2]:
        rows = rows.sort_values(["value", "id"], ascending=[sort == SORTS[0], True], na_position="last")
    else:
        rows = rows.sort_values("id")
    return rows["id"].tolist()


def to_first_page() -> None:
    """Turn the gallery back to its beginning: what it lists has changed."""
    cards.first_page(PAGE)


def open_cell(crop: str | None) -> None:
    """Open the view of a cell, or close it."""
    if crop is None:
        st.query_params.pop(CELL, None)
    else:
        st.query_params[CELL] = crop
