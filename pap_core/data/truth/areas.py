"""Areas that somebody outlined, named nucleus, cell or unclear, and drawn as a label map."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pap_core.contours import check_within
from pap_core.data.truth.partial import only_told
from pap_core.errors import InputError
from pap_core.export.regions import fill_polygon, rows_crossed
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS, OF_CELL

CELL, CORE, UNCLEAR = "cell", "nucleus", "unclear"
_WORDS = {  # by what a class's name holds, the first that fits
    "nuc": CORE,
    "cell": CELL,
    "cyt": CELL,
    "ignore": UNCLEAR,
    "unclear": UNCLEAR,
    "unknown": UNCLEAR,
}
_CORNERS = 64  # of the polygon that stands for an ellipse
_DOT = 2  # px around a point that are its nucleus
_LARGEST = 2**31  # px of a mask
_MOST_AREAS = 50_000
_MOST_CROSSED = 30_000_000  # rows of the picture by edges, all together: some seconds


@dataclass(frozen=True)
class Area:
    """One outlined area of a picture: rings, a mask, or the point that stands for it."""

    part: str  # `CELL`, `CORE` or `UNCLEAR`
    rings: tuple[np.ndarray, ...] = ()  # (V, 2) each, px; what is inside an odd number of them
    mask: np.ndarray | None = None  # (h, w) bool
    corner: tuple[int, int] = (0, 0)  # x, y of the mask's first pixel
    point: bool = False  # that the mask is what surely belongs to it, and how far it reaches is unknown

    @property
    def outline(self) -> np.ndarray:
        """``(V, 2)``: what it reaches to."""
        if self.mask is None:
            return np.concatenate(self.rings)
        height, width = self.mask.shape
        if self.point:
            return np.add(self.corner, [[width / 2, height / 2]])
        return np.array([self.corner, np.add(self.corner, (width, height))], dtype=np.float64)


def part_of(name: object, default: str | None, where: str) -> str:
    """Return what a class's name says that an area is.

    Args:
        name: of the class, as the file has it.
        default: what areas are whose name does not tell; None to refuse them.
        where: what to call the area in a message.

    Raises:
        InputError: neither the name nor `default` tells.

    >>> part_of("Nuclei", None, ""), part_of("LSIL", "nucleus", "")
    ('nucleus', 'nucleus')
    """
    word = name.casefold() if isinstance(name, str) else ""
    for held, part in _WORDS.items():
        if held in word:
            return part
    if default:
        return default
    raise InputError(
        f"{where} has the class {str(name)[:40]!r}, expected nucleus, cell or unclear; name it so, or say "
        "what all are (--truth nucleus or --truth cell)."
    )


def dot(x: float, y: float) -> Area:
    """Return the area of a point in a nucleus."""
    step = np.arange(-_DOT, _DOT + 1)
    inside = step[:, None] ** 2 + step[None] ** 2 <= _DOT**2
    return Area(CORE, mask=inside, corner=(int(np.floor(x)) - _DOT, int(np.floor(y)) - _DOT), point=True)


def rectangle(part: str, left: float, top: float, right: float, bottom: float) -> Area:
    """Return the area of a rectangle."""
    return Area(part, (np.array([[left, top], [right, top], [right, bottom], [left, bottom]]),))


def ellipse(part: str, x: float, y: float, across: float, down: float) -> Area:
    """Return the area of an ellipse around a point, by its half axes."""
    turns = np.linspace(0, 2 * np.pi, _CORNERS, endpoint=False)
    return Area(part, (np.stack([x + across * np.cos(turns), y + down * np.sin(turns)], axis=1),))


def by_runs(lengths: object, height: int, width: int) -> np.ndarray:
    """Return ``(H, W)`` bool by the lengths of runs along the rows, the first of them outside.

    Args:
        lengths: a list of whole numbers, as a file has them.
        height: of the mask.
        width: likewise.

    Raises:
        ValueError: they are none, or of a mask of another size.
    """
    try:
        runs = np.array(lengths, dtype=np.int64)
    except (TypeError, OverflowError) as error:
        raise ValueError(str(error)) from None
    if runs.ndim != 1 or (runs < 0).any() or not 0 < height * width == runs.sum() <= _LARGEST:
        raise ValueError("another size")
    return np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)


def drawn(
    areas: Sequence[Area], shape: tuple[int, int], name: str, picture: str, dots: bool = True
) -> np.ndarray:
    """Draw the areas of a picture: nuclei above cells, cells that hold no nucleus as of a cell.

    Where nuclei are points, all that is drawn nowhere is unknown.

    Args:
        areas: one or more.
        shape: ``(H, W)`` of the picture.
        name: of the areas' file, for messages.
        picture: of the picture, likewise.
        dots: draw points, too.

    Returns:
        ``(H, W)`` uint8 label map.

    Raises:
        InputError: areas reach beyond the picture, or are more than is drawn in some seconds.
    """
    if len(areas) > _MOST_AREAS:
        raise _too_much(name, f"{len(areas):,} areas", f"{_MOST_AREAS:,}")
    check_within([one.outline for one in areas], shape, name, picture)
    if (crossed := sum(rows_crossed(list(one.rings), shape) for one in areas if one.rings)) > _MOST_CROSSED:
        raise _too_much(name, f"edges over {crossed:,} rows of {picture}", f"{_MOST_CROSSED:,}")
    found = [(one.part, *filled(one, shape)) for one in areas if dots or not one.point]
    nuclei = np.zeros(shape, dtype=bool)
    for part, place, inside in found:
        if part == CORE:
            nuclei[place] |= inside
    points = any(one.point for one in areas)
    label = np.full(shape, IGNORE if points else BACKGROUND, dtype=np.uint8)
    for part, place, inside in found:
        if part == CELL:
            whole = (nuclei[place] & inside).any() and not points
            label[place][inside] = CYTOPLASM if whole else OF_CELL
    label[nuclei] = NUCLEUS
    label = label if points else only_told(label)
    for part, place, inside in found:
        if part == UNCLEAR:
            label[place][inside] = IGNORE
    return label


def filled(area: Area, shape: tuple[int, int]) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the box of an area within the picture, and which of its pixels are of it."""
    if area.mask is None:
        return fill_polygon(list(area.rings), shape)
    (x, y), (height, width) = area.corner, area.mask.shape
    top, left = (int(np.clip(start, 0, length)) for start, length in zip((y, x), shape, strict=True))
    bottom, right = (
        int(np.clip(start + size, low, length))
        for start, size, low, length in zip((y, x), (height, width), (top, left), shape, strict=True)
    )
    return np.s_[top:bottom, left:right], area.mask[top - y : bottom - y, left - x : right - x]


def _too_much(name: str, found: str, most: str) -> InputError:
    return InputError(f"{name}: {found} found, at most {most} are read; export the areas of fewer pictures.")
