"""One picture's cells as crops: label map drawn; window, field, fitted or whole square cut out."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from pap_core.contours import fill
from pap_core.data.extent import Extent, extent
from pap_core.data.readers.cell import Cell
from pap_core.data.readers.herlev import read_mask
from pap_core.data.readers.reviews import truth
from pap_core.errors import InputError
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS
from pap_core.tiling import resized

CLIPPED = "clipped, kept"  # how the reason of a cell begins that is listed and used all the same
_SLACK = 2  # px that a contour may reach beyond its picture and still lie within it: a click at the edge
_MOST = 0.5  # of a contour's area has to lie in the picture
_LARGER = 1.2  # times as large as its cell: a nucleus that is the cell, by the wrong name
FIT_MARGIN = 10  # source pixels around the cell's box in mode `fit`


@dataclass(frozen=True)
class Crop:
    """A square cut from a picture; source x = x0 + crop x / scale, likewise y."""

    image: np.ndarray  # (S, S, 3) uint8
    label: np.ndarray  # (S, S) uint8
    x0: int
    y0: int
    scale: float
    extent: Extent  # what of it is picture


@dataclass(frozen=True)
class Drawn:
    """A cell as masks of its whole picture."""

    cell: Cell
    whole: np.ndarray  # (H, W) bool, nucleus included
    nucleus: np.ndarray  # (H, W) bool
    ignore: np.ndarray | None = None  # (H, W) bool
    label: np.ndarray | None = None  # (H, W) uint8 of the whole picture, where the cell brings its own


def draw(cell: Cell, shape: tuple[int, int], mask_form: str | None = None) -> tuple[Drawn, str | None]:
    """Draw a cell's truth on its picture.

    Args:
        cell: with contours, a mask or a review.
        shape: ``(H, W)`` of the picture.
        mask_form: of a mask; None to recognise it.

    Returns:
        The masks, and what had to be cut off to make them sound, if anything.

    Raises:
        InputError: the outline or the nucleus lies outside the picture, or most of it does, or the nucleus
            misses its cell or encloses it.
    """
    if cell.mask is not None:
        label = read_mask(cell.mask, shape, mask_form)
        drawn = Drawn(cell, np.isin(label, (CYTOPLASM, NUCLEUS)), label == NUCLEUS, label == IGNORE)
        if not drawn.nucleus.any():
            raise InputError(f"{cell.mask}: the mask has no nucleus pixel; draw it or leave the cell out.")
        return drawn, None

    if cell.reviewed is not None:
        own, label = truth(cell.reviewed, shape)
        drawn = Drawn(cell, own != BACKGROUND, own == NUCLEUS, label=label)
        for part, mask in (("cell", own == CYTOPLASM), ("nucleus", drawn.nucleus)):
            if not mask.any():
                raise InputError(
                    f"{cell.picture}: the {part} of {cell.id} has no outline on the picture that leaves it a "
                    "pixel; review it again and draw it, or reject it."
                )
        return drawn, None

    contours = _contours(cell)
    whole, nucleus = (fill(polygon, shape) for polygon in contours.values())
    for (part, polygon), mask in zip(contours.items(), (whole, nucleus), strict=True):
        if _misses(polygon, shape, mask):
            far = " by ".join(f"{low:.0f} to {high:.0f}" for low, high in zip(*_extent(polygon), strict=True))
            most = ", or most of it does" if mask.any() else ""
            raise InputError(
                f"{cell.image}: the {part} of {cell.id} lies outside the image{most}: it reaches over "
                f"{far}, the image over {shape[1]} by {shape[0]}; correct its contour file, or put "
                "the picture there that it was drawn on."
            )
    inside = nucleus & whole
    if not inside.any():
        raise InputError(
            f"{cell.image}: the nucleus of {cell.id} lies outside its cell; correct its contour files."
        )
    if inside.sum() == whole.sum() and nucleus.sum() > _LARGER * whole.sum():
        raise InputError(
            f"{cell.image}: the nucleus of {cell.id} encloses its cell, {nucleus.sum():,} pixels around "
            f"{whole.sum():,}, expected the nucleus within the cell; swap its contour files."
        )
    return Drawn(cell, whole, inside), _cut_off(contours, shape, nucleus, inside)


def _contours(cell: Cell) -> dict[str, np.ndarray]:
    """Return the two contours of a cell that has neither a mask nor a review, by what they are called."""
    assert cell.outline is not None
    assert cell.nucleus is not None
    return {"cell outline": cell.outline, "nucleus": cell.nucleus}


def lies_within(cell: Cell, shape: tuple[int, int]) -> bool:
    """Tell whether all of a cell's contours lies in a picture of that shape, give or take a pixel or two."""
    contours = [contour for contour in (cell.outline, cell.nucleus) if contour is not None]
    return all(_reaches_little(contour, shape) for contour in contours)


def lies_outside(cell: Cell, shape: tuple[int, int]) -> bool:
    """Tell whether a cell's outline, or most of it, lies outside a picture of that shape."""
    return cell.outline is not None and _misses(cell.outline, shape, fill(cell.outline, shape))


def _misses(polygon: np.ndarray, shape: tuple[int, int], filled: np.ndarray) -> bool:
    if _reaches_little(polygon, shape):
        return not filled.any()
    return bool(filled.sum() < _MOST * _area(polygon, shape)) or not filled.any()


def _reaches_little(polygon: np.ndarray, shape: tuple[int, int]) -> bool:
    low, high = _extent(polygon)
    return bool((low >= -_SLACK).all() and (high <= np.array(shape[::-1]) + _SLACK).all())


def _extent(polygon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return polygon.min(axis=0), polygon.max(axis=0)


def _area(polygon: np.ndarray, shape: tuple[int, int]) -> int:
    """Return the pixels of a polygon in the picture and as far beyond it as the picture is wide and high."""
    size = np.array(shape[::-1])
    low, high = _extent(polygon)
    low, high = np.maximum(np.floor(low), -size), np.minimum(np.floor(high) + 1, 2 * size)
    width, height = np.maximum(high - low, 1).astype(int).tolist()
    return int(fill(polygon - low, (height, width)).sum())


def _cut_off(
    contours: dict[str, np.ndarray], shape: tuple[int, int], nucleus: np.ndarray, inside: np.ndarray
) -> str | None:
    height, width = shape
    cut = []
    for part, polygon in contours.items():
        if polygon.min() < 0 or (polygon > np.array([width, height])).any():
            cut.append(f"{part} reaches beyond the image")
    lost = 1 - inside.sum() / nucleus.sum()
    if lost > 0:
        cut.append(f"{lost:.1%} of the nucleus lies outside its cell")
    return f"{CLIPPED}: {'; '.join(cut)}" if cut else None


def label_map(drawn: Sequence[Drawn], shape: tuple[int, int]) -> np.ndarray:
    """Lay cells over one another as a label map: every nucleus lies above every cytoplasm."""
    label = np.full(shape, BACKGROUND, dtype=np.uint8)
    for one in drawn:
        if one.ignore is not None:
            label[one.ignore] = IGNORE
        label[one.whole] = CYTOPLASM
    for one in drawn:
        label[one.nucleus] = NUCLEUS
    return label


def window(image: np.ndarray, label: np.ndarray, cell: Drawn, size: int) -> Crop:
    """Cut the paper's window: `size` pixels square, centred on the nucleus, at the picture's own scale.

    Raises:
        InputError: the window leaves the picture.
    """
    height, width = label.shape
    rows, columns = np.nonzero(cell.nucleus)
    x0, y0 = (int(np.floor(axis.mean() + 0.5)) - size // 2 for axis in (columns, rows))
    if x0 < 0 or y0 < 0 or x0 + size > width or y0 + size > height:
        raise InputError(
            f"{cell.cell.image}: the {size} × {size} window around the nucleus of {cell.cell.id} leaves the "
            f"{width} × {height} image; mode fit would keep the cell."
        )
    place = np.s_[y0 : y0 + size, x0 : x0 + size]
    return Crop(image[place], label[place], x0, y0, 1.0, Extent(0, 0, size, size))


def field(image: np.ndarray, label: np.ndarray, cell: Drawn, size: int) -> Crop:
    """Cut a window as a smear's tiles fall: around some pixel of the cell, or anywhere in the picture.

    Which of the two, and where, the cell's id decides.

    Raises:
        InputError: the picture is smaller than the window.
    """
    height, width = label.shape
    if min(height, width) < size:
        raise InputError(
            f"{cell.cell.image}: a field of {size} × {size} around {cell.cell.id} does not fit into the "
            f"{width} × {height} image; mode fit would keep the cell."
        )
    chance = int.from_bytes(hashlib.sha256(cell.cell.id.encode()).digest()[:8])
    rows, columns = np.nonzero(cell.whole if chance % 2 else np.ones_like(cell.whole))
    drawn = chance // 2 % len(rows)
    x0 = int(np.clip(columns[drawn] - size // 2, 0, width - size))
    y0 = int(np.clip(rows[drawn] - size // 2, 0, height - size))
    place = np.s_[y0 : y0 + size, x0 : x0 + size]
    return Crop(image[place], label[place], x0, y0, 1.0, Extent(0, 0, size, size))


def fit(image: np.ndarray, label: np.ndarray, cell: Drawn, size: int) -> Crop:
    """Cut the square around the whole cell with a margin, resized to `size`; see `square`."""
    rows, columns = np.nonzero(cell.whole)
    left, right = columns.min() - FIT_MARGIN, columns.max() + 1 + FIT_MARGIN
    top, bottom = rows.min() - FIT_MARGIN, rows.max() + 1 + FIT_MARGIN
    height, width = label.shape
    left, top = max(left, 0), max(top, 0)
    right, bottom = min(right, width), min(bottom, height)
    side = int(max(right - left, bottom - top))
    x0 = int(left + right - side) // 2
    y0 = int(top + bottom - side) // 2
    pixels, known = square(image, x0, y0, side), known_square(label, x0, y0, side)
    real = extent(x0, y0, side, size, label.shape)
    return Crop(resize_image(pixels, size), resize_label(known, size), x0, y0, size / side, real)


def whole(image: np.ndarray, label: np.ndarray, cell: Drawn, size: int) -> Crop:
    """Cut a window as near to the nucleus as the picture allows: all of a picture that has its size.

    Made for pictures that were cut around a cell before, such as those of reviews: a crop of a data set stays
    as it is, fitted or not, and a piece of a smear keeps its scale, be it narrow at the smear's edge; what is
    missing there mirrors what is there, and is ignored. A picture that is smaller both ways shows a single
    cell, and is fitted.
    """
    height, width = label.shape
    if max(height, width) < size:
        return fit(image, label, cell, size)
    rows, columns = np.nonzero(cell.nucleus)
    x0, y0 = _near(columns.mean(), width, size), _near(rows.mean(), height, size)
    real = extent(x0, y0, size, size, label.shape)
    return Crop(square(image, x0, y0, size), known_square(label, x0, y0, size), x0, y0, 1.0, real)


def _near(middle: float, length: int, size: int) -> int:
    """Return where a window begins along an axis: as near to `middle` as it goes, or about all there is."""
    if length < size:
        return (length - size) // 2
    return int(np.clip(np.floor(middle + 0.5) - size // 2, 0, length - size))


CUTS: dict[str, Callable[[np.ndarray, np.ndarray, Drawn, int], Crop]] = {
    "window": window,
    "field": field,
    "fit": fit,
    "whole": whole,
}


def square(pixels: np.ndarray, x0: int, y0: int, side: int) -> np.ndarray:
    """Cut a square that may leave the picture; what lies beyond mirrors what lies within."""
    height, width = pixels.shape[:2]
    before = (max(0, -y0), max(0, -x0))
    after = (max(0, y0 + side - height), max(0, x0 + side - width))
    inner = pixels[max(0, y0) : min(height, y0 + side), max(0, x0) : min(width, x0 + side)]
    beyond = [(before[0], after[0]), (before[1], after[1])] + [(0, 0)] * (pixels.ndim - 2)
    return np.pad(inner, beyond, mode="symmetric")


def known_square(label: np.ndarray, x0: int, y0: int, side: int) -> np.ndarray:
    """Cut a square of a label map; what lies beyond the picture is ignored."""
    height, width = label.shape
    known = square(label, x0, y0, side)
    ys, xs = np.arange(y0, y0 + side)[:, None], np.arange(x0, x0 + side)[None]
    known[(ys < 0) | (ys >= height) | (xs < 0) | (xs >= width)] = IGNORE
    return known


def resize_image(image: np.ndarray, size: int) -> np.ndarray:
    """Resize ``(S, S, 3)`` uint8 to `size` squared, smoothed as it shrinks."""
    return resized(image, size, size)


def resize_label(label: np.ndarray, size: int) -> np.ndarray:
    """Resize ``(S, S)`` labels to `size` squared by nearest neighbour: labels are never interpolated."""
    return resized(label, size, size, Image.Resampling.NEAREST)
