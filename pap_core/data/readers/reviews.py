"""Reads reviewed cells: what clinicians accepted or corrected, as the latest decision has it.

The truth of a cell is what the reviewer left; what the model took for something elsewhere in the picture
nobody judged, so it is ignored, unless it is another reviewed cell.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pap_core.data.readers.cell import Cell, Reading, Reviewed, Skipped
from pap_core.data.sides import strictest
from pap_core.data.split import REVIEWS
from pap_core.errors import InputError
from pap_core.files import read_as_written
from pap_core.labels import BACKGROUND, IGNORE
from pap_core.masks import read_label
from pap_core.outlines import Outlines
from pap_core.reviews import exchange
from pap_core.reviews.exchange import Content
from pap_core.reviews.records import REJECTED, Place

_DIGEST = re.compile(r"[0-9a-f]{64}")


def recognise(source: Path) -> bool:
    """Tell whether a folder was written by `pap_core.reviews.exchange`."""
    return (source / exchange.FILE).is_file()


def read(source: Path) -> Reading:
    """Read the folder of exported reviews.

    Raises:
        InputError: ``reviews.json`` is damaged, or of another version.
    """
    path = source / exchange.FILE
    try:
        content = read_as_written(path, Content, "export the reviews again")
        if content["format"] != exchange.FORMAT:
            raise ValueError(f"format {content['format']}, expected {exchange.FORMAT}")
        found = reading(content, source.resolve())
    except (OSError, ValueError) as error:
        told = getattr(error, "reason", error)
        raise InputError(f"{path}: cannot be read ({told}); export the reviews again.") from None
    for cell in found.cells:
        for file in (cell.image, cell.reviewed.predicted) if cell.reviewed else (cell.image,):
            if not file.resolve().is_relative_to(source.resolve()):  # as of any source, see `Reading.files`
                raise InputError(f"{file}: a link out of the source; copy there what it leads to.")
    return found


def reading(content: dict, folder: Path) -> Reading:
    """Return the cells that `exchange.describe` tells of.

    Args:
        content: what it returns.
        folder: where `exchange.copy_pixels` puts, or will put, the pixels.

    Raises:
        ValueError: an id or a name is no digest; files are called by them.
    """
    found = Reading(source=REVIEWS, default_mode="whole", official={})
    rows = [row | {part: _outlines(row[part]) for part in ("before", "after")} for row in content["cells"]]
    for row in rows:
        names = (row["id"], row["picture"], row["label"].removesuffix(".png"))
        if not all(_DIGEST.fullmatch(name) for name in names):
            raise ValueError(f"{names!a:.80} are no digests")
    used = [row for row in rows if row["verdict"] != REJECTED]
    beside = _neighbours(used)
    for row in rows:
        if row["verdict"] == REJECTED:
            found.skipped.append(Skipped(row["id"], f"rejected: {row['reason']}"))
    for row in used:
        found.cells.append(
            Cell(
                id=row["id"],
                category=row["category"],
                group=row["group"],
                image=folder / exchange.PICTURES / f"{row['picture']}.png",
                reviewed=Reviewed(
                    after=row["after"],
                    before=row["before"],
                    neighbours=beside[row["id"]],
                    predicted=folder / exchange.LABELS / row["label"],
                ),
                picture=f"{row['picture']}.png",
            )
        )
    found.sides = strictest((row["group"], row["side"]) for row in used if row["side"])
    categories = {row["picture"]: row["category"] for row in rows}
    found.count(categories.values(), (row["category"] for row in rows))
    return found


def truth(reviewed: Reviewed, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Draw what is known of a reviewed picture.

    Args:
        reviewed: the cell with its neighbours.
        shape: ``(H, W)`` of the picture.

    Returns:
        ``(H, W)`` uint8 label map of the cell alone, and that of the picture: the neighbours that were
        reviewed beside it, every nucleus above every cytoplasm, and what nobody judged to be ignored.

    Raises:
        InputError: the predicted label map is missing, damaged, or of another size.
    """
    own = reviewed.after.label(shape)
    predicted = read_label(reviewed.predicted)
    if predicted.shape != shape:
        raise InputError(f"{reviewed.predicted}: not of its picture's size; export the reviews again.")
    unjudged = predicted != BACKGROUND
    whole = own.copy()
    for after, before in ((reviewed.after, reviewed.before), *reviewed.neighbours):
        drawn = after.label(shape)
        unjudged &= (drawn == BACKGROUND) & (before.label(shape) == BACKGROUND)
        np.maximum(whole, drawn, out=whole)
    whole[unjudged] = IGNORE
    return own, whole


def _neighbours(rows: list[dict]) -> dict[str, tuple[tuple[Outlines, Outlines], ...]]:
    """Return, for each cell, the others of the same source picture, in pixels of its own picture."""
    together = defaultdict(list)
    for row in rows:
        together[row["group"], row["name"]].append(row)
    return {row["id"]: tuple(_beside(row, members)) for members in together.values() for row in members}


def _beside(row: dict, members: list[dict]) -> Iterator[tuple[Outlines, Outlines]]:
    here, size = Place(*row["place"]), np.array([row["width"], row["height"]])
    for other in members:
        if other is row:
            continue
        there = Place(*other["place"])
        after, before = (_moved(other[part], there, here) for part in ("after", "before"))
        rings = [ring for outlines in (after, before) for ring in (*outlines.cell, *outlines.nucleus)]
        if any((ring.max(axis=0) > 0).all() and (ring.min(axis=0) < size).all() for ring in rings):
            yield after, before


def _moved(outlines: Outlines, there: Place, here: Place) -> Outlines:
    """Take outlines from one picture to another that was cut from the same source."""
    if there == here:
        return outlines

    def move(rings: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        origin = np.array([there.x0 - here.x0, there.y0 - here.y0])
        return tuple((ring / there.scale + origin) * here.scale for ring in rings)

    return Outlines(move(outlines.cell), move(outlines.nucleus))


def _outlines(values: dict) -> Outlines:
    return Outlines.from_json(json.dumps(values))
