"""Reviews as a folder: what a data set is built from, and what travels to another machine.

``reviews.json`` holds a row a cell, as its latest decision has it, rejected ones with the reason;
``pictures/`` the pixels of those that can be used and ``labels/`` what was predicted for all of each picture.
Files are named by what is in them, so writing the same again changes nothing.
"""

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, TypedDict

import msgspec

from pap_core.errors import InputError
from pap_core.files import Count, FileName, Number, write_whole
from pap_core.reviews.checks import picture_digest
from pap_core.reviews.records import REJECTED, Decision, Verdict

# databases take half a second to import, which who reads a folder does without, as each worker of a build
if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews, StoredCell

FORMAT = 1


class OfCell(TypedDict):
    """A cell in ``reviews.json``, as its latest decision has it."""

    id: FileName
    picture: FileName  # the name of its file, but for the ending
    width: Count  # px
    height: Count
    name: str
    group: str
    side: Literal["train", "test", ""]
    dataset: str
    source: str
    checkpoint: str
    place: tuple[Number, Number, Annotated[float, msgspec.Meta(gt=0, le=1e6)]]  # `Place`
    category: str
    verdict: Verdict
    reason: str
    label: FileName
    before: dict[str, list]  # `Outlines`
    after: dict[str, list]


class Content(TypedDict):
    """The content of ``reviews.json``."""

    format: int
    path: NotRequired[str]
    digest: NotRequired[str]
    cells: list[OfCell]


UNKNOWN = "unknown"  # category of a cell that nobody gave one
FILE, PICTURES, LABELS, SKIPPED = "reviews.json", "pictures", "labels", "skipped.csv"
_SQLITE = b"SQLite format 3\0"


def is_database(source: str | Path) -> bool:
    """Tell whether a source is the URL of a database or the file of one."""
    if "://" in str(source):
        return True
    try:
        with open(source, "rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False


def open_reviews(source: str | Path) -> "Reviews":
    """Open the reviews of a database file or URL that is there already.

    Raises:
        InputError: there is none, or it cannot be read.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError

    from pap_core.reviews.connection import place
    from pap_core.reviews.store import Reviews, sqlite_engine

    try:
        engine = create_engine(str(source)) if "://" in str(source) else sqlite_engine(Path(source))
    except (ArgumentError, ImportError, ValueError):  # not to be quoted: there may be a password in it
        raise InputError(
            "The URL of the reviews' database cannot be read, expected one like "
            "postgresql+psycopg://user:password@server/name; correct it."
        ) from None
    if engine.dialect.name == "sqlite" and not is_database(engine.url.database or ""):
        raise InputError(
            f"{place(engine)}: no database of reviews there, expected the file reviews.db of a workspace; "
            "give its path, or review a cell first."
        )
    reviews = Reviews(engine)
    reviews.prepare()
    return reviews


def files(reviews: "Reviews", damaged: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file of the folder, ``reviews.json`` last: it makes the folder whole.

    What cannot be read is left out and in ``skipped.csv``; `damaged` takes a sentence for each such cell.
    """
    from pap_core.export.spreadsheet import harmless

    content = describe(reviews)
    faults: dict[str, str] = {}
    rows, skipped = [], [("id", "reason")]
    for row in content["cells"]:
        told = ""
        if row["verdict"] != REJECTED:  # of which no pixels go out
            if row["picture"] not in faults:
                faults[row["picture"]] = fault(reviews, row["picture"])
            told = faults[row["picture"]] or fault(reviews, row["id"], label=True)
        if told:
            skipped.append((harmless(row["id"]), harmless(told)))
            damaged.append(f"cell {row['id']} of {row['name']}: {told}")
        else:
            rows.append(row)
    content["cells"] = rows
    yield from _pixels(reviews, content)
    if damaged:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(skipped)
        yield SKIPPED, text.getvalue().encode()
    yield FILE, json.dumps(content, indent=1).encode()


def fault(reviews: "Reviews", key: str, label: bool = False) -> str:
    """Say why a picture of the database, or the label map of a cell, cannot be read; "" where it can."""
    try:
        pixels = reviews.label(key) if label else reviews.picture(key)
    except InputError as error:
        return str(error)
    if not label and picture_digest(pixels) != key:
        return "A picture in the reviews' database is another than was reviewed; put back a copy of it."
    return ""


def describe(reviews: "Reviews") -> dict:
    """Return what ``reviews.json`` says, the pixels left where they are."""
    from pap_core.reviews.connection import place

    cells, latest = reviews.cells(), reviews.latest()
    rows = [_row(cells[name], latest[name]) for name in sorted(latest)]
    return {"format": FORMAT, "path": place(reviews.engine), "digest": reviews.digest(), "cells": rows}


def copy_pixels(reviews: "Reviews", content: dict, folder: Path) -> None:
    """Write the pictures and predicted label maps that `describe` tells of, where they are not there yet."""
    for name, png in _pixels(reviews, content, folder):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, png)


def _pixels(reviews: "Reviews", content: dict, there: Path | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield each picture once, and each label map; not those that are in the folder `there`."""
    done: set[str] = set()
    for row in content["cells"]:
        if row["verdict"] == REJECTED:
            continue
        for name, read, key in (
            (f"{PICTURES}/{row['picture']}.png", reviews.picture_png, row["picture"]),
            (f"{LABELS}/{row['label']}", reviews.label_png, row["id"]),
        ):
            if name not in done and not (there and (there / name).exists()):
                yield name, read(key)
            done.add(name)


def _row(cell: "StoredCell", decision: Decision) -> dict:
    before = decision.before.to_json()
    # not by the id alone: another checkpoint may have predicted the cell anew
    label = hashlib.sha256(f"{cell.id} {cell.checkpoint} {before}".encode()).hexdigest()
    return {
        **{name: getattr(cell, name) for name in ("id", "picture", "width", "height", "name", "group")},
        **{name: getattr(cell, name) for name in ("side", "dataset", "source", "checkpoint")},
        "place": [cell.place.x0, cell.place.y0, cell.place.scale],
        "category": decision.category or cell.category or UNKNOWN,
        "verdict": decision.verdict,
        "reason": decision.reason,
        "label": f"{label}.png",
        "before": json.loads(before),
        "after": json.loads(decision.after.to_json()),
    }
