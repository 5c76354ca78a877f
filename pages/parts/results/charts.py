"""Charts of an evaluation, a point each cell: a click opens it, a lasso or a box lists those within."""

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.results.selection import select
from pages.parts.results.view import open_cell
from pages.shared.charts import COLOURS, LEGEND, ROOM, SYMBOLS, choose_picture, clickable
from pages.shared.reading import METRICS, Reading
from pap_core.categories import in_order, written

SHAPES = ("Box", "Violin")
_POINT = {"size": 7, "opacity": 0.75}


def show_charts(rows: pd.DataFrame, reading: Reading) -> None:
    """Show how the metric is distributed in each category, and how it goes with the nucleus's area."""
    st.caption(
        "Each point is a cell: click it to open it. To list several, take the lasso or the box above a chart "
        "and draw around them: they stand below and under **Cells**."
    )
    defined = rows.dropna(subset="value")
    if left_out := len(rows) - len(defined):
        st.caption(f"{left_out} of {len(rows)} cells have no point: the metric is undefined for them.")
    with st.container(horizontal=True, gap="medium"):
        shape = st.segmented_control(
            "Distribution as",
            SHAPES,
            default=SHAPES[0],
            required=True,
            key="results_shape",
            bind="query-params",
            help="**Box**: median and quartiles, whiskers to the last cell within 1.5 times the distance of "
            "the quartiles. **Violin**: how dense the cells lie, with a box inside.",
        )
        picture = choose_picture("results")
    figures = {
        "results_distribution": (distribution(defined, reading, shape), "by category"),
        "results_area": (against_area(defined, reading), "against the nucleus's area"),
    }
    for name, (figure, words) in figures.items():
        clickable(
            figure,
            name,
            open_cell,
            f"{reading.title} {words}, protocol {reading.protocol}, {len(defined)} cells",
            picture,
            partial(select, cells=rows["id"]),
        )


def distribution(rows: pd.DataFrame, reading: Reading, shape: str):
    """Draw a box or violin for each category with its cells beside each other over it.

    Args:
        rows: columns `id`, `category` and `value`.
        reading: names the metric.
        shape: one of `SHAPES`.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    categories = in_order(rows["category"])
    aside = np.random.default_rng(0)  # points beside each other, and each time at the same place
    for place, category in enumerate(categories):
        part = rows[rows["category"] == category]
        style = {
            "x0": place,
            "y": part["value"],
            "name": written(category),
            "line": {"color": "#888888"},
            "fillcolor": "rgba(136, 136, 136, 0.15)",
            "hoverinfo": "skip",
        }
        if shape == "Box":
            # whose whiskers end at 1.5 IQR; those beyond are drawn as all cells are
            figure.add_box(**style, boxpoints="outliers", marker={"opacity": 0}, width=0.7)
        else:
            figure.add_violin(**style, points=False, width=0.9, box_visible=True, spanmode="hard")
        figure.add_scatter(
            x=place + aside.uniform(-0.28, 0.28, len(part)),
            y=part["value"],
            mode="markers",
            marker={**_POINT, "color": COLOURS[0]},
            customdata=part[["id"]],
            hovertemplate=f"%{{customdata[0]}}<br>{METRICS[reading.metric]} %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(tickvals=list(range(len(categories))), ticktext=[*map(written, categories)])
    return _titled(figure, reading).update_layout(showlegend=False)


def against_area(rows: pd.DataFrame, reading: Reading):
    """Draw the metric of each cell over the area of its nucleus, as the expert marked it."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for number, category in enumerate(in_order(rows["category"])):
        part = rows[rows["category"] == category]
        style = number % len(COLOURS)
        figure.add_scatter(
            x=part["nucleus_area"],
            y=part["value"],
            mode="markers",
            name=written(category),
            marker={**_POINT, "color": COLOURS[style], "symbol": SYMBOLS[style]},
            customdata=part[["id"]],
            hovertemplate="%{customdata[0]}<br>%{x} px<br>"
            f"{METRICS[reading.metric]} %{{y:.3f}}<extra></extra>",
        )
    figure.update_xaxes(title="Area of the nucleus as marked (px of the crop)")
    return _titled(figure, reading).update_layout(height=480, legend=LEGEND, showlegend=True)


def _titled(figure, reading: Reading):
    figure.update_yaxes(title=reading.title)
    return figure.update_layout(height=430, margin=ROOM, dragmode="zoom")
