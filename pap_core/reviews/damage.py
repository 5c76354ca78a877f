"""What cannot be read of what the reviews' database holds, so that lists and exports go on without it.

A row is damaged where another program wrote it, or the disk under it failed; the program itself never changes
one.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Literal, TypedDict

import msgspec

from pap_core.errors import InputError
from pap_core.files import Count, FileName, Number, fitting
from pap_core.outlines import Outlines
from pap_core.reviews.records import VERDICTS, Decision
from pap_core.reviews.rows import StoredCell, pixels_of
from pap_core.reviews.store import Reviews

_REMEDY = "put back a copy of the database, or review the cell again"


class _Place(TypedDict):
    x0: Number
    y0: Number
    scale: Annotated[float, msgspec.Meta(gt=0, le=1e6)]


class _Cell(TypedDict):
    """What a `StoredCell` has beside its outlines."""

    id: FileName
    picture: FileName
    checkpoint: str
    source: str
    name: str
    group: str
    side: Literal["train", "test", ""]
    dataset: str
    category: str
    width: Count
    height: Count
    place: _Place


def readable(decisions: Iterable[Decision]) -> tuple[list[Decision], dict[str, str]]:
    """Return the decisions that can be read, and why others cannot, by their number and cell."""
    found, damaged = [], {}
    for one in decisions:
        if reason := _of_decision(one):
            damaged[f"decision {one.number} on cell {one.cell[:12]}"] = reason
        else:
            found.append(one)
    return found, damaged


def damaged_cells(reviews: Reviews, pixels: bool = True) -> dict[str, str]:
    """Return why cells cannot be exported as their latest decisions have them, by id.

    Args:
        reviews: the database.
        pixels: decode the pictures and the label maps, too, which takes the longest.

    Raises:
        InputError: the database cannot be read at all.
    """
    cells, damaged = reviews.cells(), {}
    for name, decision in reviews.latest().items():
        reason = _of_decision(decision) or _of_cell(cells.get(name))
        if not reason and pixels:
            reason = _of_pixels(reviews, cells[name])
        if reason:
            damaged[name] = reason
    return damaged


def _of_decision(decision: Decision) -> str:
    if decision.verdict not in VERDICTS:
        return f"verdict {decision.verdict!r:.40}, expected one of {', '.join(VERDICTS)}; {_REMEDY}."
    return _of_outlines(decision.before) or _of_outlines(decision.after)


def _of_cell(cell: StoredCell | None) -> str:
    if cell is None:
        return f"its picture or what was shown of it is not there; {_REMEDY}."
    told = {name: getattr(cell, name) for name in _Cell.__annotations__} | {"place": asdict(cell.place)}
    try:
        fitting(told, _Cell, _REMEDY, f"cell {cell.id!r:.14}")
    except InputError as error:
        return str(error)
    return _of_outlines(cell.before)


def _of_outlines(outlines: Outlines) -> str:
    try:
        _ = outlines.cell  # read from their text now
    except InputError as error:
        return str(error)
    return ""


def _of_pixels(reviews: Reviews, cell: StoredCell) -> str:
    try:
        for png in (reviews.picture_png(cell.picture), reviews.label_png(cell.id)):
            shape = pixels_of(png).shape[:2]
            if shape != (cell.height, cell.width):
                return (
                    f"a picture of {shape[1]} × {shape[0]} px, expected {cell.width} × {cell.height}; "
                    f"{_REMEDY}."
                )
    except InputError as error:
        return str(error)
    return ""
