"""A cell's outlines, as they are drawn, kept and rasterised."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pap_core.contours import fill
from pap_core.errors import InputError
from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS

_FARTHEST = 1_000_000  # px from the origin, see `pap_core.contours`


@dataclass(frozen=True, eq=False)
class Outlines:
    """The outer outlines of one cell in pixels of its picture, a ``(V, 2)`` float64 ring for each piece."""

    cell: tuple[np.ndarray, ...]  # the whole cell, nucleus included
    nucleus: tuple[np.ndarray, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Outlines) and all(
            len(mine) == len(its) and all(map(np.array_equal, mine, its))
            for mine, its in ((self.cell, other.cell), (self.nucleus, other.nucleus))
        )

    def to_json(self) -> str:
        """Return the outlines as text; `from_json` of it gives the same numbers back."""
        return json.dumps(
            {part: [ring.tolist() for ring in getattr(self, part)] for part in ("cell", "nucleus")}
        )

    @classmethod
    def from_json(cls, text: str) -> "Outlines":
        """Read what `to_json` wrote.

        Raises:
            InputError: the text holds no outlines.

        >>> Outlines.from_json('{"cell": [[[0.5, 0.5], [9.5, 0.5], [9.5, 9]]], "nucleus": []}').cell[0].shape
        (3, 2)
        """
        try:
            values = json.loads(text)
            return cls(*(tuple(_ring(ring) for ring in values[part]) for part in ("cell", "nucleus")))
        except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
            raise InputError(
                f"outlines {text[:60]!r}: {error}; expected rings of at least three vertices (x, y) under "
                "'cell' and 'nucleus'."
            ) from None

    def label(self, shape: tuple[int, int]) -> np.ndarray:
        """Return ``(H, W)`` uint8: the cell as a label map of its own, its nucleus above its cytoplasm."""
        label = np.full(shape, BACKGROUND, dtype=np.uint8)
        label[_filled(self.cell, shape)] = CYTOPLASM
        label[_filled(self.nucleus, shape)] = NUCLEUS
        return label


def _ring(values: Sequence) -> np.ndarray:
    ring = np.array(values, dtype=np.float64)
    if ring.ndim != 2 or ring.shape[1:] != (2,) or len(ring) < 3 or not (np.abs(ring) < _FARTHEST).all():
        raise ValueError("no ring of at least three finite points")
    return ring


def _filled(rings: Sequence[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    inside = np.zeros(shape, dtype=bool)
    for ring in rings:
        inside |= fill(ring, shape)
    return inside
