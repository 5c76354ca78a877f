"""Records of reviews into rows of the database, and back."""

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from sqlalchemy import Row

from pap_core.errors import InputError
from pap_core.images import png_bytes
from pap_core.outlines import Outlines
from pap_core.reviews.checks import picture_digest
from pap_core.reviews.records import REJECTED, Decision, Place, ReviewCell
from pap_core.reviews.schema import CellVersion, DecisionRow, Picture

_DECISION = "cell reviewer verdict checkpoint before after reason category remark key number time"
_STORED = "id picture before checkpoint source name group side dataset category x0 y0 scale"
_WORDS = "id checkpoint source name group side dataset category"
DECISION = tuple(getattr(DecisionRow, name) for name in _DECISION.split())
STORED = (*(getattr(CellVersion, name) for name in _STORED.split()), Picture.width, Picture.height)


@dataclass(frozen=True)
class StoredCell:
    """A `ReviewCell` as it was shown, without its pixels."""

    id: str
    picture: str  # digest
    before: Outlines
    checkpoint: str
    source: str
    name: str
    group: str
    side: str
    dataset: str
    category: str
    place: Place
    width: int  # px
    height: int


class _Kept(Outlines):
    """Outlines that are read from their text when they are looked at: of ten thousand, few ever are."""

    @classmethod
    def of(cls, text: str) -> "_Kept":
        kept = object.__new__(cls)
        kept.__dict__["text"] = text
        return kept

    def __getattr__(self, name: str) -> tuple[np.ndarray, ...]:
        if name not in ("cell", "nucleus"):
            raise AttributeError(name)
        read = Outlines.from_json(self.__dict__["text"])
        self.__dict__.update(cell=read.cell, nucleus=read.nucleus)
        return self.__dict__[name]


def picture_row(cell: ReviewCell) -> dict:
    """Return the values of a row of `Picture`."""
    height, width = cell.label.shape
    digest = picture_digest(cell.picture)
    return {"digest": digest, "width": width, "height": height, "png": png_bytes(cell.picture)}


def version_row(cell: ReviewCell, picture: str) -> dict:
    """Return the values of a row of `CellVersion`; `picture` is the digest."""
    row = {
        **{name: getattr(cell, name) for name in _WORDS.split()},
        **{name: float(getattr(cell.place, name)) for name in ("x0", "y0", "scale")},
        "picture": picture,
        "before": cell.before.to_json(),
    }
    # the label map by its pixels, for another version of the encoder may pack them otherwise
    label = hashlib.sha256(np.ascontiguousarray(cell.label).tobytes()).hexdigest()
    return row | {"digest": _sha256(json.dumps([row, label], sort_keys=True)), "label": png_bytes(cell.label)}


def decision_row(decision: Decision, version: str) -> dict:
    """Return the values of a row of `DecisionRow` but its number and time; `version` is the digest."""
    names = ("cell", "reviewer", "verdict", "checkpoint", "reason", "category", "remark", "key")
    row = {name: getattr(decision, name) for name in names}
    row |= {"version": version, "before": decision.before.to_json(), "after": decision.after.to_json()}
    # of a rejected cell nothing is exported but why; who decided, when and how often makes no difference
    rejected = decision.verdict == REJECTED
    exported = ("cell", "reason") if rejected else ("version", "before", "after", "category")
    return row | {"digest": _sha256(json.dumps([rejected, *(row[name] for name in exported)]))}


def decision_of(row: Row | Sequence) -> Decision:
    """Return the decision of the columns `DECISION`."""
    cell, reviewer, verdict, checkpoint, before, after, *rest = row
    return Decision(cell, reviewer, verdict, checkpoint, _Kept.of(before), _Kept.of(after), *rest)


def stored_of(row: Row | Sequence) -> StoredCell:
    """Return the cell of the columns `STORED`."""
    identifier, picture, before, *words, x0, y0, scale, width, height = row
    checkpoint, source, name, group, side, dataset, category = words
    return StoredCell(
        identifier,
        picture,
        _Kept.of(before),
        checkpoint,
        source,
        name,
        group,
        side,
        dataset,
        category,
        Place(x0, y0, scale),
        width,
        height,
    )


def pixels_of(png: bytes) -> np.ndarray:
    """Return the pixels of a PNG that `picture_row` or `version_row` made.

    Raises:
        InputError: it is none, as in a database that somebody else filled.
    """
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            return np.array(picture)
    except Exception as error:  # a damaged header makes the decoder raise almost anything
        raise InputError(
            f"A picture in the reviews' database is damaged ({error}), expected a PNG; put back a copy of it."
        ) from None


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
