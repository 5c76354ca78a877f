"""Points of an area's outline; and tables of points, each in a nucleus."""

import codecs
import csv
import io
from collections import defaultdict
from typing import Any

import numpy as np

from pap_core.data.truth.areas import Area, dot
from pap_core.errors import InputError

PICTURE = ("image", "picture", "file", "filename", "file_name", "image_name")  # columns, lower case
_FARTHEST = 1_000_000  # px from the origin; beyond lies no picture
_SEPARATORS = (",", ";", "\t")
_HEAD = 100_000  # bytes in which a table's head ends

Row = dict[str, str]


def ring(points: Any, where: str, least: int = 3) -> np.ndarray:
    """Return points as ``(V, 2)`` float64.

    Args:
        points: a list of pairs of numbers, as JSON gives it.
        where: what to call them in a message.
        least: how many there must be.

    Raises:
        InputError: they are none of any picture.
    """
    try:
        found = np.array(points, dtype=np.float64)
        if found.ndim == 2 and found.shape[1] == 2 and len(found) >= least and (abs(found) < _FARTHEST).all():
            return found
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputError(
        f"{where} has coordinates that are no points of any picture, expected {least} or more; draw it again "
        "or leave it out."
    )


def recognise(content: bytes) -> bool:
    """Tell by its head whether a table is of points: a picture, x and y."""
    text = _decoded(content[:_HEAD], "replace")
    try:
        head = next(csv.reader(io.StringIO(text), delimiter=_separator(text)), [])
    except csv.Error:
        return False
    names = [one.strip().casefold() for one in head]
    return "x" in names and "y" in names and any(one in names for one in PICTURE)


def areas(content: bytes, name: str) -> dict[str, list[Area]]:
    """Return a dot for each point by the picture's path, as the table has it, equal ones once.

    Args:
        content: of the CSV file, with columns for the picture (`PICTURE`), x and y, px.
        name: of the file, for messages.

    Raises:
        InputError: a point of no picture, or whose x or y is no number.
    """
    found: dict[str, dict[tuple[float, float], Area]] = defaultdict(dict)
    for number, row in table(content, name):
        x, y = (_number(row[one]) for one in ("x", "y"))
        if not (abs(x) < _FARTHEST and abs(y) < _FARTHEST):
            raise InputError(
                f"{name}: line {number} has x {row['x']!r:.20} and y {row['y']!r:.20}, expected numbers of "
                "pixels; correct it or leave it out."
            )
        picture = picture_of(row)
        if not picture:
            raise InputError(
                f"{name}: line {number} names no picture, expected the name of its file; add it or leave the "
                "line out."
            )
        found[picture][x, y] = dot(x, y)
    return {picture: list(dots.values()) for picture, dots in found.items()}


def picture_of(row: Row) -> str:
    """Return the picture that a row of a table is of, as it has it; "" for none."""
    return next((row[one].strip() for one in PICTURE if row.get(one, "").strip()), "")


def table(content: bytes, name: str) -> list[tuple[int, Row]]:
    """Read a table, its columns' names in lower case: its lines by their numbers.

    Columns are parted by commas, semicolons or tabs, as the head is.

    Raises:
        InputError: it is no CSV of UTF-8 or UTF-16.
    """
    try:
        text = _decoded(content, "strict")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
        rows = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{name}: no table, expected CSV in UTF-8; save it so.") from None
    if not rows:
        return []
    head = [one.strip().casefold() for one in rows[0][1]]
    return [
        (number, dict(zip(head, row, strict=False)) | dict.fromkeys(head[len(row) :], ""))
        for number, row in rows[1:]
    ]


def _decoded(content: bytes, errors: str) -> str:
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if wide else "utf-8-sig", errors)


def _separator(text: str) -> str:
    head = text.split("\n", 1)[0]
    return max(_SEPARATORS, key=head.count)


def _number(text: str) -> float:
    """Return a number; NaN for none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")
