"""What charts have in common: their colours, and points that are cells, opened by a click."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

# near Okabe and Ito's, without yellow and black, which vanish on a light or dark page; symbols differ too
COLOURS = ("#3C93CF", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#7A5CC0", "#999999")
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star")


def clickable(figure: "go.Figure", name: str, open_cell: Callable[[str | None], None], alt: str) -> None:
    """Show a chart.

    Args:
        figure: the first of each point's custom data is a cell's id.
        name: key of the chart.
        open_cell: called with the id of the cell clicked on.
        alt: what there is to see.
    """
    # a chart of another key after each click: a point stays selected otherwise, and cannot be clicked again
    clicks = f"{name}_clicks"
    key = f"{name}_{st.session_state.get(clicks, 0)}"

    def take() -> None:
        points = st.session_state[key].selection.points
        if points and "customdata" in points[0]:
            st.session_state[clicks] = st.session_state.get(clicks, 0) + 1
            open_cell(points[0]["customdata"][0])

    st.plotly_chart(figure, key=key, on_select=take, selection_mode="points", alt=alt)
