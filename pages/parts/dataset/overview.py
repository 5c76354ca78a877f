"""What a data set is made of: its figures, counts, sides, and what was left out."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts.dataset.cells import SIDE_WORDS
from pages.shared.display import plain
from pap_core.data.composition import Composition, counts, groups
from pap_core.data.likeness import torn

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS = {"train": "#3b82c4", "test": "#e69f00"}  # told apart by everyone, on light and on dark
SOURCES = {"sipakmed": "SIPaKMeD", "herlev": "Herlev", "phantom": "phantoms", "masks": "fields"}
MOST_NAMED = 40  # smears or slides whose names fit under a chart
COUNTED = {
    "category": st.column_config.TextColumn("Category"),
    "pictures": st.column_config.NumberColumn("Pictures", help="Found in the source, usable or not"),
    "official_pictures": st.column_config.NumberColumn("Official pictures", help="Of the published data set"),
    "cells": st.column_config.NumberColumn("Cells", help="Annotated in the source, usable or not"),
    "official_cells": st.column_config.NumberColumn("Official cells", help="Of the published data set"),
    "crops": st.column_config.NumberColumn("Crops", help="What the data set holds"),
    "train": st.column_config.NumberColumn("Training", help="Crops to train on"),
    "test": st.column_config.NumberColumn("Test", help="Crops to test with"),
}
REASONS = {
    "kind": st.column_config.TextColumn("Reason"),
    "cells": st.column_config.NumberColumn("How many", width="small"),
}
LISTED = {
    "id": st.column_config.TextColumn("Cell or file"),
    "reason": st.column_config.TextColumn("Reason", width="large"),
}


def figures(found: Composition) -> None:
    """Show what the data set is and how large."""
    described, sides = found.described, found.cells["split"].value_counts()
    st.markdown(
        f"Made from **{SOURCES.get(described['source'], plain(described['source']))}**, mode "
        f"**{plain(str(described['mode']))}**, **{plain(str(described['split']))}** split with seed "
        f"**{described['seed']}** · digest `{described['digest'][:16]}`"
    )
    with st.grid(4, min_column_width=150):
        for name, value, explained in (
            ("Crops", len(found.cells), "One per cell, or per tile of a field, 256 × 256 pixels"),
            ("Training", sides.get("train", 0), "Crops to train on"),
            ("Test", sides.get("test", 0), "Crops to test with"),
            ("Skipped or clipped", len(found.skipped), "Each is listed below, with its reason"),
        ):
            st.metric(name, f"{value:,}", border=True, help=explained)


def counted(found: Composition) -> None:
    """Show what the source holds beside the official numbers, by category."""
    table, described = counts(found), found.described
    st.subheader("What the source holds", anchor=False)
    st.dataframe(
        table,
        column_config=COUNTED,
        hide_index=True,
        placeholder="–",
        alt=f"Pictures, cells and crops of {found.name} by category, beside the official numbers",
    )
    for note in described.get("notes", []):
        st.caption(plain(f"{note[0].upper()}{note[1:]}."))
    if not described["official"]:
        st.caption("Phantoms have no official numbers.")
        return
    pictures, cells = (
        f"{table[what].sum():,} of {table[f'official_{what}'].sum():,} {what}"
        for what in ("pictures", "cells")
    )
    whole = "the full download" if described["full_download"] else "not the full download"
    st.caption(f"The source is {whole}: {pictures}, {cells}.")


def split(found: Composition) -> None:
    """Show what lies on which side, and whether a smear or slide lies on both, or a picture by two names."""
    by_group, word = groups(found.cells), found.group_word
    train, test = by_group["train"] > 0, by_group["test"] > 0
    both, twins = int((train & test).sum()), torn(found.cells)
    st.subheader("The split", anchor=False)
    if both:
        st.warning(
            f"{both:,} of {len(by_group):,} {word}s stand on both sides: what is measured on the test side "
            f"tells little of a {word} never seen. A grouped split keeps the sides apart.",
            icon=":material/warning:",
        )
    if twins:
        st.warning(
            f"Pictures that stand on both sides by the names of several {word}s: {twins:,}. What is measured "
            "on the test side was trained on. Build the data set again: the same pictures are then kept "
            "together.",
            icon=":material/warning:",
        )
    if not train.any() or not test.any():
        empty, use = ("test", "measured") if train.any() else ("training", "trained")
        st.warning(
            f"Nothing stands on the {empty} side, so that nothing can be {use} with it: build it from more "
            f"{word}s, or with another test share.",
            icon=":material/warning:",
        )
    elif not both and not twins:
        st.success(
            f"No {word} stands on both sides: {_number_of(int(train.sum()), word)} for training, "
            f"{test.sum():,} for testing. No picture stands on both under two names. Counted in the manifest "
            "just now.",
            icon=":material/check_circle:",
        )
    _united(found, word)
    left, right = st.columns(2, gap="medium")
    with left:
        st.plotly_chart(
            _by_category(counts(found)),
            key="split_by_category",
            alt=f"Crops for training and testing in each category of {found.name}",
        )
    with right:
        st.plotly_chart(
            _by_group(by_group, word),
            key="split_by_group",
            alt=f"Crops for training and testing of each {word} of {found.name}",
        )


def _number_of(count: int, word: str) -> str:
    return f"1 {word} is" if count == 1 else f"{count:,} {word}s are"


def _united(found: Composition, word: str) -> None:
    """Say which smears or slides were found to hold the same picture."""
    lots = found.described.get("united", [])
    if lots:
        named = "; ".join(plain(", ".join(lot)) for lot in lots[:MOST_NAMED])
        st.caption(
            f"These {word}s hold the same pictures, perhaps turned or in other formats, and are one, "
            f"by the first name: {named}"
            f"{'; and more' if len(lots) > MOST_NAMED else ''}."
        )


def skipped(found: Composition) -> None:
    """Show what was skipped or clipped and why: kinds of reasons first, then each, searchable."""
    st.subheader("Skipped or clipped", anchor=False)
    if doubtful := found.described.get("doubtful", 0):
        st.warning(
            f"{doubtful:,} cells are doubtful: their nuclei are no darker than their surroundings, so their "
            "truth may be of another picture. They are used; each is listed below.",
            icon=":material/warning:",
        )
    if found.skipped.empty:
        st.caption("Nothing: everything the source holds is used as it is.")
        return
    kinds = found.skipped["kind"].value_counts().rename_axis("kind").reset_index(name="cells")
    st.dataframe(
        kinds,
        column_config=REASONS,
        hide_index=True,
        placeholder="–",
        alt="How often each kind of reason to skip or clip occurs",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sought = st.text_input(
            "Search", key="skipped_sought", type="search", help="In the names and in the reasons", width=280
        )
        chosen = st.selectbox(
            "Kind of reason",
            kinds["kind"],
            index=None,
            placeholder="All",
            key="skipped_kind",
            help="Show only what was skipped for this",
        )
    rows = found.skipped
    if chosen is not None:
        rows = rows[rows["kind"] == chosen]
    if sought:
        within = rows["id"] + " " + rows["reason"]
        rows = rows[within.str.contains(sought, case=False, regex=False)]
    st.dataframe(
        rows,
        column_order=list(LISTED),
        column_config=LISTED,
        hide_index=True,
        placeholder="–",
        alt=f"{len(rows)} cells or files skipped or clipped, each with its reason",
    )


def _by_category(table: pd.DataFrame) -> "Figure":
    figure = _bars(table["category"], table, "h")
    figure.update_yaxes(autorange="reversed", title=None)
    figure.update_xaxes(title="Crops")
    return figure.update_layout(title="By category")


def _by_group(table: pd.DataFrame, word: str) -> "Figure":
    figure = _bars(table["group"], table, "v")
    named = len(table) <= MOST_NAMED
    figure.update_xaxes(
        title=f"{word.capitalize()}, the largest first", showticklabels=named, type="category"
    )
    figure.update_yaxes(title="Crops")
    return figure.update_layout(title=f"By {word}")


def _bars(names: pd.Series, table: pd.DataFrame, orientation: str) -> "Figure":
    from plotly.graph_objects import Bar, Figure

    figure = Figure()
    for side, word in SIDE_WORDS.items():
        x, y = (names, table[side]) if orientation == "v" else (table[side], names)
        figure.add_trace(
            Bar(x=x, y=y, name=word.capitalize(), orientation=orientation, marker_color=COLOURS[side])
        )
    return figure.update_layout(
        barmode="stack", height=380, legend={"orientation": "h", "y": 1.14, "x": 0, "traceorder": "normal"}
    )
