"""The tools to draw on a cell with, and how it is looked at; what is chosen stays from cell to cell."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

MEND, POLYGON, FREEHAND, ADD, TAKE = "Move & edit", "Polygon", "Free-hand", "Brush +", "Brush −"
TOOLS = {MEND: "V", POLYGON: "P", FREEHAND: "F", ADD: "B", TAKE: "E"}  # and their keys
ICONS = {
    MEND: "arrow_selector_tool",
    POLYGON: "polyline",
    FREEHAND: "gesture",
    ADD: "brush",
    TAKE: "ink_eraser",
}
THINNER, WIDER = "[", "]"  # keys
TOOL_HELP = (
    "**Move & edit**: drag an outline to move it, its handles to scale or turn it; click it once more to "
    "drag its corners, or click a corner to take it out. **Polygon**: click corner after corner, then the "
    "first one again. **Free-hand**: draw around it, the line closes by itself. **Brush +** adds what you "
    "paint to the nucleus or the cell, **Brush −** takes it away. Outlines of the same part that overlap "
    "become one; the cell always holds its nucleus."
)
COMES = "the line edged with white is what comes of it"
HINTS = {
    MEND: "Drag an outline to move it · click it once more for its corners · Delete takes it off",
    POLYGON: "Click corner after corner, the first one again to close · click a corner to take it out",
    FREEHAND: f"Draw around it in one line, which closes by itself · {COMES}",
    ADD: f"Paint what belongs to it · {COMES}",
    TAKE: f"Paint what does not belong to it · {COMES}",
}
NUCLEUS, FIT = "Nucleus", "Fit"
PARTS = {NUCLEUS: "nucleus", "Cell": "cell"}
ZOOMS = {FIT: 1.0, "2×": 2.0, "4×": 4.0, "8×": 8.0}
BRUSH_SIZES, BRUSH_SIZE = (1, 40), 8  # px of the picture

_TOOL, _PART, _BRUSH, _ZOOM, _COMPARE = (
    f"review_{one}" for one in ("tool", "part", "brush", "zoom", "compare")
)


@dataclass(frozen=True)
class Tools:
    """What a person draws with, and how they look at the cell."""

    tool: str  # one of TOOLS
    part: str  # that is drawn: "nucleus" or "cell"
    brush: int  # px of the picture, its width
    closer: float  # than a view of the whole picture
    compare: bool  # with the model's outline

    @property
    def mends(self) -> bool:
        """Whether outlines are moved and mended, rather than drawn."""
        return self.tool == MEND


def choose_tools() -> Tools:
    """Let the person choose; returns what they chose."""
    # not as their defaults: `press` chooses too
    st.session_state.setdefault(_TOOL, MEND)
    st.session_state.setdefault(_BRUSH, BRUSH_SIZE)
    tool = st.segmented_control(
        "Tool", list(TOOLS), required=True, format_func=_with_key, key=_TOOL, help=TOOL_HELP, width="stretch"
    )
    st.segmented_control(
        "Part",
        list(PARTS),
        default=NUCLEUS,
        required=True,
        key=_PART,
        help="What the tools draw and **Redraw** begins anew: the nucleus, or the cell with its nucleus.",
    )
    st.slider(
        "Brush (px)",
        *BRUSH_SIZES,
        key=_BRUSH,
        disabled=tool not in (ADD, TAKE),
        help=f"How wide the brush is, in pixels of the cell's picture; keys **{THINNER}** and **{WIDER}**.",
    )
    st.segmented_control(
        "Zoom",
        list(ZOOMS),
        default=FIT,
        required=True,
        key=_ZOOM,
        help="**Fit** shows the whole picture; the others come as much closer, to the nucleus at first.",
    )
    return in_hand()


def in_hand() -> Tools:
    """Return what the person chose last, of the tools that are on the page."""
    chosen = st.session_state
    return Tools(
        chosen[_TOOL],
        PARTS[chosen[_PART]],
        chosen[_BRUSH],
        ZOOMS[chosen[_ZOOM]],
        chosen.get(_COMPARE, False),
    )


def choose_comparison() -> None:
    """Let the person have the model's outline drawn; it is from the next run on."""
    st.toggle("Model's outline", key=_COMPARE, help="Draw what the model predicted, dashed, to compare with.")


def take(tool: str) -> None:
    """Give a tool into hand; for callbacks."""
    st.session_state[_TOOL] = tool


def press(key: str) -> None:
    """Do what a key asks of the tools, if anything; for callbacks."""
    for tool, own in TOOLS.items():
        if key == own:
            take(tool)
    if key in (THINNER, WIDER) and st.session_state.get(_TOOL) in (ADD, TAKE):
        size = st.session_state[_BRUSH]
        step = max(1, size // 4)
        st.session_state[_BRUSH] = int(np.clip(size + (step if key == WIDER else -step), *BRUSH_SIZES))


def _with_key(tool: str) -> str:
    return f":material/{ICONS[tool]}: {tool} :gray[{TOOLS[tool]}]"
