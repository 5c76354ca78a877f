"""labelme JSON: the areas of one picture."""

from typing import Any

import numpy as np

from pap_core.data.truth.areas import UNCLEAR, Area, dot, ellipse, part_of, rectangle
from pap_core.data.truth.points import ring
from pap_core.errors import InputError


def recognise(data: Any) -> bool:
    """Tell whether JSON is of labelme."""
    return isinstance(data, dict) and isinstance(data.get("shapes"), list)


def areas(data: dict, name: str, default: str | None) -> dict[str, list[Area]]:
    """Return the areas by the picture's path, "" where the file does not tell it.

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
        part, kind = part_of(one.get("label"), default, where), one.get("shape_type", "polygon")
        area = _area(kind, one.get("points"), part, where)
        if not (area.point and part == UNCLEAR):  # a point that says that nothing is known there
            found.append(area)
    return {_picture(data): found}


def sizes(data: dict) -> dict[str, tuple[int, int]]:
    """Return ``(W, H)`` of the picture, where the file tells it."""
    width, height = data.get("imageWidth"), data.get("imageHeight")
    if isinstance(width, int) and isinstance(height, int) and width > 0 and height > 0:
        return {_picture(data): (width, height)}
    return {}


def _picture(data: dict) -> str:
    path = data.get("imagePath")
    return path if isinstance(path, str) else ""


def _area(kind: object, points: Any, part: str, where: str) -> Area:
    if kind == "polygon":
        return Area(part, (ring(points, where),))
    if kind in ("rectangle", "circle"):
        (left, top), (right, bottom) = _several(points, 2, where)
        if kind == "rectangle":
            return rectangle(part, left, top, right, bottom)
        radius = np.hypot(right - left, bottom - top)  # from the middle to a point of the circle
        return ellipse(part, left, top, radius, radius)
    if kind == "point":
        return dot(*_several(points, 1, where)[0])
    raise InputError(
        f"{where} is a {str(kind)[:20]!r}, expected a polygon, a rectangle, a circle or a point; draw it "
        "so or leave it out."
    )


def _several(points: Any, count: int, where: str) -> np.ndarray:
    found = ring(points, where, least=1)
    if len(found) != count:
        raise InputError(f"{where} has {len(found)} points, expected {count}; draw it again or leave it out.")
    return found
