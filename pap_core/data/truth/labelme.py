"""labelme JSON: the areas of one picture."""

from pathlib import PureWindowsPath
from typing import Any

import numpy as np

from pap_core.data.truth.areas import Area, dot, part_of
from pap_core.data.truth.points import ring
from pap_core.errors import InputError

_CORNERS = 64  # of the polygon that stands for a circle


def recognise(data: Any) -> bool:
    """Tell whether JSON is of labelme."""
    return isinstance(data, dict) and isinstance(data.get("shapes"), list)


def areas(data: dict, name: str, default: str | None) -> dict[str, list[Area]]:
    """Return the areas by the picture's file name, "" where the file does not tell it.

    Args:
        data: of the file.
        name: of the file, for messages.
        default: what areas are whose label does not tell, see `part_of`.

    Raises:
        InputError: a shape without an area, or of an unknown label.
    """
    found = []
    for number, one in enumerate(data["shapes"], start=1):
        where = f"{name}: shape {number}"
        if not isinstance(one, dict):
            raise InputError(f"{where} is none, expected a label and points; export it again.")
        part = part_of(one.get("label"), default, where)
        found.append(_area(one.get("shape_type", "polygon"), one.get("points"), part, where))
    path = data.get("imagePath")
    return {PureWindowsPath(path).name if isinstance(path, str) else "": found}


def _area(kind: object, points: Any, part: str, where: str) -> Area:
    if kind == "polygon":
        return Area(part, (ring(points, where),))
    if kind in ("rectangle", "circle"):
        (left, top), (right, bottom) = _two(points, where)
        if kind == "rectangle":
            return Area(part, (np.array([[left, top], [right, top], [right, bottom], [left, bottom]]),))
        turns = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
        radius = np.hypot(right - left, bottom - top)
        return Area(part, (np.stack([left + radius * np.cos(turns), top + radius * np.sin(turns)], axis=1),))
    if kind == "point" and isinstance(points, list) and len(points) == 1:
        ((x, y),) = _points(points, where)
        return dot(x, y)
    raise InputError(
        f"{where} is a {str(kind)[:20]!r}, expected a polygon, a rectangle, a circle or a point; draw it "
        "so or leave it out."
    )


def _two(points: Any, where: str) -> np.ndarray:
    found = _points(points, where)
    if len(found) != 2:
        raise InputError(f"{where} has {len(found)} points, expected two; draw it again or leave it out.")
    return found


def _points(points: Any, where: str) -> np.ndarray:
    return ring(points, where, least=1)
