"""What a person can draw on a canvas, as the browser sends it, and outlines to draw on."""

import json

import numpy as np
import shapely

from pap_core.contours import trace
from pap_core.outlines import Outlines
from pap_core.reviews.drawing import (
    EDGES,
    INSIDE,
    View,
)
from pap_core.reviews.shapes import middle

SHAPE = (200, 240)
ZOOMS = [1, 2, 3.7, 8]
HALF = 0.5  # px of the picture: as far as an outline may come back off its place


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return np.hypot(columns - x, rows - y) <= radius


def traced(cell: np.ndarray, nucleus: np.ndarray) -> Outlines:
    return Outlines(tuple(trace(cell | nucleus)), tuple(trace(nucleus)))


def view_of(zoom: float, outlines: Outlines) -> View:
    return View.of(SHAPE, 640, zoom, tuple(outlines.nucleus[0].mean(axis=0)))


def sent(shapes: list[dict]) -> list[dict]:
    """Return shapes as the browser sends them: as JSON, places to four digits."""
    shapes = json.loads(json.dumps(shapes))
    return [one | {"left": round(one["left"], 4), "top": round(one["top"], 4)} for one in shapes]


def path(points: np.ndarray, **given) -> dict:
    """Draw a line through points of the canvas as a brush does, in curves from middle to middle."""
    middles = ((points[:-1] + points[1:]) / 2).tolist()
    bends = [["Q", *at, *to] for at, to in zip(points[1:-1].tolist(), middles[1:], strict=True)]
    commands = [["M", *points[0].tolist()], *bends, ["L", *points[-1].tolist()]]
    left, top = middle({"path": commands}).tolist()
    place = {"left": left, "top": top, "originX": "center", "originY": "center"}
    return {"type": "Path", "path": commands, "fill": None} | place | given


def line(view: View, *points: tuple[float, float], **given) -> dict:
    """Draw a straight line through points of the picture."""
    on_canvas = view.on_canvas(np.array(points, dtype=np.float64))
    commands = [["M", *on_canvas[0].tolist()], *(["L", *one.tolist()] for one in on_canvas[1:])]
    left, top = ((on_canvas.min(axis=0) + on_canvas.max(axis=0)) / 2).tolist()
    place = {"left": left, "top": top, "originX": "center", "originY": "center"}
    return {"type": "Path", "path": commands, "fill": None} | place | given


def polygon(view: View, ring: np.ndarray, part: str) -> dict:
    """Draw a polygon through points of the picture, as a click on each corner does."""
    points = view.on_canvas(np.asarray(ring, dtype=np.float64))
    left, top = ((points.min(axis=0) + points.max(axis=0)) / 2).tolist()
    corners = [{"x": x, "y": y} for x, y in points.tolist()]
    place = {"left": left, "top": top, "originX": "center", "originY": "center", "strokeWidth": 2}
    return {"type": "Polygon", "points": corners, "stroke": EDGES[part], "fill": INSIDE} | place


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return how far two rings lie apart at most."""
    return shapely.hausdorff_distance(shapely.LinearRing(first), shapely.LinearRing(second), densify=0.02)


def area(rings: tuple[np.ndarray, ...]) -> float:
    return sum(shapely.Polygon(ring).area for ring in rings)
