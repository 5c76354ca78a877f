"""Contours: SIPaKMeD `.dat` files in and out, polygons to masks and back.

Coordinates are ``(x, y)`` in source pixels, x first, origin at the top-left corner of the image, so that
the centre of the first pixel lies at (0.5, 0.5). Every module keeps to this.
"""

import codecs
import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from skimage.measure import find_contours

from pap_core.errors import InputError

_FARTHEST = 1_000_000  # px from the origin; beyond lies no picture, and soon the drawing's number range
_BEYOND = 2  # px that an outline drawn at a picture's edge may lie outside of it
_LARGEST = 4_000_000  # bytes: of a file that is no contour, or of one that takes minutes to draw
_EXPECTED = "expected one vertex a line as 'x,y'; export the contour again or remove the file"
_VERTEX = re.compile(r"([^\s,;]+)(?:\s*[,;]\s*|\s+)([^\s,;]+)\s*[,;]?")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+(,\d+)?(?:\s*;\s*|\s+)[-+]?\d+(?(1)(?:,\d+)?|,\d+)")
_HEADER = re.compile(r"\W*x\W+y\W*", re.IGNORECASE)
_MARKS = (  # byte order marks; that of UTF-32 begins with that of UTF-16
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def read_dat(path: Path) -> np.ndarray:
    """Read one `.dat` contour from a file; see `parse_dat`.

    Raises:
        InputError: the file is unreadable, or no contour.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); check the file's rights.") from None
    return parse_dat(content, str(path))


def parse_dat(content: bytes, name: str) -> np.ndarray:
    """Parse one `.dat` contour: a vertex a line, ``x,y``, ``x;y`` or ``x y``, blank lines allowed.

    Editors of other systems leave a byte order mark or UTF-16 behind, tables a first line ``x,y``: both are
    read. A comma that may be a decimal one is refused.

    Args:
        content: of the file.
        name: what to call the file in a message.

    Returns:
        ``(V, 2)`` float64 vertices without the repeated first one, V at least 3.

    Raises:
        InputError: the file is empty, binary, has a line that is not two finite numbers or has no place
            in any picture, or has fewer than three different vertices.
    """
    vertices: list[tuple[float, float]] = []
    headed = False
    for number, line in enumerate(_text(content, name).splitlines(), start=1):
        line = line.strip()
        if not line:
            continue
        if not vertices and not headed and _HEADER.fullmatch(line):
            headed = True
            continue
        x, y = _vertex(line, f"{name}: line {number}")
        vertices.append((x, y))
    if not vertices:
        raise InputError(f"{name}: the file is empty, {_EXPECTED}.")
    if len(vertices) > 1 and vertices[0] == vertices[-1]:
        vertices.pop()
    if len(set(vertices)) < 3:
        raise InputError(f"{name}: {len(vertices)} vertices found, a contour needs three, {_EXPECTED}.")
    return np.array(vertices, dtype=np.float64)


def _text(content: bytes, name: str) -> str:
    if len(content) > _LARGEST:
        raise InputError(f"{name}: over {_LARGEST // 10**6} MB, too large for a contour, {_EXPECTED}.")
    mark, encoding = next((pair for pair in _MARKS if content.startswith(pair[0])), (b"", "ascii"))
    if not mark and b"\0" in content:  # UTF-16 without its mark: every other byte of plain figures is 0
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text or not text.isascii():
        raise InputError(f"{name}: not a text file, {_EXPECTED}.")
    return text


def _vertex(line: str, place: str) -> tuple[float, float]:
    if _DECIMAL_COMMA.fullmatch(line):
        raise InputError(
            f"{place} reads {line[:40]!r}, where a comma may be a decimal one; export the contour with "
            "decimal points."
        )
    fields = _VERTEX.fullmatch(line)
    try:
        x, y = (_number(field) for field in (fields.groups() if fields else ()))
    except ValueError:
        raise InputError(f"{place} reads {line[:40]!r}, {_EXPECTED}.") from None
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InputError(f"{place} holds {line[:40]!r}, no finite point, {_EXPECTED}.")
    if max(abs(x), abs(y)) > _FARTHEST:
        raise InputError(f"{place} holds {line[:40]!r}, far off any picture, {_EXPECTED}.")
    return x, y


def _number(field: str) -> float:
    if "_" in field:  # a thousands' mark of Python's own
        raise ValueError(field)
    return float(field)


def write_dat(path: Path, polygon: np.ndarray) -> None:
    """Write ``(V, 2)`` vertices as a closed `.dat` contour in the official form."""
    path.write_text(dat_text(polygon), encoding="ascii")


def dat_text(polygon: np.ndarray) -> str:
    """Return ``(V, 2)`` vertices as the text of a closed `.dat` contour in the official form.

    >>> dat_text(np.array([[0.5, 1234.56], [7, 0.5], [3.5, 2]]))
    '0.5,1234.6\\n7,0.5\\n3.5,2\\n0.5,1234.6\\n'
    """
    closed = np.vstack([polygon, polygon[:1]])
    digits = 5 if np.abs(polygon).max() < 10_000 else 6  # else the official five would move the contour
    return "".join(f"{x:.{digits}g},{y:.{digits}g}\n" for x, y in closed)


def fill(polygon: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Fill a polygon: True inside it and in every pixel its line runs through.

    Experts click on the last pixel that still belongs to the cell, so the line itself counts as inside;
    label maps drawn by others from the official SIPaKMeD contours do the same.

    Args:
        polygon: ``(V, 2)`` vertices in source pixels; parts outside the image are cut off.
        shape: ``(H, W)`` of the image.

    Returns:
        ``(H, W)`` bool.
    """
    height, width = shape
    canvas = Image.new("1", (width, height))
    ImageDraw.Draw(canvas).polygon([(int(x), int(y)) for x, y in np.floor(polygon)], fill=1, outline=1)
    return np.array(canvas)


def check_within(outlines: Sequence[np.ndarray], shape: tuple[int, int], name: str, picture: str) -> None:
    """Check that outlines were drawn on a picture of this size.

    Args:
        outlines: ``(V, 2)`` vertices each.
        shape: ``(H, W)`` of the picture.
        name: what to call the outlines' file in a message.
        picture: what to call the picture.

    Raises:
        InputError: one of them reaches more than 2 px beyond the picture.
    """
    if not outlines:
        return
    height, width = shape
    left, top = np.min([outline.min(axis=0) for outline in outlines], axis=0)
    right, bottom = np.max([outline.max(axis=0) for outline in outlines], axis=0)
    if min(left, top) < -_BEYOND or right > width + _BEYOND or bottom > height + _BEYOND:
        raise InputError(
            f"{name}: outlines from ({left:.6g}, {top:.6g}) to ({right:.6g}, {bottom:.6g}) found, {picture} "
            f"is {width} × {height} pixels; choose the outlines of this picture, at its full size."
        )


def trace(mask: np.ndarray) -> list[np.ndarray]:
    """Trace the outer outlines of a mask as polygons, longest first; holes are left out.

    Args:
        mask: ``(H, W)`` bool.

    Returns:
        ``(V, 2)`` vertices each, unclosed, at the centres of the outermost pixels: `fill` of a polygon
        gives its region back. Regions too small for three vertices are left out.
    """
    # a level just under 1 puts the line on the centres of the inside pixels
    rings = find_contours(np.pad(mask, 1).astype(np.float64), 1 - 1e-6, fully_connected="high")
    # undo the pad (-1), centre the pixels (+0.5)
    polygons = [ring[:-1, ::-1].round() - 0.5 for ring in rings]
    polygons = [polygon[np.any(polygon != np.roll(polygon, 1, axis=0), axis=1)] for polygon in polygons]
    outer = [polygon for polygon in polygons if len(polygon) > 2 and signed_area(polygon) > 0]
    return sorted(outer, key=len, reverse=True)


def signed_area(polygon: np.ndarray) -> float:
    """Return the area of ``(V, 2)`` vertices in square pixels, its sign telling the winding."""
    x, y = polygon[:, 0], polygon[:, 1]
    return 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))
