"""CVAT for images, XML: polygons, masks, boxes, ellipses and points of many pictures."""

from collections import defaultdict
from xml.etree import ElementTree

import numpy as np

from pap_core.data.truth.areas import Area, by_runs, dot, ellipse, part_of, rectangle
from pap_core.data.truth.points import ring
from pap_core.errors import InputError


def areas(content: bytes, name: str, default: str | None) -> dict[str, list[Area]]:
    """Return the areas by the picture's path.

    Args:
        content: of the file.
        name: of the file, for messages.
        default: what areas are whose label does not tell, see `part_of`.

    Raises:
        InputError: no XML of CVAT, a shape without an area, or of an unknown label.
    """
    expected = "expected annotations of CVAT for images 1.1; export them so"
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise InputError(f"{name}: XML with a document type found, {expected}.")
    try:
        root = ElementTree.fromstring(content)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise InputError(f"{name}: no XML, {expected}.") from None
    if root.tag != "annotations":
        raise InputError(f"{name}: XML of another kind found, {expected}.")
    found: dict[str, list[Area]] = defaultdict(list)
    for image in root.iter("image"):
        picture = image.get("name", "")
        for number, one in enumerate(image, start=1):
            where = f"{name}: shape {number} of {picture}"
            if one.tag in _READERS:
                part = part_of(one.get("label"), default, where)
                found[picture] += _READERS[one.tag](one, part, where)
            elif one.tag != "tag":
                raise InputError(
                    f"{where} is a {one.tag[:20]!r}, expected {', '.join(_READERS)}; draw it so, or drop it."
                )
    return dict(found)


def _polygon(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [Area(part, (_points(one, where),))]


def _box(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [rectangle(part, *_numbers(one, ("xtl", "ytl", "xbr", "ybr"), where))]


def _ellipse(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [ellipse(part, *_numbers(one, ("cx", "cy", "rx", "ry"), where))]


def _mask(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    left, top, width, height = map(int, _numbers(one, ("left", "top", "width", "height"), where))
    try:
        inside = by_runs([int(text) for text in one.get("rle", "").split(",")], height, width)
    except ValueError:
        raise InputError(f"{where} has run lengths of another size than its box; export it again.") from None
    return [Area(part, mask=inside, corner=(left, top))]


def _dots(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [dot(x, y) for x, y in _points(one, where, least=1)]


_READERS = {"polygon": _polygon, "mask": _mask, "box": _box, "ellipse": _ellipse, "points": _dots}


def _points(one: ElementTree.Element, where: str, least: int = 3) -> np.ndarray:
    return ring([pair.split(",") for pair in one.get("points", "").split(";")], where, least)


def _numbers(one: ElementTree.Element, names: tuple[str, ...], where: str) -> list[float]:
    return ring([[one.get(name), 0] for name in names], where, least=1)[:, 0].tolist()
