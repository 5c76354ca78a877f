"""What charts have in common: colours, how they are saved, and points that are cells, opened or selected."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import plotly.graph_objects as go

# near Okabe and Ito's, without yellow and black, which vanish on a light or dark page; symbols differ too
COLOURS = ("#3C93CF", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#7A5CC0", "#999999")
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star")
LEGEND = {"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"}  # away from the tool bar
ROOM = {"l": 10, "r": 10, "t": 40, "b": 10}  # px around a chart, on top that of its tool bar
FORMATS = ("SVG", "PNG")  # of a chart that is saved
_SCALE = 3  # of pixels saved to pixels seen, so that a PNG may be printed
_CROWD = ("box", "lasso")  # how several points are selected


def choose_picture(page: str) -> str:
    """Let the person choose how the camera of a chart's tool bar saves it; returns one of `FORMATS`."""
    return st.segmented_control(
        "Charts are saved as",
        FORMATS,
        default=FORMATS[0],
        required=True,
        key=f"{page}_picture",
        help="By the camera above a chart. **SVG** for print, **PNG** for slides.",
    )


def saved(name: str, picture: str) -> dict:
    """Return the settings of a chart's tool bar.

    Args:
        name: of the file, without an ending.
        picture: see `choose_picture`.
    """
    scale = {"scale": _SCALE} if picture == "PNG" else {}
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "toImageButtonOptions": {"format": picture.lower(), "filename": name, **scale},
    }


def clickable(
    figure: "go.Figure",
    name: str,
    open_cell: Callable[[str | None], None],
    alt: str,
    picture: str,
    select: Callable[[list[str]], None] | None = None,
) -> None:
    """Show a chart.

    Args:
        figure: the first of each point's custom data is a cell's id.
        name: key of the chart, and of the file that it is saved in.
        open_cell: called with the id of the cell clicked on.
        alt: what there is to see.
        picture: see `choose_picture`.
        select: called with the ids of the cells around which a box or a lasso was drawn.
    """
    # a chart of another key after each click: a point stays selected otherwise, and cannot be clicked again
    clicks = f"{name}_clicks"
    key = f"{name}_{st.session_state.get(clicks, 0)}"

    def take() -> None:
        selection = st.session_state[key].selection
        cells = [point["customdata"][0] for point in selection.points if "customdata" in point]
        if select and any(selection.get(kind) for kind in _CROWD):
            select(list(dict.fromkeys(cells)))
        elif cells:
            st.session_state[clicks] = st.session_state.get(clicks, 0) + 1
            open_cell(cells[0])

    st.plotly_chart(
        figure,
        key=key,
        on_select=take,
        selection_mode=("points", *_CROWD) if select else "points",
        config=saved(name, picture),
        alt=alt,
    )
