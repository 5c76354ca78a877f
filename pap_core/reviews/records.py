"""What a review is made of: the cell that was looked at, and the decision that was taken."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

from pap_core.outlines import Outlines

ACCEPTED, CORRECTED, REJECTED = "accepted", "corrected", "rejected"
VERDICTS = (ACCEPTED, CORRECTED, REJECTED)
Verdict = Literal["accepted", "corrected", "rejected"]  # the same, for schemas
REASONS = ("not a cell", "overlapping", "out of focus", "other")  # to reject


@dataclass(frozen=True)
class Place:
    """Where a picture under review was cut from its source: source x = x0 + picture x / scale, likewise y."""

    x0: float = 0.0
    y0: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True)
class ReviewCell:
    """A cell to be reviewed. Everything in pixels is in pixels of `picture`."""

    id: str  # sha256 hex; the same cell of the same picture has the same id for everyone
    picture: np.ndarray  # (H, W, 3) uint8: the cell and what surrounds it
    label: np.ndarray  # (H, W) uint8: the label map predicted for the whole of it, neighbours included
    before: Outlines  # of this cell, as predicted
    checkpoint: str  # digest of what predicted it; "" where that is not known
    source: str  # "smear", "dataset" or "predictions"
    name: str  # of the source picture: its sha256, or its file name where a person opted in
    group: str  # the smear or slide
    side: str = ""  # "train" or "test" of the data set it comes from, "" of none
    dataset: str = ""  # digest of that data set
    category: str = ""  # "" where it is not known
    place: Place = field(default_factory=Place)


@dataclass(frozen=True)
class Decision:
    """What one reviewer decided of one cell; kept for good, a later one is another row."""

    cell: str  # id
    reviewer: str
    verdict: str  # one of VERDICTS
    checkpoint: str  # digest
    before: Outlines
    after: Outlines  # what the reviewer holds right; of a rejected cell as it was left
    reason: str = ""  # one of REASONS where it was rejected
    category: str = ""  # where the reviewer disagrees, else ""
    remark: str = ""
    key: str = field(default_factory=lambda: uuid.uuid4().hex)  # saving the same key again adds nothing
    number: int | None = None  # given by the store: the order of saving
    time: datetime | None = None  # given by the store, UTC

    @property
    def saved(self) -> datetime:
        """When it was saved, of a decision that the store returned."""
        assert self.time is not None
        return self.time
