"""Masks as polygons along the edges of pixels, holes included, and back without loss.

Where `pap_core.contours.trace` runs through the centres of the outermost pixels, as experts click, these
polygons enclose every pixel wholly: their area is the number of pixels. A polygon is a list of rings, the
outer one first and its holes after it; a ring is ``(V, 2)`` float64 vertices (x, y), not closed.
"""

from collections.abc import Iterable

import numpy as np
from skimage.measure import find_contours
from skimage.measure import label as connected

from pap_core.contours import signed_area

Polygon = list[np.ndarray]
Box = tuple[slice, slice]

_CROSSINGS_AT_ONCE = 1_000_000  # so that little memory is needed beside the picture's


def polygons(mask: np.ndarray) -> list[Polygon]:
    """Return the pieces of a mask as polygons, the largest first.

    Pixels that only touch at a corner are different pieces, and no ring touches itself, so that each
    polygon is valid by the rules of GeoJSON and of OGC's simple features.

    Args:
        mask: ``(H, W)`` bool.
    """
    pieces = connected(mask, connectivity=1)
    outer: list[np.ndarray] = [np.empty((0, 2))] * pieces.max()
    holes: list[Polygon] = [[] for _ in outer]
    for middles in find_contours(np.pad(mask, 1).astype(np.float64), 0.5, fully_connected="low"):
        # each vertex is the middle of a pixel's edge, and halfway to the next lies the corner they share
        # or, where they turn, a quarter pixel beside it; +0.5 and -1 are for the centres and for the pad
        corners = ((middles[:-1] + middles[1:])[:, ::-1] / 2 + 0.5).round() - 1
        for ring in _simple_rings(corners):
            x, y = ring[np.lexsort(ring.T)[0]].astype(int)  # the top left corner
            if signed_area(ring) > 0:
                outer[pieces[y, x] - 1] = _without_straights(ring)
            else:
                holes[pieces[y - 1, x] - 1].append(_without_straights(ring))
    found = [[ring, *inner] for ring, inner in zip(outer, holes, strict=True)]
    return sorted(found, key=lambda polygon: signed_area(polygon[0]), reverse=True)


def fill_polygon(rings: Iterable[np.ndarray], shape: tuple[int, int]) -> tuple[Box, np.ndarray]:
    """Fill a polygon: a pixel is inside where its centre is, by the even-odd rule.

    Args:
        rings: the outer ring and its holes, in any order; parts outside the image are cut off.
        shape: ``(H, W)`` of the image.

    Returns:
        The box of the image that holds the polygon, and ``(h, w)`` bool of the box.
    """
    rings = list(rings)
    vertices = np.concatenate(rings)
    low = np.clip(np.floor(vertices.min(axis=0)), 0, shape[::-1]).astype(int)
    high = np.clip(np.ceil(vertices.max(axis=0)), low, shape[::-1]).astype(int)
    box = (slice(low[1], high[1]), slice(low[0], high[0]))
    width, height = high - low
    return box, fill_polygons([[ring - low for ring in rings]], (height, width))


def fill_polygons(found: Iterable[Polygon], shape: tuple[int, int]) -> np.ndarray:
    """Fill polygons, each as `fill_polygon` does; a pixel counts where it is inside one or more of them.

    The work grows with the rows that the edges cross, not with the area of each polygon.

    Args:
        found: polygons; parts outside the image are cut off.
        shape: ``(H, W)`` of the image.

    Returns:
        ``(H, W)`` bool.
    """
    height, width = shape
    # along each row, how many polygons begin at a pixel less how many end there
    changes = np.zeros(height * (width + 1), dtype=np.int32)
    for rings in found:
        crossings = np.sort(_crossings(rings, shape))
        np.add.at(changes, crossings[::2], 1)  # of two crossings of a row the first leads in, ...
        np.add.at(changes, crossings[1::2], -1)  # ... the second out
    rows = changes.reshape(height, width + 1)
    np.cumsum(rows, axis=1, out=rows)
    return rows[:, :-1] > 0


def rows_crossed(rings: Polygon, shape: tuple[int, int]) -> int:
    """Count the rows of pixel centres that each edge of a polygon crosses, all edges together."""
    return int(_rows(*_edges(rings), shape[0])[1].sum())


def _edges(rings: Polygon) -> tuple[np.ndarray, np.ndarray]:
    """Return the upper and the lower end of each edge."""
    starts = np.concatenate(rings)
    ends = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    down = (starts[:, 1] <= ends[:, 1])[:, None]
    return np.where(down, starts, ends), np.where(down, ends, starts)


def _rows(upper: np.ndarray, lower: np.ndarray, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first row whose pixel centres each edge crosses, and how many there are."""
    top = np.clip(np.ceil(upper[:, 1] - 0.5), 0, height).astype(int)
    return top, np.clip(np.ceil(lower[:, 1] - 0.5), top, height).astype(int) - top


def _crossings(rings: Polygon, shape: tuple[int, int]) -> np.ndarray:
    """Return, for each edge and each row of pixel centres it crosses, the first pixel right of it.

    Pixels are counted along the rows, each of which has one more than the image.
    """
    height, width = shape
    upper, lower = _edges(rings)
    top, count = _rows(upper, lower, height)
    place = np.empty(count.sum(), dtype=np.int64)
    last = np.cumsum(count)
    for first in range(0, len(place), _CROSSINGS_AT_ONCE):
        one = np.arange(first, min(first + _CROSSINGS_AT_ONCE, len(place)))
        edge = np.searchsorted(last, one, side="right")
        row = one - (last[edge] - count[edge]) + top[edge]
        along = (row + 0.5 - upper[edge, 1]) / (lower[edge, 1] - upper[edge, 1])
        x = upper[edge, 0] + along * (lower[edge, 0] - upper[edge, 0])
        place[one] = row * (width + 1) + np.clip(np.ceil(x - 0.5), 0, width).astype(int)
    return place


def _simple_rings(corners: np.ndarray) -> list[np.ndarray]:
    """Take a closed walk over corners of pixels apart where it comes to a corner again."""
    rings = []
    path: list[tuple[float, float]] = []
    place: dict[tuple[float, float], int] = {}
    for corner in map(tuple, corners.tolist()):
        if corner in place:
            first = place[corner]
            rings.append(np.array(path[first:]))
            for left in path[first:]:
                del place[left]
            del path[first:]
        place[corner] = len(path)
        path.append(corner)
    return [*rings, np.array(path)]


def _without_straights(ring: np.ndarray) -> np.ndarray:
    """Drop the vertices at which a ring goes straight on."""
    back, on = ring - np.roll(ring, 1, axis=0), np.roll(ring, -1, axis=0) - ring
    return ring[np.any(back != on, axis=1)]
