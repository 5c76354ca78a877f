"""What the page that compares looks at: chosen by controls whose values the address bar keeps."""

import pandas as pd
import streamlit as st

from pages.parts.compare.data import Entry
from pages.shared import cards
from pages.shared.reading import keep_choice
from pap_core.comparison.compare import Comparison
from pap_core.comparison.table import wide_table
from pap_core.errors import InputError

OF, FIRST, SECOND = "compare_of", "compare_first", "compare_second"  # in the address
CELL, PAGE = "compare_cell", "compare_page"  # in the address, too
_METHODS, _BESIDE = "compare_methods", "compare_beside"
METHODS_HELP = "Only these methods, in all tables and charts; empty means all that have a result."
BESIDE_HELP = (
    "Runs and shipped checkpoints that were evaluated on the same test split, shown beside the methods. "
    "Evaluate others on the Results page. They had another time to learn than the methods."
)


def choose_comparison(found: list[Comparison]) -> Comparison:
    """Let the person choose a comparison of the workspace, the newest first."""
    by_name = {one.folder.name: one for one in found}
    name = keep_choice(
        "Comparison",
        by_name,
        found[0].folder.name,
        OF,
        "A data set, and the minutes that each method had to learn from its training side.",
        lambda name: said(by_name[name]),
        to_first_page,
    )
    return by_name[name]


def said(comparison: Comparison) -> str:
    """Name a comparison in words."""
    try:
        words = f"{comparison.dataset.name}, {comparison.minutes:g} min each"
    except (InputError, LookupError):  # damaged; the page says so where it is chosen
        return comparison.folder.name
    return f"{words} ({comparison.folder.name[:6]})"


def choose_entries(methods: dict[str, Entry], others: dict[str, Entry]) -> dict[str, Entry]:
    """Let the person choose methods, and runs beside them; what is gone meanwhile is let go."""
    for key, there in ((_METHODS, methods), (_BESIDE, others)):
        if key in st.session_state:
            st.session_state[key] = [name for name in st.session_state[key] if name in there]
    with st.container(horizontal=True, gap="medium"):
        chosen = st.multiselect(
            "Methods",
            list(methods),
            format_func=lambda name: methods[name].title if name in methods else name,
            key=_METHODS,
            bind="query-params",
            on_change=to_first_page,
            placeholder="All that have a result",
            help=METHODS_HELP,
        )
        added = []
        if others:
            added = st.multiselect(
                "Runs and checkpoints beside them",
                list(others),
                key=_BESIDE,
                bind="query-params",
                on_change=to_first_page,
                placeholder="None",
                help=BESIDE_HELP,
            )
    shown = {name: methods[name] for name in methods if name in chosen or not chosen}
    return shown | {name: others[name] for name in added}


def choose_pair(entries: dict[str, Entry], table: pd.DataFrame, protocol: str) -> tuple[Entry, Entry]:
    """Let the person choose two; by default the best two by the Jaccard index of both classes together.

    Args:
        entries: at least two.
        table: their figures.
        protocol: by which the best are told.
    """
    ranked = list(wide_table(table, protocol, "both").index)
    with st.container(horizontal=True, gap="medium"):
        names, explained = ranked, "By default the best of those shown, by the Jaccard index of both classes."
        found = []
        for label, key in (("First", FIRST), ("Second", SECOND)):
            if st.query_params.get(key) not in names:  # not shown any more, or it is the other of the two
                st.query_params.pop(key, None)
            name = keep_choice(
                label, names, names[0], key, explained, lambda name: entries[name].title, to_first_page
            )
            found.append(entries[name])
            names = [other for other in names if other != name]
            explained = "By default the next best."
    return found[0], found[1]


def to_first_page() -> None:
    """Turn the gallery back to its beginning: what it lists has changed."""
    cards.first_page(PAGE)


def open_cell(crop: str | None) -> None:
    """Open the view of a cell, or close it."""
    if crop is None:
        st.query_params.pop(CELL, None)
    else:
        st.query_params[CELL] = crop
