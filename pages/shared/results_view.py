"""What the results page looks at: chosen by controls whose values the address bar keeps."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from pages.shared.model import checkpoints, in_use
from pap_core.model.catalogue import display_name
from pap_core.published import PUBLISHED

METRICS = {name: name.capitalize() for name in PUBLISHED["nucleus"]} | {"jaccard": "Jaccard index"}
CLASSES = {"nucleus": "Nucleus", "cytoplasm": "Cytoplasm", "both": "Together"}
SORTS = ("Worst first", "Best first", "By name")
PROTOCOL_HELP = (
    "How a class is read off the generated colours. **strict**: each pixel takes the class of the nearest "
    "colour. **colour-200**: the class's own channel is at least 200 and the other two are below. "
    "**channel-200**: the class's own channel is at least 200, the others do not count, so that white "
    "passes as both classes; the paper's figures fit this one best. All read the same predictions; they "
    "are never mixed in one table or chart."
)
CLASS_HELP = "What is measured: the nuclei, the cytoplasm, or both with their pixels added up."
METRIC_HELP = (
    "**Jaccard index**: pixels found and marked, of those found or marked. **Sensitivity**: of the marked, "
    "those found. **Specificity**: of the unmarked, those left out. **Precision**: of the found, those "
    "marked. **Accuracy**: of all, those right."
)
RANGE_HELP = (
    "Only cells whose metric lies within. A cell for which it is undefined (0/0) is shown only with the "
    "whole range, and comes last."
)
CELL = "results_cell"  # in the address


@dataclass(frozen=True)
class Reading:
    """How the predictions are read and measured."""

    protocol: str
    label_class: str  # of CLASSES
    metric: str  # of METRICS

    @property
    def title(self) -> str:
        """What is measured, in words."""
        of = "nucleus and cytoplasm together" if self.label_class == "both" else self.label_class
        return f"{METRICS[self.metric]} of {of}"


def choose_checkpoint() -> Path:
    """Let the person choose a checkpoint; one chosen for all pages from now on is taken here as well."""
    used = display_name(in_use())
    if st.session_state.get("results_in_use", used) != used:
        st.query_params.pop("results_checkpoint", None)
    st.session_state["results_in_use"] = used
    found = checkpoints()
    name = _choose(
        "Checkpoint or run",
        found,
        used,
        "results_checkpoint",
        "Whose predictions to look at. A run is its best.",
    )
    return found[name]


def choose_data(sets: dict[str, Path]) -> Path:
    """Let the person choose a data set."""
    return sets[_choose("Data set", sets, next(iter(sets)), "results_data", "Its test split is evaluated.")]


def _choose(label: str, names: Iterable[str], default: str, key: str, explained: str) -> str:
    """Offer names; the address always holds the one chosen, so that a link does not follow the default."""
    names = list(names)
    asked = st.query_params.get(key, default)
    if asked not in names:
        st.toast(f"There is no {label.lower()} of the name in the address any more.", icon=":material/info:")
    st.session_state[key] = asked if asked in names else default

    def take() -> None:
        st.query_params[key] = st.session_state[key]

    chosen = st.selectbox(label, names, key=key, help=explained, on_change=take)
    st.query_params[key] = chosen
    return chosen


def choose_reading(protocols: Iterable[str]) -> Reading:
    """Let the person choose protocol, class and metric."""
    with st.container(horizontal=True, gap="medium"):
        protocol = st.segmented_control(
            "Protocol",
            list(protocols),
            default="strict",
            required=True,
            key="results_protocol",
            bind="query-params",
            help=PROTOCOL_HELP,
        )
        label_class = st.segmented_control(
            "Class",
            list(CLASSES),
            format_func=CLASSES.get,
            default="nucleus",
            required=True,
            key="results_class",
            bind="query-params",
            on_change=to_first_page,
            help=CLASS_HELP,
        )
        metric = st.selectbox(
            "Metric",
            list(METRICS),
            list(METRICS).index("jaccard"),
            format_func=METRICS.get,
            key="results_metric",
            bind="query-params",
            on_change=to_first_page,
            width=180,
            help=METRIC_HELP,
        )
    return Reading(protocol, label_class, metric)


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
            help="Only cells of these categories; with none chosen, of all.",
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
    st.session_state["results_page"] = 1


def open_cell(crop: str | None) -> None:
    """Open the view of a cell, or close it."""
    if crop is None:
        st.query_params.pop(CELL, None)
    else:
        st.query_params[CELL] = crop
