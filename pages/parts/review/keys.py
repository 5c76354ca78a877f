"""The keyboard of the canvas, and its editing kept on or off: a component of our own beside the canvas."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_PARTS = Path(__file__).parent / "keys"

_component = st.components.v2.component(
    "pap_review_keys",
    **{part: (_PARTS / f"keys.{part}").read_text(encoding="utf-8") for part in ("html", "css", "js")},
)


def keys(key: str, canvas: str, mend: bool, polygon: bool, alt: str, on_asked: Callable[[], None]) -> None:
    """Look after a canvas.

    Ctrl+Z, Ctrl+Y and Delete work while no text is typed. What was drawn a moment ago is on its way to the
    server before a key or a click elsewhere is.

    Args:
        key: of the component. In `on_asked`, ``st.session_state[key].asked`` is "undo" or "redo".
        canvas: key of the canvas.
        mend: whether its outlines can be moved and mended now; else one draws.
        polygon: whether polygons are drawn.
        alt: what there is to see on it, for who cannot see it.
        on_asked: called when a person asks to undo or to redo.
    """
    data = {"canvas": canvas, "mend": mend, "polygon": polygon, "alt": alt}
    _component(key=key, data=data, width="content", on_asked_change=on_asked)
