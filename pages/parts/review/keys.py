"""The keyboard of the canvas, and its editing kept on or off: a component of our own beside the canvas."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

_PARTS = Path(__file__).parent / "keys"

_component = st.components.v2.component(
    "pap_review_keys",
    **{part: (_PARTS / f"keys.{part}").read_text(encoding="utf-8") for part in ("html", "css", "js")},
)


def keys(
    key: str,
    canvas: str,
    mend: bool,
    polygon: bool,
    alt: str,
    pressed: str,
    place: str,
    room: tuple[int, int] | None,
    on_asked: Callable[[], None],
    on_room: Callable[[], None],
) -> None:
    """Look after a canvas.

    Keys work while no text is typed. What was drawn a moment ago is on its way to the server before a key or
    a click elsewhere is.

    Args:
        key: of the component. In `on_asked`, ``st.session_state[key].asked`` is "undo", "redo" or one of
            `pressed`; in `on_room`, ``st.session_state[key].room`` is ``[width, height]``, px.
        canvas: key of the canvas.
        mend: whether its outlines can be moved and mended now; else one draws.
        polygon: whether polygons are drawn.
        alt: what there is to see on it, for who cannot see it.
        pressed: the keys that are asked for, each by its sign.
        place: key of the container that the canvas is in.
        room: px, what was last told to be free for the canvas, None before it was.
        on_asked: called when a key is pressed.
        on_room: called when there is more room for the canvas, or less.
    """
    data = {"canvas": canvas, "mend": mend, "polygon": polygon, "alt": alt}
    data |= {"pressed": pressed, "place": place, "room": room}
    _component(
        key=key,
        data=data,
        width="content",
        default={"room": None},
        on_asked_change=on_asked,
        on_room_change=on_room,
    )
