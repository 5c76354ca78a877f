"""Queues of cells to review: what each entry says of its cell, the orders, and how a cell is cut out."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import ndimage

from pap_core.contours import signed_area, trace
from pap_core.labels import largest_share
from pap_core.outlines import Outlines
from pap_core.reviews.records import Place, ReviewCell

AS_THEY_LIE = "As they lie"
UNCERTAIN = "Most uncertain first"
WORST = "Worst first"
BY_CATEGORY = "By category"
RANDOM = "At random"
ORDERS = (AS_THEY_LIE, UNCERTAIN, WORST, BY_CATEGORY, RANDOM)
RING = 3  # px around a cell that count towards its uncertainty: there the model decides where it ends


@dataclass(frozen=True)
class Entry:
    """A cell of a queue, as far as its order and the progress need it."""

    id: str  # sha256 hex; see `identify`
    category: str  # "" where it is not known
    group: str  # the smear or slide
    name: str  # of its file or crop, to show; kept only where a person opts in
    uncertainty: float | None = None  # 0 to 1; None where the generated colours are gone
    jaccard: float | None = None  # of the prediction, nucleus and cytoplasm's mean; None without a truth


class Queue(Protocol):
    """Cells to review, each made only when it is looked at."""

    @property
    def entries(self) -> tuple[Entry, ...]: ...

    def cell(self, number: int) -> ReviewCell:
        """Return the cell of ``entries[number]``; InputError where its files are gone."""


def orders(entries: Sequence[Entry]) -> list[str]:
    """Return those of `ORDERS` for which the entries know enough."""
    known = {
        AS_THEY_LIE: True,
        UNCERTAIN: any(entry.uncertainty is not None for entry in entries),
        WORST: any(entry.jaccard is not None for entry in entries),
        BY_CATEGORY: any(entry.category for entry in entries),
        RANDOM: True,
    }
    return [order for order in ORDERS if known[order]]


def ordered(entries: Sequence[Entry], order: str) -> list[int]:
    """Return the entries' numbers in one of `ORDERS`; what lacks the measure comes last.

    Chance is the ids' own: they are digests, so the order is the same for everyone, and yet says nothing.

    >>> rows = [Entry("b", "x", "", "", 0.1), Entry("a", "w", "", "", 0.3), Entry("c", "w", "", "")]
    >>> [ordered(rows, order) for order in (UNCERTAIN, BY_CATEGORY, RANDOM)]
    [[1, 0, 2], [1, 2, 0], [1, 0, 2]]
    """
    keys = {
        AS_THEY_LIE: lambda number: number,
        UNCERTAIN: lambda number: _last_if_none(entries[number].uncertainty, -1),
        WORST: lambda number: _last_if_none(entries[number].jaccard, 1),
        BY_CATEGORY: lambda number: entries[number].category,
        RANDOM: lambda number: entries[number].id,
    }
    return sorted(range(len(entries)), key=keys[order])


def _last_if_none(value: float | None, sign: int) -> tuple[bool, float]:
    return value is None, 0.0 if value is None else sign * value


def identify(picture: str, which: str, place: Place) -> str:
    """Return the id of a cell: the same for everyone who is shown that cell of that picture in that place.

    Args:
        picture: digest of what it is cut from.
        which: what tells the cell from others of the picture.
        place: where it is cut out; outlines are in pixels of that.
    """
    return hashlib.sha256(f"{picture} {which} {place.x0:g} {place.y0:g} {place.scale:g}".encode()).hexdigest()


def uncertainty(colours: np.ndarray, cell: np.ndarray) -> float:
    """Return how unsure the model is of a cell: 1 less the mean of the largest class share, 0 to 1.

    Args:
        colours: ``(H, W, 3)`` uint8, the colour map generated.
        cell: ``(H, W)`` bool, not empty; a ring of `RING` pixels around it counts as well.
    """
    return 1 - float(largest_share(colours)[ndimage.binary_dilation(cell, iterations=RING)].mean())


def outlines(cell: np.ndarray, nucleus: np.ndarray) -> Outlines:
    """Trace a cell and its nucleus, the largest piece of each.

    Args:
        cell: ``(H, W)`` bool, nucleus included.
        nucleus: ``(H, W)`` bool.
    """
    return Outlines(_largest(cell), _largest(nucleus))


def _largest(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    rings = trace(mask)
    return (max(rings, key=signed_area),) if rings else ()
