"""What lies under the drawing: the part of a cell's picture in view, with lines to compare with."""

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw

from pages.shared.display import jpeg_bytes
from pap_core.outlines import Outlines
from pap_core.reviews.drawing import EDGES, PARTS, View
from pap_core.reviews.records import ReviewCell

_FINER = 2  # lines are drawn as much larger and made smaller, so that they are smooth
_DASH = 7  # canvas px
_MEMORY = "64MB"


def background(cell: ReviewCell, view: View, model: bool, result: Outlines | None) -> bytes:
    """Return a JPEG file of what is in view, as large as the canvas.

    Args:
        cell: under review.
        view: the part of its picture.
        model: whether to draw the predicted outlines, dashed.
        result: outlines to draw as what the drawing comes to, if any.
    """
    return _file(
        cell.id, view, cell.before.to_json() if model else "", result.to_json() if result else "", cell
    )


@st.cache_data(max_entries=64, max_size=_MEMORY, show_spinner=False)
def _file(identifier: str, view: View, model: str, result: str, _cell: ReviewCell) -> bytes:
    size = np.array((view.width, view.height))
    box = (view.x0, view.y0, *((view.x0, view.y0) + size / view.scale).clip(max=_cell.picture.shape[1::-1]))
    finer = _FINER if model or result else 1
    larger = Image.fromarray(_cell.picture).resize(
        tuple((size * finer).tolist()), Image.Resampling.BICUBIC, box
    )
    draw = ImageDraw.Draw(larger)
    for text, dashed in ((result, False), (model, True)):
        for part in PARTS if text else ():
            for ring in getattr(Outlines.from_json(text), part):
                _line(draw, view.on_canvas(ring), EDGES[part], dashed)
    return jpeg_bytes(np.array(larger.reduce(finer)))


def _line(draw: ImageDraw.ImageDraw, ring: np.ndarray, colour: str, dashed: bool) -> None:
    """Draw a ring: dashes of its colour on white, or a line of it between two white ones."""
    closed = np.vstack([ring, ring[:1]])
    draw.line(_flat(closed), "white", (2 if dashed else 5) * _FINER, joint="curve")
    dashes = [closed]
    if dashed:
        along = _evenly(closed)
        dashes = np.array_split(along, max(1, len(along) // _DASH))[::2]
    for dash in dashes:
        draw.line(_flat(dash), colour, 2 * _FINER, joint="curve")


def _flat(points: np.ndarray) -> list[tuple[float, float]]:
    return [tuple(point) for point in (points * _FINER).tolist()]


def _evenly(line: np.ndarray) -> np.ndarray:
    """Return points along a line, a pixel of the canvas apart."""
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    at = np.arange(0, way[-1])
    return np.stack([np.interp(at, way, line[:, axis]) for axis in (0, 1)], axis=1)
