"""The canvas on which a cell's outlines are moved, mended and drawn anew, with its tools."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.review.background import background
from pages.parts.review.drawing import Drawing
from pages.parts.review.keys import keys
from pages.parts.review.tools import (
    ADD,
    FREEHAND,
    HINTS,
    MEND,
    POLYGON,
    TAKE,
    THINNER,
    TOOLS,
    WIDER,
    Tools,
    choose_comparison,
    choose_tools,
    in_hand,
    press,
    take,
)
from pages.parts.review.words import DIGITS, press_reason
from pap_core.outlines import Outlines
from pap_core.reviews import drawing as shapes
from pap_core.reviews.drawing import ADDING, EDGES, INSIDE, LINE, TAKING, View
from pap_core.reviews.records import ReviewCell

LONGEST = 640  # px, the canvas's longer side until the browser has told how much room there is
EDGE = 2  # px, below the canvas
SIDES = {
    "left": ("back", -1, 0),
    "up": ("upward", 0, -1),
    "down": ("downward", 0, 1),
    "right": ("forward", 1, 0),
}
ALT = "The cell under review on a canvas, with the outlines of its nucleus in blue and of the cell in red"
_KEYS, _SURFACE = "review_keys", "review_surface"
_ROOM = "review_room"  # of the session: px, width and height that are free for the canvas
_PRESSED = "".join([*TOOLS.values(), THINNER, WIDER, *DIGITS])


def canvas(
    cell: ReviewCell, start: Outlines, key: str, place: DeltaGenerator, column: DeltaGenerator
) -> Outlines:
    """Show a cell to draw on, and the tools for it.

    Args:
        cell: under review.
        start: the outlines to begin with.
        key: of the drawing: what is drawn stays under it for the whole session, whatever else is shown.
        place: of the tools.
        column: of the cell.

    Returns:
        The outlines as drawn now, in pixels of the cell's picture; `start` itself where nothing was changed.
    """
    if _place(key) not in st.session_state:
        st.session_state[_place(key)] = Drawing(start, cell.before, start, _middle(cell, start))
        st.session_state[key] = start
    drawing = st.session_state[_place(key)]
    with place:
        tools = choose_tools()
        view = View.of(cell.picture.shape[:2], _longest(cell), tools.closer, drawing.at)
        if not drawing.is_shown(view, tools.mends):
            drawing.on_new_canvas(view)
        drawing.mending = tools.mends
        with st.container(horizontal=True, gap="xsmall"):
            _history(drawing, tools.part, key)
            keys(
                _KEYS,
                drawing.canvas,
                tools.mends,
                tools.tool == POLYGON,
                ALT,
                _PRESSED,
                _SURFACE,
                st.session_state.get(_ROOM),
                _change(key, partial(_asked, cell=cell.id)),
                _change(key, _has_room),
            )
        choose_comparison()
        if tools.closer > 1:
            with st.container(horizontal=True, gap="xsmall"):
                _look_around(key)
    with column:
        _surface(cell, drawing, key, tools)
        st.caption(HINTS[tools.tool])
    return st.session_state[key]


def prepare(cell: ReviewCell) -> None:
    """Make what a cell takes to be shown, so that it is there at once when it is opened."""
    tools = in_hand()
    view = View.of(cell.picture.shape[:2], _longest(cell), tools.closer, _middle(cell, cell.before))
    background(cell, view, tools.compare, None)
    shapes.objects(cell.before, view)


def current(key: str, start: Outlines) -> Outlines:
    """Return the outlines as drawn at this moment: for callbacks, some of which run before the canvas's own.

    Args:
        key: of the drawing.
        start: what to return if there is none under it.
    """
    _change(key, lambda drawing: None)()
    return st.session_state.get(key, start)


def reset(key: str) -> None:
    """Forget what was drawn under a key."""
    for one in (key, _place(key)):
        st.session_state.pop(one, None)


def _place(key: str) -> str:
    return f"{key}_drawing"


def _middle(cell: ReviewCell, outlines: Outlines) -> tuple[float, float]:
    """Return what a close view is about: the nucleus, else the cell, else the picture's middle."""
    height, width = cell.picture.shape[:2]
    rings = outlines.nucleus or outlines.cell or [np.array([[0.0, 0.0], [width, height]])]
    points = np.concatenate(rings)
    return tuple(((points.min(axis=0) + points.max(axis=0)) / 2).tolist())


def _longest(cell: ReviewCell) -> int:
    """Return the longer side of the canvas, px, as large as there is room for."""
    if not (room := st.session_state.get(_ROOM)):
        return LONGEST
    height, width = cell.picture.shape[:2]
    return int(max(height, width) * min(room[0] / width, room[1] / height))


# Controls


def _history(drawing: Drawing, part: str, key: str) -> None:
    """Offer to undo, to redo, and to begin anew."""
    st.button(
        "",
        icon=":material/undo:",
        key="review_undo",
        disabled=not drawing.past,
        help="Undo: take back what you did last (Ctrl+Z).",
        on_click=_change(key, lambda drawing: drawing.go(back=True)),
    )
    st.button(
        "",
        icon=":material/redo:",
        key="review_redo",
        disabled=not drawing.future,
        help="Redo: do again what you took back (Ctrl+Y).",
        on_click=_change(key, lambda drawing: drawing.go(back=False)),
    )
    st.button(
        "Redraw",
        key="review_redraw",
        help=f"Take the {part} off the canvas and draw it anew, with the polygon to begin with.",
        on_click=_change(key, partial(_redraw, part=part)),
    )
    st.button(
        "Reset",
        key="review_reset",
        disabled=drawing.now == drawing.model,
        help="Go back to what the model predicted.",
        on_click=_change(key, lambda drawing: drawing.begin_anew(drawing.model)),
    )


def _look_around(key: str) -> None:
    """Let the person move the view over the picture."""
    for side, (arrow, right, down) in SIDES.items():
        st.button(
            "",
            icon=f":material/arrow_{arrow}:",
            key=f"review_look_{side}",
            help=f"Move the view {side}.",
            on_click=_change(key, partial(Drawing.look, right=right, down=down)),
        )


def _change(key: str, what: Callable[[Drawing], None]) -> Callable[[], None]:
    """Return a callback that does something to a drawing, after what was drawn on the canvas until then."""

    def change() -> None:
        drawing = st.session_state.get(_place(key))
        if drawing:  # else it was forgotten by a callback before this one
            drawing.hear()
            what(drawing)
            st.session_state[key] = drawing.outlines

    return change


def _asked(drawing: Drawing, cell: str) -> None:
    asked = st.session_state[_KEYS].get("asked")
    if asked in ("undo", "redo"):
        drawing.go(back=asked == "undo")
    elif asked:
        press(asked)
        press_reason(cell, asked)


def _has_room(drawing: Drawing) -> None:
    if room := st.session_state[_KEYS].get("room"):
        st.session_state[_ROOM] = room


def _redraw(drawing: Drawing, part: str) -> None:
    drawing.begin_anew(replace(drawing.now, **{part: ()}))
    take(POLYGON)


# Canvas


def _surface(cell: ReviewCell, drawing: Drawing, key: str, tools: Tools) -> None:
    from streamlit_drawable_canvas import st_canvas  # can be imported within a running app only

    view = drawing.view
    outcome = drawing.outlines if shapes.has_strokes(drawing.drawn or []) else None
    mode, colour, width = {
        # editing is switched on beside; a shape drawn until it is on has no colour, and so is none of a part
        MEND: ("rect", INSIDE, LINE),
        POLYGON: ("polygon", EDGES[tools.part], LINE),
        FREEHAND: ("freedraw", EDGES[tools.part], LINE),
        ADD: ("freedraw", ADDING[tools.part], tools.brush * view.scale),
        TAKE: ("freedraw", TAKING[tools.part], tools.brush * view.scale),
    }[tools.tool]
    # nothing jumps while canvases change
    with st.container(height=view.height + EDGE, border=False, key=_SURFACE):
        st_canvas(
            drawing_mode=mode,
            stroke_color=colour,
            stroke_width=width,
            fill_color=INSIDE,
            background_image=background(cell, view, tools.compare, outcome),
            width=view.width,
            height=view.height,
            initial_drawing={"objects": shapes.objects(drawing.given, view)},
            key=drawing.canvas,
            on_change=_change(key, lambda drawing: None),
        )
