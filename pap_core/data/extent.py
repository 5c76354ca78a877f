"""The part of a crop that is picture: the rest was filled by mirroring, where the picture ends."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass

import numpy as np

from pap_core.errors import InputError

COLUMNS = ("left", "top", "right", "bottom")  # of the manifest

_VEIL = np.array([178, 184, 194])  # a grey that no stain has
_SHARE = 0.8  # of the veil in what is seen through it


@dataclass(frozen=True)
class Extent:
    """A box of whole pixels of a crop: columns `left` to `right`, rows `top` to `bottom`, ends excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def of(cls, row: Mapping, shape: tuple[int, ...]) -> "Extent":
        """Return that of a row of a manifest; the whole crop where a data set built earlier has none.

        Args:
            row: with `id`, and the extent's columns if there are any.
            shape: ``(H, W, …)`` of the crop.

        Raises:
            InputError: it is no box within the crop.
        """
        if COLUMNS[0] not in row:
            return cls(0, 0, shape[1], shape[0])
        found = cls(*(int(row[name]) for name in COLUMNS))
        if 0 <= found.left < found.right <= shape[1] and 0 <= found.top < found.bottom <= shape[0]:
            return found
        raise InputError(
            f"{row['id']}: the manifest gives it the extent {astuple(found)}, expected a box within its "
            f"{shape[1]} × {shape[0]} pixels; build the data set again."
        )

    def columns(self) -> dict[str, int]:
        """Return it as columns of a manifest."""
        return dict(zip(COLUMNS, astuple(self), strict=True))

    def cut(self, pixels: np.ndarray) -> np.ndarray:
        """Return the part of ``(H, W, …)`` pixels that is picture."""
        return pixels[self.top : self.bottom, self.left : self.right]

    def cleared(self, pixels: np.ndarray, value: int) -> np.ndarray:
        """Return ``(H, W, …)`` pixels with `value` wherever there is no picture.

        >>> Extent(0, 0, 2, 1).cleared(np.array([[1, 2, 1], [1, 2, 1]]), 0).tolist()
        [[1, 2, 0], [0, 0, 0]]
        """
        outside = np.full_like(pixels, value)
        self.cut(outside)[...] = self.cut(pixels)
        return outside

    def veiled(self, pixels: np.ndarray) -> np.ndarray:
        """Return ``(H, W, 3)`` uint8 pixels with a grey veil over all that is no picture."""
        veiled = ((1 - _SHARE) * pixels + _SHARE * _VEIL).round().astype(np.uint8)
        self.cut(veiled)[...] = self.cut(pixels)
        return veiled


def extent(x0: int, y0: int, side: int, size: int, shape: tuple[int, int]) -> Extent:
    """Return the extent of a square cut from a picture and resized, as nearest neighbour has it.

    Args:
        x0: of the square's corner in px of the picture; may be negative.
        y0: likewise.
        side: of the square, px of the picture.
        size: of the crop, px.
        shape: ``(H, W)`` of the picture.

    >>> extent(-10, 0, 100, 50, (90, 200))
    Extent(left=5, top=0, right=50, bottom=45)
    """
    height, width = shape

    def first(at: int) -> int:
        """Return the first pixel of the crop whose centre lies at or beyond a place of the square."""
        return min(size, max(0, -((side - 2 * at * size) // (2 * side))))

    return Extent(first(-x0), first(-y0), first(width - x0), first(height - y0))
