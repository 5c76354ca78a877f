"""Points of an area's outline; and tables of points, each in a nucleus."""

import csv
import io
from collections import defaultdict
from typing import Any

import numpy as np

from pap_core.data.truth.areas import Area, dot
from pap_core.errors import InputError

PICTURE = ("image", "picture", "file", "filename", "file_name", "image_name")  # columns, lower case
_FARTHEST = 1_000_000  # px from the origin; beyond lies no picture


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


def recognise(columns: list[str]) -> bool:
    """Tell whether a table's head is of points: a picture, x and y."""
    names = [one.strip().casefold() for one in columns]
    return "x" in names and "y" in names and any(one in names for one in PICTURE)


def areas(content: bytes, name: str) -> dict[str, list[Area]]:
    """Return a dot for each point by the picture's name, as the table has it.

    Args:
        content: of the CSV file, with columns for the picture (`PICTURE`), x and y, px.
        name: of the file, for messages.

    Raises:
        InputError: a point whose x or y is no number.
    """
    found: dict[str, list[Area]] = defaultdict(list)
    for number, row in enumerate(table(content, name), start=2):
        try:
            x, y = float(row["x"]), float(row["y"])
            if not max(abs(x), abs(y)) < _FARTHEST:
                raise ValueError
        except (TypeError, ValueError):
            raise InputError(
                f"{name}: line {number} has x {row['x']!r:.20} and y {row['y']!r:.20}, expected numbers of "
                "pixels; correct it or leave it out."
            ) from None
        picture = next(row[one] for one in PICTURE if one in row)
        found[picture].append(dot(x, y))
    return dict(found)


def table(content: bytes, name: str) -> list[dict[str, str]]:
    """Read a table, its columns' names in lower case.

    Raises:
        InputError: it is no CSV of UTF-8.
    """
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{name}: no table, expected CSV in UTF-8; save it so.") from None
    if not rows:
        return []
    head = [one.strip().casefold() for one in rows[0]]
    return [
        dict(zip(head, row, strict=False)) | dict.fromkeys(head[len(row) :], "") for row in rows[1:] if row
    ]
