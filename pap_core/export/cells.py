"""The cells of a picture one by one, as masks and as outlines."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from pap_core.contours import signed_area, trace
from pap_core.labels import NUCLEUS


@dataclass(frozen=True)
class CellMask:
    """One cell, cut out of its picture."""

    number: int
    corner: tuple[int, int]  # x, y of the box's first pixel
    cell: np.ndarray  # (h, w) bool, nucleus included
    nucleus: np.ndarray  # (h, w) bool


@dataclass(frozen=True)
class CellOutline:
    """One cell's outer outlines: a polygon for each piece, the largest first."""

    number: int
    cell: list[np.ndarray]  # (V, 2) each, nucleus included
    nucleus: list[np.ndarray]  # (V, 2) each


def cell_masks(label: np.ndarray, cells: np.ndarray) -> Iterator[CellMask]:
    """Yield each cell in the order of its number, in the smallest box around it.

    Args:
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none; see `pap_core.measurement.measure`.
    """
    for number, box in enumerate(ndimage.find_objects(cells), start=1):
        if box is not None:
            whole = cells[box] == number
            rows, columns = box
            yield CellMask(number, (columns.start, rows.start), whole, whole & (label[box] == NUCLEUS))


def outlines(label: np.ndarray, cells: np.ndarray) -> list[CellOutline]:
    """Trace every cell and its nucleus.

    Args:
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none; see `pap_core.measurement.measure`.

    Returns:
        An outline a cell, in the order of their numbers; the vertices are at the centres of the outermost
        pixels. Holes, and pieces too small for three vertices, are left out.
    """
    return [
        CellOutline(one.number, _pieces(one.cell, one.corner), _pieces(one.nucleus, one.corner))
        for one in cell_masks(label, cells)
    ]


def _pieces(mask: np.ndarray, corner: tuple[int, int]) -> list[np.ndarray]:
    return [polygon + corner for polygon in sorted(trace(mask), key=signed_area, reverse=True)]
