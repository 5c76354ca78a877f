"""Charts of an evaluation, a point each cell; a click on a point opens the cell."""

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.results.view import open_cell
from pages.shared.charts import COLOURS, SYMBOLS, clickable
from pages.shared.reading import METRICS, Reading

SHAPES = ("Box", "Violin")
_POINT = {"size": 7, "opacity": 0.75}


def show_charts(rows: pd.DataFrame, reading: Reading) -> None:
    """Show how the metric is distributed in each category, and how it goes with the nucleus's area."""
    st.caption("Each point is a cell: click it to open it. Drag over a part of a chart to enlarge it.")
    defined = rows.dropna(subset="value")
    if left_out := len(rows) - len(defined):
        st.caption(f"{left_out} of {len(rows)} cells have no point: the metric is undefined for them.")
    shape = st.segmented_control(
        "Distribution as",
        SHAPES,
        default=SHAPES[0],
        required=True,
        key="results_shape",
        bind="query-params",
        help="**Box**: median and quartiles, whiskers to the least and the most. **Violin**: how dense the "
        "cells lie, with a box inside.",
    )
    clickable(
        distribution(defined, reading, shape),
        "results_distribution",
        open_cell,
        f"{reading.title} by category, protocol {reading.protocol}, {len(defined)} cells",
    )
    clickable(
        against_area(defined, reading),
        "results_area",
        open_cell,
        f"{reading.title} against the nucleus's area, protocol {reading.protocol}, {len(defined)} cells",
    )


def distribution(rows: pd.DataFrame, reading: Reading, shape: str):
    """Draw a box or violin for each category with its cells beside each other over it.

    Args:
        rows: columns `id`, `category` and `value` (%).
        reading: names the metric.
        shape: one of `SHAPES`.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    categories = sorted(rows["category"].unique())
    aside = np.random.default_rng(0)  # points beside each other, and each time at the same place
    for place, category in enumerate(categories):
        part = rows[rows["category"] == category]
        style = {
            "x0": place,
            "y": part["value"],
            "name": category,
            "line": {"color": "#888888"},
            "fillcolor": "rgba(136, 136, 136, 0.15)",
            "hoverinfo": "skip",
        }
        if shape == "Box":
            figure.add_box(**style, boxpoints=False, width=0.7)
        else:
            figure.add_violin(**style, points=False, width=0.9, box_visible=True, spanmode="hard")
        figure.add_scatter(
            x=place + aside.uniform(-0.28, 0.28, len(part)),
            y=part["value"],
            mode="markers",
            marker={**_POINT, "color": COLOURS[0]},
            customdata=part[["id"]],
            hovertemplate=f"%{{customdata[0]}}<br>{METRICS[reading.metric]} %{{y:.1f}} %<extra></extra>",
        )
    figure.update_xaxes(tickvals=list(range(len(categories))), ticktext=categories)
    return _titled(figure, reading).update_layout(showlegend=False)


def against_area(rows: pd.DataFrame, reading: Reading):
    """Draw the metric of each cell over the area of its nucleus, as the expert marked it."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, (category, part) in enumerate(rows.groupby("category")):
        style = number % len(COLOURS)
        figure.add_scatter(
            x=part["nucleus_area"],
            y=part["value"],
            mode="markers",
            name=category,
            marker={**_POINT, "color": COLOURS[style], "symbol": SYMBOLS[style]},
            customdata=part[["id"]],
            hovertemplate="%{customdata[0]}<br>%{x} px<br>"
            f"{METRICS[reading.metric]} %{{y:.1f}} %<extra></extra>",
        )
    figure.update_xaxes(title="Area of the nucleus as marked (px of the crop)")
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    return _titled(figure, reading).update_layout(showlegend=True)


def _titled(figure, reading: Reading):
    figure.update_yaxes(title=f"{reading.title} (%)")
    return figure.update_layout(height=430, margin={"l": 10, "r": 10, "t": 30, "b": 10}, dragmode="zoom")
