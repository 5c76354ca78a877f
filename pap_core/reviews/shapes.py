"""The shapes of a Fabric.js canvas as geometry: where their points lie, and what a stroke covers.

A shape is an object of the canvas's JSON. Its points are its own; how it was moved, turned, scaled, skewed
and flipped since is kept beside them, and is honoured here as Fabric itself does when it draws.
"""

import math
from collections.abc import Iterator

import numpy as np
import shapely

_ORIGINS = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}
_ROUND = 16  # segments of a quarter of a circle


def placed(shape: dict, points: np.ndarray, middle: np.ndarray) -> np.ndarray:
    """Return where points of a shape lie on the canvas.

    Args:
        shape: the object.
        points: ``(N, 2)`` in the shape's own pixels.
        middle: `middle` of the shape.

    Returns:
        ``(N, 2)`` in pixels of the canvas.

    >>> square = {"points": [{"x": 0, "y": 0}, {"x": 8, "y": 0}, {"x": 8, "y": 8}, {"x": 0, "y": 8}]}
    >>> square |= {"left": 20, "top": 30, "originX": "center", "originY": "center", "angle": 90}
    >>> placed(square, corners(square), middle(square)).round(9)
    array([[24., 26.],
           [24., 34.],
           [16., 34.],
           [16., 26.]])
    """
    return (points - middle) @ _linear(shape).T + _centre(shape)


def corners(shape: dict) -> np.ndarray:
    """Return the ``(V, 2)`` vertices of a polygon in its own pixels."""
    return np.array([[point["x"], point["y"]] for point in shape["points"]], dtype=np.float64).reshape(-1, 2)


def flattened(shape: dict, off: float) -> np.ndarray:
    """Return the ``(N, 2)`` points of a path, its curves as lines, in its own pixels.

    Args:
        shape: a path, as its commands in absolute places.
        off: px of the canvas that a line may lie off its curve.
    """
    off /= max(1e-6, float(np.linalg.norm(_linear(shape), 2)))  # as large as the shape was made since
    points: list[np.ndarray] = []
    for start, *bend, end in _segments(shape["path"]):
        if not points:
            points.append(start)
        # Wang's bound: n lines lie off a curve of degree d by d (d - 1) / 8 n² of its largest turn at most
        turn = np.linalg.norm(np.diff([start, *bend, end], n=2, axis=0), axis=1).max() if bend else 0.0
        steps = max(1, math.ceil(math.sqrt(len(bend) * (len(bend) + 1) * turn / (8 * off))))
        points.extend(_curve([start, *bend, end], np.linspace(0, 1, steps + 1)[1:]))
    return np.array(points).reshape(-1, 2)


def middle(shape: dict) -> np.ndarray:
    """Return the middle ``(x, y)`` of a shape's box in its own pixels; its place on the canvas is of that."""
    low, high = _box(shape)
    return (low + high) / 2


def stroke(shape: dict, off: float) -> shapely.Geometry:
    """Return what the stroke of a brush covers, in pixels of the canvas.

    Args:
        shape: a path with a width; its ends and joins are round.
        off: px of the canvas that the edge may lie off the true one.
    """
    line, radius = flattened(shape, off), shape["strokeWidth"] / 2
    if shape.get("strokeUniform"):  # as wide as it was, however it was scaled
        return _buffered(placed(shape, line, middle(shape)), radius)
    covered = _buffered(line, radius)
    return shapely.transform(covered, lambda points: placed(shape, points, middle(shape)))


def _buffered(line: np.ndarray, radius: float) -> shapely.Geometry:
    spread = len(np.unique(line, axis=0)) > 1
    return (shapely.LineString(line) if spread else shapely.Point(line[0])).buffer(radius, quad_segs=_ROUND)


def _segments(path: list[list]) -> Iterator[list[np.ndarray]]:
    """Yield each line or curve of a path as its start, the points that bend it, and its end."""
    at = begun = np.zeros(2)
    for command, *numbers in path:
        places = list(np.array(numbers, dtype=np.float64).reshape(-1, 2))
        if command == "M":
            at = begun = places[-1]
            continue
        yield [at, *(places or [begun])]
        at = places[-1] if places else begun


def _curve(points: list[np.ndarray], at: np.ndarray) -> np.ndarray:
    """Return the points of a Bézier curve of any degree at places in [0, 1]."""
    degree, t = len(points) - 1, at[:, None]
    return sum(
        math.comb(degree, k) * (1 - t) ** (degree - k) * t**k * point for k, point in enumerate(points)
    )


def _box(shape: dict) -> tuple[np.ndarray, np.ndarray]:
    if "points" in shape:
        points = corners(shape)
    else:
        ends = [[points[0], points[-1], *_turns(points)] for points in _segments(shape["path"])]
        points = np.array([point for segment in ends for point in segment]).reshape(-1, 2)
    return points.min(axis=0), points.max(axis=0)


def _turns(points: list[np.ndarray]) -> list[np.ndarray]:
    """Return the points of a curve that lie farthest to any side, where those are not its ends."""
    if len(points) == 2:
        return []
    if len(points) == 3:  # Fabric takes its box as if it were cubic and bent by the same point twice
        points = [points[0], points[1], points[1], points[2]]
    steps = np.diff(points, axis=0)
    slope = np.stack([steps[0] - 2 * steps[1] + steps[2], 2 * (steps[1] - steps[0]), steps[0]])
    roots = np.concatenate([np.roots(slope[:, axis]) for axis in (0, 1)])
    at = np.real(roots[np.isreal(roots)])
    return list(_curve(points, at[(at > 0) & (at < 1)]))


def _linear(shape: dict) -> np.ndarray:
    """Return ``(2, 2)``: how a shape is turned, scaled, flipped and skewed, the last one first."""
    turn = math.radians(shape.get("angle", 0))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    flip = np.diag([-1.0 if shape.get(f"flip{axis}") else 1.0 for axis in "XY"])
    return rotation @ flip @ _stretch(shape)


def _stretch(shape: dict) -> np.ndarray:
    across, down = (math.tan(math.radians(shape.get(f"skew{axis}", 0))) for axis in "XY")
    scale = np.diag([shape.get(f"scale{axis}", 1.0) for axis in "XY"])
    return scale @ np.array([[1, across], [0, 1]]) @ np.array([[1, 0], [down, 1]])


def _centre(shape: dict) -> np.ndarray:
    """Return where the middle of a shape lies on the canvas; its place may be said of another point of it."""
    place = np.array([shape["left"], shape["top"]], dtype=np.float64)
    origins = (shape.get("originX", "left"), shape.get("originY", "top"))
    share = 0.5 - np.array([_ORIGINS.get(origin, origin) for origin in origins], dtype=np.float64)
    if not share.any():
        return place
    low, high = _box(shape)
    line = shape.get("strokeWidth", 1)
    uniform = bool(shape.get("strokeUniform"))
    width, height = (high - low + (0 if uniform else line)) / 2
    reached = np.array([[width, height], [width, -height]]) @ _stretch(shape).T
    size = 2 * np.abs(reached).max(axis=0) + (line if uniform else 0)
    turn = math.radians(shape.get("angle", 0))
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return place + rotation @ (share * size)
