"""Two methods on the same cells: by how much one is better, how sure that is, and where they differ."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts.compare.data import Entry, pair
from pages.parts.compare.verdict import chance
from pages.parts.compare.view import open_cell
from pages.shared.charts import COLOURS, LEGEND, ROOM, SYMBOLS, choose_picture, clickable
from pages.shared.display import plain
from pages.shared.reading import METRICS, Reading
from pap_core.categories import in_order, written
from pap_core.comparison.pairs import difference, probability
from pap_core.evaluation.intervals import LEVEL

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from pap_core.evaluation.paired import Paired

TEST_NOTE = (
    "The test takes cells for independent, which those of one smear or slide are not; the interval, a "
    "bootstrap over smears or slides, does not. Cells without a difference are left out of the test. "
    "Nothing is corrected for how many pairs one looks at."
)


def show_difference(first: Entry, second: Entry, reading: Reading) -> pd.DataFrame:
    """Show the paired difference of two, in figures and as a chart; returns it cell by cell."""
    table, found = pair(first, second, reading)
    titles = plain(first.title), plain(second.title)
    st.subheader(f"{reading.title}, protocol {reading.protocol}: paired differences", anchor=False)
    if table.empty:
        st.info("The metric is undefined on every cell for one of the two: choose another metric or class.")
        return table
    _figures(found, titles)
    ahead = titles[0] if found.mean > 0 else titles[1]
    st.markdown(
        f"On the same **{found.crops:,} cells**, **{ahead}** is ahead{chance(found)}."
        if found.mean
        else f"On the same **{found.crops:,} cells** both are as good."
    )
    st.caption(TEST_NOTE)
    show_pair(table, first, second, reading)
    st.caption(
        f"Below the line {titles[0]} is better, above it {titles[1]}. A click on a point opens the cell."
    )
    return table


def _figures(found: "Paired", titles: tuple[str, str]) -> None:
    same = found.crops - found.better - found.worse
    interval = difference(found).partition(" ")[2].strip("[]") or "–"
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Mean difference", f"{found.mean:+.3f}", help=f"{titles[0]} minus {titles[1]}, cell by cell"
        )
        st.metric(f"{LEVEL} % interval", interval, help="Of the mean difference, by smear or slide")
        st.metric("First better", f"{found.better:,}", help=f"Cells on which {titles[0]} is better")
        st.metric("Second better", f"{found.worse:,}", help=f"Cells on which {titles[1]} is better")
        st.metric("Same", f"{same:,}", help="Cells on which both are as good")
        st.metric("Wilcoxon p", probability(found.p), help="Signed-rank test of the differences, two-sided")


def show_pair(table: pd.DataFrame, first: Entry, second: Entry, reading: Reading) -> None:
    """Show the two against each other, a point each cell; a click on one opens it."""
    clickable(
        each_against_other(table, first.title, second.title, reading),
        "compare_pair",
        open_cell,
        f"{reading.title} of {first.title} and of {second.title}, {len(table)} cells, protocol "
        f"{reading.protocol}",
        choose_picture("compare"),
    )


def each_against_other(table: pd.DataFrame, first: str, second: str, reading: Reading) -> "go.Figure":
    """Draw the second method over the first, a point each cell; on the line both are as good.

    Args:
        table: see `pap_core.evaluation.paired.differences`.
        first: title of the first method.
        second: of the second.
        reading: names the metric.
    """
    import plotly.graph_objects as go

    values = table[["first", "second"]].to_numpy()
    low, high = float(values.min()), float(values.max())
    room = 0.05 * max(high - low, 0.02)
    ends = [low - room, high + room]
    figure = go.Figure()
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": "#888888"}, hoverinfo="skip", showlegend=False
    )
    for number, category in enumerate(in_order(table["category"])):
        part = table[table["category"] == category]
        style = number % len(COLOURS)
        figure.add_scatter(
            x=part["first"],
            y=part["second"],
            mode="markers",
            name=written(category),
            marker={"size": 7, "opacity": 0.75, "color": COLOURS[style], "symbol": SYMBOLS[style]},
            customdata=part[["id"]],
            hovertemplate=f"%{{customdata[0]}}<br>{first} %{{x:.3f}}<br>{second} %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title=f"{METRICS[reading.metric]}, {first}", range=ends, zeroline=False)
    figure.update_yaxes(title=f"{METRICS[reading.metric]}, {second}", range=ends, zeroline=False)
    return figure.update_layout(
        height=520,
        margin=ROOM,
        dragmode="zoom",
        showlegend=True,
        legend=LEGEND,
    )
