"""Which cells of an evaluation are listed, and in what order."""

from contextlib import suppress
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from pages.parts.results.selection import selected, show_selection
from pages.parts.results.view import to_first_page
from pap_core.categories import in_order, written

SORTS = ("Worst first", "Best first", "By name")
ALL = (0.0, 1.0)  # the whole range of a metric
RANGE_HELP = (
    "Only cells whose metric lies within. A cell for which it is undefined (0/0) is shown only with the "
    "whole range, and comes last."
)
_CATEGORIES, _GROUPS = "results_categories", "results_groups"
_AREA, _RANGE = "results_area", "results_within"
_PERCENT = "results_range"  # of links of before shares were shown


@dataclass(frozen=True)
class Wanted:
    """What a cell has to be like to be listed; what is empty or None lets all pass."""

    categories: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()  # smears or slides
    area: tuple[int, int] | None = None  # px of the nucleus as marked
    within: tuple[float, float] = ALL  # least and most of the metric; one undefined passes `ALL` alone
    selected: tuple[str, ...] = ()  # ids
    sort: str = SORTS[0]  # of `SORTS`


def choose_cells(rows: pd.DataFrame) -> list[str]:
    """Let the person choose which cells are listed, and in what order; returns their ids.

    Args:
        rows: columns `id`, `category`, `group`, `nucleus_area` and `value` (0 to 1, NaN where undefined).
    """
    _take_links_of_before(rows)
    kept = {"bind": "query-params", "on_change": to_first_page}
    with st.container(horizontal=True, gap="medium"):
        categories = st.pills(
            "Categories",
            in_order(rows["category"]),
            selection_mode="multi",
            format_func=written,
            wrap=True,
            key=_CATEGORIES,
            help="Only cells of these categories; empty means all.",
            **kept,
        )
        sort = st.segmented_control(
            "Sort",
            SORTS,
            default=SORTS[0],
            required=True,
            key="results_sort",
            help="By the metric of the class, or by the name of the crop.",
            **kept,
        )
    with st.container(horizontal=True, gap="medium"):
        within = st.slider(
            "Range of the metric", *ALL, ALL, 0.01, key=_RANGE, width=220, help=RANGE_HELP, **kept
        )
        area = _choose_area(rows, kept)
        groups = _choose_groups(rows, kept)
    chosen = selected(rows["id"])
    show_selection(chosen, "cells")
    return listed(rows, Wanted(tuple(categories), tuple(groups), area, within, tuple(chosen), sort))


def _choose_area(rows: pd.DataFrame, kept: dict) -> tuple[int, int] | None:
    """Return the range chosen; None for the whole of it, and where all are of one size."""
    whole = int(rows["nucleus_area"].min()), int(rows["nucleus_area"].max())
    if whole[0] == whole[1]:
        return None
    chosen = st.slider(
        "Area of the nucleus (px)",
        *whole,
        whole,
        key=_AREA,
        width=220,
        help="As the expert marked it, in pixels of the crop.",
        **kept,
    )
    return None if chosen == whole else chosen


def _choose_groups(rows: pd.DataFrame, kept: dict) -> list[str]:
    names = sorted(set(rows["group"]))
    if _GROUPS in st.session_state:  # those of another data set are let go
        st.session_state[_GROUPS] = [name for name in st.session_state[_GROUPS] if name in names]
    return st.multiselect(
        "Smears or slides",
        names,
        key=_GROUPS,
        placeholder="All",
        width=300,
        help="Only cells of these; empty means all.",
        **kept,
    )


def _take_links_of_before(rows: pd.DataFrame) -> None:
    """Take categories as their folders are called, and a range in %, from the address."""
    asked = st.query_params.get_all(_CATEGORIES)
    if _CATEGORIES not in st.session_state and any(name in asked for name in rows["category"]):
        st.session_state[_CATEGORIES] = [
            name for name in in_order(rows["category"]) if name in asked or written(name) in asked
        ]
    if percent := st.query_params.get_all(_PERCENT):
        with suppress(ValueError):  # junk
            low, high = (min(max(float(one) / 100, 0.0), 1.0) for one in percent)
            if low <= high:
                st.session_state[_RANGE] = low, high
        st.query_params.pop(_PERCENT, None)


def listed(rows: pd.DataFrame, wanted: Wanted) -> list[str]:
    """Return the ids of the rows that pass, in the order asked for; see `choose_cells`."""
    if wanted.categories:
        rows = rows[rows["category"].isin(wanted.categories)]
    if wanted.groups:
        rows = rows[rows["group"].isin(wanted.groups)]
    if wanted.area is not None:
        rows = rows[rows["nucleus_area"].between(*wanted.area)]
    if wanted.within != ALL:
        rows = rows[rows["value"].between(*wanted.within)]
    if wanted.selected:
        rows = rows[rows["id"].isin(wanted.selected)]
    if wanted.sort == SORTS[2]:
        rows = rows.sort_values("id")
    else:
        rows = rows.sort_values(
            ["value", "id"], ascending=[wanted.sort == SORTS[0], True], na_position="last"
        )
    return rows["id"].tolist()
