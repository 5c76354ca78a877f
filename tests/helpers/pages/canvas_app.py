"""An app with nothing but canvases: one of a drawn cell to be mended, one of shapes put in many ways."""

import hashlib
import json

import numpy as np
import streamlit as st

from pages.parts.review.canvas import canvas, current, reset
from pages.parts.review.desk import cell_column, desk, furnish, tools_column
from pap_core.contours import trace
from pap_core.outlines import Outlines
from pap_core.reviews.records import ReviewCell

SIDE = 256  # px of the picture: the whole of it is shown at 2.5 px of the canvas
SEED = 7
LETTER = [{"x": x, "y": y} for x, y in ((0, 0), (90, 0), (90, 30), (40, 30), (40, 120), (0, 120))]
CURVE = [["M", 0, 0], ["Q", 60, 160, 90, 40], ["C", 110, -60, 150, 90, 160, 0], ["L", 150, -20]]
POLYGON = {"type": "Polygon", "points": LETTER, "fill": None, "strokeWidth": 4}
PATH = {"type": "Path", "path": CURVE, "fill": None, "strokeWidth": 4}
CENTRED = {"originX": "center", "originY": "center"}
AT_LEFT_TOP = {"originX": "left", "originY": "top"}
AT_RIGHT_BOTTOM = {"originX": "right", "originY": "bottom"}
SHAPES = [
    POLYGON | CENTRED | {"stroke": "#ff0000", "left": 90, "top": 100},
    POLYGON | AT_LEFT_TOP | {"stroke": "#00a000", "left": 210, "top": 40, "angle": 20},
    POLYGON
    | (CENTRED | {"stroke": "#0000ff", "left": 400, "top": 90})
    | {"scaleX": 1.4, "scaleY": 0.6, "flipX": True},
    POLYGON
    | (AT_RIGHT_BOTTOM | {"stroke": "#c000c0", "left": 620, "top": 190, "strokeUniform": True})
    | {"strokeWidth": 3, "scaleX": 0.8, "skewX": 25, "angle": -15},
    PATH | CENTRED | {"stroke": "#00a0a0", "left": 120, "top": 300},
    PATH
    | (AT_LEFT_TOP | {"stroke": "#a06000", "left": 260, "top": 260})
    | {"angle": 30, "scaleY": 1.3, "skewY": 10},
    PATH
    | (CENTRED | {"stroke": "#606060", "left": 500, "top": 330})
    | {"flipY": True, "skewX": -20, "scaleX": 1.2},
]


def drawn_cell(radius: int) -> ReviewCell:
    """Draw a round cell with a nucleus of a third of its radius, a bit aside."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    cell = np.hypot(columns - 128, rows - 128) <= radius
    nucleus = np.hypot(columns - 120, rows - 124) <= radius / 3
    picture = np.random.default_rng(SEED).integers(205, 230, (SIDE, SIDE, 3), dtype=np.uint8)
    picture[cell], picture[nucleus] = (120, 160, 200), (60, 40, 90)
    outlines = Outlines(tuple(trace(cell)), tuple(trace(nucleus)))
    identifier, label = hashlib.sha256(picture.tobytes()).hexdigest(), outlines.label((SIDE, SIDE))
    return ReviewCell(identifier, picture, label, outlines, "c0ffee", "dataset", "drawn", "drawn")


def main() -> None:
    """Run the app."""
    st.set_page_config(layout="wide")
    furnish()
    pages = [st.Page(review, title="Review"), st.Page(shapes, title="Shapes")]
    st.navigation(pages, position="top").run()


@st.fragment
def review() -> None:
    """Show a canvas, and what it gives back."""
    number = st.radio("Cell", [0, 1], horizontal=True)
    cell = drawn_cell((90, 60)[number])
    key = f"drawing_{number}"
    begun = cell.before
    if st.toggle("Begin with a smaller cell"):
        begun = Outlines(cell.before.nucleus, cell.before.nucleus)
    st.button("Forget", on_click=reset, args=(key,))
    st.button("Keep", shortcut="K", on_click=lambda: st.session_state.update(kept=current(key, begun)))
    with desk():
        outlines = canvas(cell, begun, key, tools_column(), cell_column())
    assert st.session_state[key] is outlines
    st.text_input("Remark")
    kept = st.session_state.get("kept")
    told = {"same": outlines == begun, "outlines": outlines.to_json(), "kept": kept and kept.to_json()}
    st.code(json.dumps(told), None)


def shapes() -> None:
    """Show shapes as Fabric draws them."""
    from streamlit_drawable_canvas import st_canvas

    st_canvas(
        initial_drawing={"objects": SHAPES},
        width=640,
        height=440,
        background_color="#ffffff",
        key="shapes",
        disabled=True,
    )


if __name__ == "__main__":
    main()
