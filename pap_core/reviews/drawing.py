"""A cell's outlines on a canvas: as shapes to be moved and mended, and from shapes back to outlines.

What a shape is for is told by its colour: an outline of the nucleus or of the cell, or the stroke of a
brush that adds to one of them or takes from it. All is done with vectors, so that an outline is where it was
drawn, at any zoom; no pixel takes part.
"""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.polygon import orient

from pap_core.outlines import Outlines
from pap_core.reviews.handles import MOST, handles, recognised, refined
from pap_core.reviews.shapes import corners, flattened, middle, placed, stroke

PARTS = ("nucleus", "cell")
EDGES = {"nucleus": "#005aff", "cell": "#ff3c00"}  # as `pap_core.overlay` draws them
ADDING = {"nucleus": "rgba(0, 90, 255, 0.45)", "cell": "rgba(255, 60, 0, 0.45)"}
TAKING = {"nucleus": "rgba(235, 240, 255, 0.65)", "cell": "rgba(255, 240, 235, 0.65)"}
INSIDE = "rgba(255, 255, 255, 0)"  # of an outline; a line drawn by free hand has none
LINE = 2  # canvas px

_KEPT = 0.1  # px that a line or stroke may be simplified by; outlines that were there keep their vertices
_CURVE = 0.05  # px that lines may lie off a curve
_SAME = 1e-3  # px
_SMALLEST = 4  # square px; less is a slip of the hand


@dataclass(frozen=True)
class View:
    """The part of a picture that a canvas shows."""

    x0: float  # its corner, in px of the picture
    y0: float
    scale: float  # px of the canvas for a px of the picture
    width: int  # of the canvas, px
    height: int

    @classmethod
    def of(cls, shape: tuple[int, int], longest: int, closer: float, at: tuple[float, float]) -> "View":
        """Return the view of a picture.

        Args:
            shape: ``(H, W)`` of the picture.
            longest: px, the longer side of the canvas.
            closer: 1 for the whole picture, 2 for a view of half its sides.
            at: ``(x, y)`` px of the picture that is to be in the middle, as far as the picture's edge allows.

        >>> View.of((256, 128), 512, 4, (64, 10))
        View(x0=48.0, y0=0.0, scale=8.0, width=256, height=512)
        """
        size = np.array(shape[::-1], dtype=np.float64)
        scale = longest / size.max() * closer
        corner = np.clip(np.array(at) - size / closer / 2, 0, size - size / closer)
        width, height = np.maximum(1, (size * scale / closer).round().astype(int)).tolist()
        x0, y0 = corner.tolist()
        return cls(x0, y0, float(scale), width, height)

    def on_canvas(self, points: np.ndarray) -> np.ndarray:
        """Return where ``(N, 2)`` points of the picture lie on the canvas."""
        return (points - (self.x0, self.y0)) * self.scale

    def in_picture(self, points: np.ndarray) -> np.ndarray:
        """Return where ``(N, 2)`` points of the canvas lie in the picture."""
        return points / self.scale + (self.x0, self.y0)


def objects(outlines: Outlines, view: View) -> list[dict]:
    """Return outlines as polygons for a canvas, the nucleus over the cell, by their handles alone."""
    return [
        _polygon(_shown(ring, view, part)[0], EDGES[part])
        for part in reversed(PARTS)
        for ring in getattr(outlines, part)
    ]


def read(drawn: list[dict], given: Outlines, view: View) -> Outlines:
    """Return the outlines that the shapes on a canvas make, in the order in which they were drawn.

    Outlines of a part are united, strokes of a brush added or taken. Of what comes of it, holes are filled
    and crumbs left out. A piece that was not touched keeps its numbers; one that was moved, turned or scaled
    as a whole keeps its corners, those too that the canvas did not show. Where some of its handles were
    moved, it keeps its numbers between the others.

    Args:
        drawn: the objects of the canvas.
        given: the outlines that `objects` put there.
        view: the part of the picture it shows.
    """
    return Outlines(
        **{
            part: _part([one for one in drawn if _part_of(one) == part], getattr(given, part), view, part)
            for part in PARTS
        }
    )


def whole(outlines: Outlines) -> Outlines:
    """Return the outlines with the cell grown, where it must be, to hold its nucleus."""
    cell, nucleus = (
        shapely.union_all([_enclosed(ring) for ring in part]) for part in (outlines.cell, outlines.nucleus)
    )
    if nucleus.difference(cell).area < _SAME:
        return outlines
    return Outlines(cell=_pieces(cell.union(nucleus), outlines.cell), nucleus=outlines.nucleus)


def unfinished(drawn: list[dict]) -> bool:
    """Tell whether a polygon was begun and not closed yet; it is no outline so far."""
    return any(_is_begun(one) for one in drawn)


def has_strokes(drawn: list[dict]) -> bool:
    """Tell whether there are lines whose effect is not seen until they are joined with the outlines."""
    return any(one["type"] == "Path" and _part_of(one) and not _is_begun(one) for one in drawn)


def _shown(ring: np.ndarray, view: View, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the handles of a ring on the canvas, and their places in it."""
    places = handles(ring, MOST if part == "nucleus" else None)
    return view.on_canvas(ring[places]).round(3), places


def _polygon(ring: np.ndarray, colour: str) -> dict:
    left, top = ((ring.min(axis=0) + ring.max(axis=0)) / 2).tolist()
    return {
        "type": "Polygon",
        "points": [{"x": x, "y": y} for x, y in ring.tolist()],
        "left": left,
        "top": top,
        "originX": "center",
        "originY": "center",
        "stroke": colour,
        "strokeWidth": LINE,
        "strokeUniform": True,
        "fill": INSIDE,
    }


def _part_of(shape: dict) -> str:
    for colours in (EDGES, ADDING, TAKING):
        for part, colour in colours.items():
            if shape.get("stroke") == colour:
                return part
    return ""


def _is_begun(shape: dict) -> bool:
    return shape["type"] == "Path" and shape.get("stroke") in EDGES.values() and shape.get("fill") is not None


def _part(shapes: list[dict], given: tuple[np.ndarray, ...], view: View, part: str) -> tuple[np.ndarray, ...]:
    area = shapely.Polygon()
    untouched = []
    for shape in shapes:
        if _is_begun(shape):
            continue
        if shape.get("stroke") != EDGES[part]:
            covered = shapely.transform(stroke(shape, _CURVE * view.scale), view.in_picture).simplify(_KEPT)
            adds = shape["stroke"] == ADDING[part]
            area = area.union(covered) if adds else area.difference(covered)
            continue
        ring, before = _outline(shape, given, view, part)
        if before is not None and np.abs(ring - before).max() < _SAME:
            untouched.append(before)
            ring = before
        area = area.union(_enclosed(ring))
    if len(untouched) == len(shapes) == len(given):
        return given
    return _pieces(area, tuple(untouched))


def _outline(
    shape: dict, given: tuple[np.ndarray, ...], view: View, part: str
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return a shape's ring in pixels of the picture, and the ring given that it is, if any."""
    if shape["type"] != "Polygon":
        line = flattened(shape, _CURVE * view.scale)
        drawn = shapely.LineString(view.in_picture(placed(shape, line, middle(shape))))
        return shapely.get_coordinates(drawn.simplify(_KEPT)), None
    points = corners(shape)
    for before in given:
        shown, places = _shown(before, view, part)
        known = recognised(points, shown)
        if (known >= 0).sum() < 2:
            continue
        line, origin = refined(points, shown, view.on_canvas(before), places)
        ring = view.in_picture(placed(shape, line, middle(shape)))
        same = (origin >= 0) & (np.abs(ring - before[origin]).max(axis=1) < _SAME)
        ring[same] = before[origin[same]]
        if len(origin) == len(before) and (origin >= 0).all():  # none of its handles was moved by itself
            return ring[np.argsort(origin)], before
        return ring, None
    return view.in_picture(placed(shape, points, middle(shape))), None


def _enclosed(ring: np.ndarray) -> shapely.Geometry:
    """Return all that a closed line runs around, where it crosses itself too."""
    if len(np.unique(ring, axis=0)) < 3:
        return shapely.Polygon()
    polygon = shapely.Polygon(ring)
    if polygon.is_valid:
        return polygon
    lines = shapely.union_all([shapely.LinearRing(ring)])
    return shapely.union_all(shapely.get_parts(shapely.polygonize([lines])))


def _pieces(area: shapely.Geometry, known: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    """Return the outer rings of an area, the largest first; those known already with their own numbers."""
    rings = []
    before = [(_enclosed(ring), ring) for ring in known]
    polygons = [one for one in shapely.get_parts(area) if isinstance(one, shapely.Polygon) and one.area > 0]
    for piece in sorted(polygons, key=lambda one: one.area, reverse=True):
        filled = shapely.Polygon(piece.exterior)
        same = [ring for one, ring in before if filled.equals_exact(one, _SAME, normalize=True)]
        if same:
            rings.append(same[0])
        elif filled.area >= _SMALLEST:
            rings.append(np.array(orient(filled).exterior.coords)[:-1])
    return tuple(rings)
