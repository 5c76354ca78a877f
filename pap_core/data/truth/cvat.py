"""CVAT for images, XML: polygons, masks, boxes, ellipses and points of many pictures."""

import math
from collections import defaultdict
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np

from pap_core.data.truth.areas import UNCLEAR, Area, by_runs, dot, ellipse, part_of, rectangle
from pap_core.data.truth.points import ring
from pap_core.errors import InputError


def parse(content: bytes, name: str) -> ElementTree.Element:
    """Return what is in a file.

    Args:
        content: of the file.
        name: of the file, for messages.

    Raises:
        InputError: no XML of CVAT for images.
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
    if root.find("track") is not None:
        raise InputError(f"{name}: tracks through a video found, {expected}.")
    return root


def areas(root: ElementTree.Element, name: str, default: str | None) -> dict[str, list[Area]]:
    """Return the areas by the picture's path.

    Args:
        root: see `parse`.
        name: of the file, for messages.
        default: what areas are whose label does not tell, see `part_of`.

    Raises:
        InputError: a picture without a name, a shape without an area, or of an unknown label.
    """
    found: dict[str, list[Area]] = defaultdict(list)
    for image in root.iter("image"):
        picture = image.get("name", "")
        if not picture.strip():
            raise InputError(
                f"{name}: a picture without a name found, expected the name of its file; add it."
            )
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


def sizes(root: ElementTree.Element) -> dict[str, tuple[int, int]]:
    """Return ``(W, H)`` of pictures, where the file, of which `areas` found nothing wrong, tells them."""
    found = {}
    for image in root.iter("image"):
        width, height = (image.get(side, "") for side in ("width", "height"))
        if width.isascii() and height.isascii() and width.isdigit() and height.isdigit():
            found[image.get("name", "")] = (int(width), int(height))
    return found


def _polygon(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [Area(part, (_points(one, where),))]


def _box(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [_turned(rectangle(part, *_numbers(one, ("xtl", "ytl", "xbr", "ybr"), where)), one, where)]


def _ellipse(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    return [_turned(ellipse(part, *_numbers(one, ("cx", "cy", "rx", "ry"), where)), one, where)]


def _mask(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    left, top, width, height = map(int, _numbers(one, ("left", "top", "width", "height"), where))
    try:
        inside = by_runs([int(text) for text in one.get("rle", "").split(",")], height, width)
    except ValueError:
        raise InputError(f"{where} has run lengths of another size than its box; export it again.") from None
    return [Area(part, mask=inside, corner=(left, top))]


def _dots(one: ElementTree.Element, part: str, where: str) -> list[Area]:
    if part == UNCLEAR:  # points that say that nothing is known there
        return []
    return [dot(x, y) for x, y in _points(one, where, least=1)]


def _turned(area: Area, one: ElementTree.Element, where: str) -> Area:
    """Turn a box or an ellipse about its middle, clockwise as it is seen, by the degrees that it has."""
    if "rotation" not in one.attrib:
        return area
    angle = math.radians(_numbers(one, ("rotation",), where)[0])
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    (outline,) = area.rings
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    return replace(area, rings=((outline - middle) @ turn + middle,))


_READERS = {"polygon": _polygon, "mask": _mask, "box": _box, "ellipse": _ellipse, "points": _dots}


def _points(one: ElementTree.Element, where: str, least: int = 3) -> np.ndarray:
    return ring([pair.split(",") for pair in one.get("points", "").split(";")], where, least)


def _numbers(one: ElementTree.Element, names: tuple[str, ...], where: str) -> list[float]:
    return ring([[one.get(name), 0] for name in names], where, least=1)[:, 0].tolist()
