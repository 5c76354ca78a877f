"""The picture viewer: a picture with its cells' edges as lines over it, another beside it, in one view.

A component of our own, its parts in the folder beside. Which edges are shown, in what colour and how
wide, and the view itself stay in the browser: nothing runs here for them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.runtime import get_instance

_PARTS = Path(__file__).parent / "viewer"


def _read(*names: str) -> str:
    return "\n".join((_PARTS / name).read_text(encoding="utf-8") for name in names)


_component = st.components.v2.component(
    "pap_viewer", html=_read("viewer.html"), css=_read("viewer.css"), js=_read("view.js", "viewer.js")
)


@dataclass(frozen=True)
class Shown:
    """A picture for one of the two panes."""

    content: bytes  # a PNG or JPEG file
    alt: str  # what there is to see, for who cannot see it
    caption: str


@dataclass(frozen=True)
class Place:
    """A cell for the viewer to draw and to tell of; lengths in px of the picture."""

    number: int
    x: float  # of the nucleus's centre
    y: float
    beside: float  # right of and above the centre, where the number stands
    edge: str  # outlines as SVG path data, the centre of the first pixel at (0, 0)
    nucleus: str
    said: str  # its measures in words


def viewer(
    key: str,
    view: str,
    size: tuple[int, int],
    picture: Shown,
    beside: Shown | None,
    places: list[Place],
    colours: dict[str, str],
    selected: int,
    on_select: Callable[[], None],
) -> None:
    """Show a picture.

    Args:
        key: of the widget. In `on_select`, ``st.session_state[key].selected`` is a dict of ``view`` and of
            ``cell``, the number of the cell, 0 for none.
        view: what tells this picture and its cells from any other; a new one is shown whole.
        size: ``(W, H)`` that `places` go by; both pictures are stretched over it.
        picture: the one that the edges are drawn over.
        beside: the other one, if any.
        places: the cells.
        colours: ``#rrggbb`` of the edges of "nucleus" and "cell", until the person chooses others.
        selected: the number of the cell to mark, 0 for none.
        on_select: called when a person selects a cell, or none.
    """
    _component(
        key=key,
        data={
            "view": view,
            "width": size[0],
            "height": size[1],
            "picture": _served(picture, f"{key}.picture"),
            "beside": _served(beside, f"{key}.beside") if beside else None,
            "cells": [vars(place) for place in places],
            "colours": colours,
            "selected": selected,
        },
        on_selected_change=on_select,
    )


def _served(shown: Shown, place: str) -> dict[str, str]:
    """Put a picture where the browser can fetch it, as `st.image` does: in memory, for this session."""
    mime = "image/png" if shown.content.startswith(b"\x89PNG") else "image/jpeg"
    url = get_instance().media_file_mgr.add(shown.content, mime, place)
    base = st.get_option("server.baseUrlPath").strip("/")
    return {"url": f"/{base}{url}" if base else url, "alt": shown.alt, "caption": shown.caption}
