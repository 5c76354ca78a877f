"""What an evaluation found, at a glance: each class in figures, then by category."""

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.shared.charts import COLOURS, LEGEND, ROOM, SYMBOLS, choose_picture, saved
from pages.shared.reading import CLASSES, METRICS, Reading
from pages.shared.tables import HIGH, LOW, SHARE, as_csv
from pap_core.categories import in_order, written
from pap_core.comparison.table import share
from pap_core.evaluation.intervals import LEVEL

if TYPE_CHECKING:
    import plotly.graph_objects as go

NUCLEI = "Nuclei one by one"
_ROW = 46  # px of the chart for a category
_ASIDE = 0.18  # of a row, between the classes


def show_summary(summary: dict, reading: Reading) -> None:
    """Show each class in figures, then the metric chosen by category, as a chart and as a table."""
    st.subheader(f"All crops, protocol {reading.protocol}", anchor=False)
    _cards(summary, reading.protocol)
    metric = METRICS[reading.metric]
    st.subheader(f"{metric} by category, protocol {reading.protocol}", anchor=False)
    table = by_category(summary, reading)
    st.plotly_chart(
        dots(table, metric),
        key="results_dots",
        config=saved(f"categories_{reading.protocol}_{reading.metric}", choose_picture("results")),
        alt=f"{metric} of nucleus, cytoplasm and both by category, protocol {reading.protocol}; all in the "
        "table below",
    )
    st.caption(f"Points: means over crops. Bars: {LEVEL} % interval by smear or slide.")
    st.dataframe(
        table.drop(columns="class"),
        hide_index=True,
        height="content",
        placeholder="–",
        column_config=dict.fromkeys((metric, "sd", LOW, HIGH), SHARE),
        alt=f"{metric} by category and class, with its interval",
    )
    as_csv(table.drop(columns="class"), f"categories_{reading.protocol}_{reading.metric}")


def _cards(summary: dict, protocol: str) -> None:
    grid = st.grid(4, min_column_width=200)
    for name, found in summary["protocols"][protocol].items():
        with grid.container(border=True, height="stretch"):
            _card(f"{CLASSES[name]}: {METRICS['jaccard']}", found["jaccard"])
            st.caption(f"Dice {with_interval(found['dice'])}")
    with grid.container(border=True, height="stretch"):
        if "nuclei" in summary:
            _card(f"{NUCLEI}: F1", summary["nuclei"]["f1"])
            st.caption("A pair from an intersection over union of 0.5; protocol strict")
        else:
            st.markdown(f"{NUCLEI}: F1")
            st.caption("Not matched yet: the tab **Nuclei** offers it.")


def _card(label: str, figures: dict) -> None:
    st.metric(label, "–" if figures["mean"] is None else share(figures["mean"]))
    st.caption("no interval" if figures["low"] is None else f"{LEVEL} %: {between(figures)}")


def with_interval(figures: dict) -> str:
    """Write a mean with its interval, where it has one."""
    if figures["mean"] is None:
        return "–"
    return share(figures["mean"]) + ("" if figures["low"] is None else f" ({between(figures)})")


def between(figures: dict) -> str:
    """Write an interval that there is."""
    return f"{share(figures['low'])} to {share(figures['high'])}"


def by_category(summary: dict, reading: Reading) -> pd.DataFrame:
    """Tabulate the metric chosen for each category and class, and for all.

    Returns:
        Columns `class` (of `CLASSES`), "Category", "Class", "Crops", the metric's name, `LOW`, `HIGH`, "sd"
        (shares; NaN where there is none) and "Left out"; categories in clinical order.
    """
    rows = []
    for category in (*in_order(summary["categories"]), None):
        part = summary if category is None else summary["categories"][category]
        for name, found in part["protocols"][reading.protocol].items():
            figures = found[reading.metric]
            rows.append(
                {
                    "class": name,
                    "Category": "All" if category is None else written(category),
                    "Class": CLASSES[name],
                    "Crops": part["crops"],
                    METRICS[reading.metric]: figures["mean"],
                    LOW: figures["low"],
                    HIGH: figures["high"],
                    "sd": figures["sd"],
                    "Left out": figures["undefined"],
                }
            )
    return pd.DataFrame(rows).astype(dict.fromkeys((METRICS[reading.metric], LOW, HIGH, "sd"), float))


def dots(table: pd.DataFrame, metric: str) -> "go.Figure":
    """Draw a row for each category, the first on top, with a point and a bar for each class.

    Args:
        table: see `by_category`.
        metric: how its column is called.
    """
    import plotly.graph_objects as go

    categories = list(dict.fromkeys(table["Category"]))
    figure = go.Figure()
    for number, (label_class, name) in enumerate(CLASSES.items()):
        part = table[table["class"] == label_class]
        figure.add_scatter(
            x=part[metric],
            y=[categories.index(one) + _ASIDE * (number - 1) for one in part["Category"]],
            error_x={
                "array": part[HIGH] - part[metric],  # NaN, of one smear or slide, draws no bar
                "arrayminus": part[metric] - part[LOW],
                "thickness": 1.5,
                "width": 3,
            },
            mode="markers",
            name=name,
            marker={"size": 10, "color": COLOURS[number], "symbol": SYMBOLS[number]},
            customdata=part[["Category", "Crops"]],
            hovertemplate=f"%{{customdata[0]}}, {name.lower()}<br>{metric} %{{x:.3f}}<br>"
            "%{customdata[1]} crops<extra></extra>",
        )
    figure.update_yaxes(
        tickvals=list(range(len(categories))),
        ticktext=categories,
        range=[len(categories) - 0.5, -0.5],
        zeroline=False,
    )
    figure.update_xaxes(title=metric, zeroline=False)
    return figure.update_layout(
        height=_ROW * len(categories) + 130, margin=ROOM, legend=LEGEND, dragmode=False, showlegend=True
    )
