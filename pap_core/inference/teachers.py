"""Teachers: checkpoints that tell the classes of crops where they are sure of them.

They see each crop at several sizes, upright and mirrored; the mean of what they say is sure where the
classes that are left have nearly all of the probability (after D.-H. Lee, *Pseudo-Label*, ICML workshop
2013, with the mean over views of I. Radosavovic et al., *Data Distillation*, CVPR 2018). A whole cell that
the truth outlines is seen as a crop of its own, fitted, as networks see cells best; and as it has one
nucleus, that is told which stands out (`pap_core.inference.one_nucleus`), or none.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from skimage.measure import label as connected
from skimage.measure import regionprops
from torch.nn import functional

from pap_core.data.crop import resize_image, square
from pap_core.data.extent import Extent
from pap_core.data.truth.partial import guessed
from pap_core.errors import InputError
from pap_core.inference.one_nucleus import one_nucleus
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.nuclei import SMALLEST_NUCLEUS
from pap_core.tiling import SIZE, resized

SURE = 0.9  # of the probability, at least, for the classes that are left

_VIEWS = ((0.75, ()), (1.0, (3,)), (1.25, ()))  # of the side of a crop, and axes of (N, C, H, W) to flip
_BATCH = 8  # crops in hand at once
_MARGIN = 0.06  # of a cell's longer side, around it when it is seen by itself
_SMALLEST_CELL = 24  # px, its longer side: with less there is nothing to see
_CONVEX = 0.93  # of its convex hull: an outline that fills less is of several cells
_RAGGED = 0.85  # of its convex hull: what fills less is no outline of a nucleus, however sure all of it is
_RIM = 0.1  # of a nucleus's radius, to each side of its outline: there the class is left open

_Box = tuple[int, int, int]  # x0, y0 and side of a square


@dataclass(frozen=True)
class Teachers:
    """Checkpoints, and what of their word is taken.

    Attributes:
        segmenters: one or more; their generators tell classes, not colours.
        sure: of the probability, what the classes that are left have together at least; 0.5 to 1.
        only: tell nuclei, and what is no nucleus, and nothing of cytoplasm; or tell background alone.
        one_cell: each crop is of one cell, which has one nucleus; further off there may be others.

    Raises:
        InputError: a generator without classes, or `sure` out of its range.
    """

    segmenters: Sequence[Segmenter]
    sure: float = SURE
    only: Literal["nuclei", "background"] | None = None
    one_cell: bool = False

    def __post_init__(self) -> None:
        """Check what a person may have named."""
        if not 0.5 < self.sure < 1:
            raise InputError(f"sure {self.sure:g}: choose a number above 0.5 and below 1, as {SURE}.")
        if painters := [one.name for one in self.segmenters if one.generator.config.head != "palette"]:
            raise InputError(
                f"{painters[0]}: paints colours, expected a checkpoint that tells how probable each class "
                "is; choose one with head palette, as compact."
            )

    def labels(self, crops: Sequence[tuple[np.ndarray, np.ndarray, Extent]]) -> list[np.ndarray]:
        """Return a label map of each crop, with codes of partial truth where several classes are left.

        Args:
            crops: ``(S, S, 3)`` uint8 pixels, ``(S, S)`` uint8 truth, and what of it is picture; one or more.
        """
        nuclei = self.only != "background"
        boxes = [_square(extent.left, extent.top, extent.right, extent.bottom) for _, _, extent in crops]
        cells = [
            (number, *one)
            for number, (_, truth, extent) in enumerate(crops)
            for one in (_cells(truth, extent) if nuclei else ())
        ]
        seen_in = [*enumerate(boxes), *((number, box) for number, _, box in cells)]
        squares = np.stack([resize_image(square(crops[number][0], *box), SIZE) for number, box in seen_in])
        probabilities = self._probabilities(squares)
        labels = []
        for (_, truth, extent), seen, box in zip(crops, probabilities, boxes, strict=False):
            found = self._told(seen)
            if self.one_cell and nuclei:
                picture = extent.cleared(np.ones(truth.shape, dtype=bool), 0)
                found = _with_one_nucleus(found, seen[NUCLEUS], _within(picture, box), whole=False)
            labels.append(extent.cleared(_put_back(found, box, truth.shape), IGNORE))
        for (number, cell, box), seen in zip(cells, probabilities[len(crops) :], strict=True):
            found = _with_one_nucleus(self._told(seen), seen[NUCLEUS], _within(cell, box), whole=True)
            labels[number][cell] = _put_back(found, box, cell.shape)[cell]
        return labels

    def _probabilities(self, squares: np.ndarray) -> np.ndarray:
        """Return the mean probability of each class over all, ``(N, 3, S, S)`` of ``(N, S, S, 3)``."""
        parts = [squares[start : start + _BATCH] for start in range(0, len(squares), _BATCH)]
        return np.concatenate(
            [np.mean([_probabilities(one, part) for one in self.segmenters], axis=0) for part in parts]
        )

    def _told(self, probabilities: np.ndarray) -> np.ndarray:
        """Return a label map ``(S, S)`` uint8, codes of the classes that are left."""
        background, cytoplasm, nucleus = probabilities
        found = np.full(background.shape, IGNORE, np.uint8)
        if self.only != "nuclei":
            found[background >= self.sure] = BACKGROUND
        if self.only == "background":
            return found
        if self.only is None:
            found[cytoplasm + nucleus >= self.sure] = OF_CELL
            found[cytoplasm >= self.sure] = CYTOPLASM
        told = (found != BACKGROUND) & (found != CYTOPLASM)
        found[told & (background + cytoplasm >= self.sure)] = NOT_NUCLEUS
        found[_smooth_pieces(nucleus >= self.sure)] = NUCLEUS
        return found


def _smooth_pieces(mask: np.ndarray) -> np.ndarray:
    """Return a mask without its ragged pieces, and those smaller than a nucleus."""
    pieces = connected(mask, connectivity=1)
    smooth = [
        one.label
        for one in regionprops(pieces)
        if one.area >= SMALLEST_NUCLEUS and one.area_filled >= _RAGGED * one.area_convex
    ]
    return np.isin(pieces, smooth)


def _square(left: int, top: int, right: int, bottom: int, margin: float = 0) -> _Box:
    """Return the square about a box: as a cell of its own is seen."""
    side = round(max(right - left, bottom - top) * (1 + 2 * margin))
    return (left + right - side) // 2, (top + bottom - side) // 2, side


def _cells(truth: np.ndarray, extent: Extent) -> Iterator[tuple[np.ndarray, _Box]]:
    """Yield the cells that a truth outlines and does not divide, those that lie in a crop whole.

    Each is a mask, with the square about it in which it is seen.
    """
    pieces = connected(truth == OF_CELL, connectivity=1)
    for piece in regionprops(pieces):
        top, left, bottom, right = piece.bbox
        whole = top > extent.top and bottom < extent.bottom and left > extent.left and right < extent.right
        if not whole or max(bottom - top, right - left) < _SMALLEST_CELL:
            continue
        if piece.area_filled >= _CONVEX * piece.area_convex:
            yield pieces == piece.label, _square(left, top, right, bottom, _MARGIN)


def _with_one_nucleus(
    found: np.ndarray, probability: np.ndarray, cell: np.ndarray, whole: bool
) -> np.ndarray:
    """Return a label map in which a cell has the nucleus that stands out, or none that is told.

    Args:
        found: ``(S, S)`` uint8 label map.
        probability: ``(S, S)``, of nucleus.
        cell: ``(S, S)`` bool, where the nucleus may lie.
        whole: `cell` is a cell to its edge; otherwise it ends about a radius from the nucleus.
    """
    nucleus = one_nucleus(probability, cell)
    if nucleus is None:
        return np.where(cell & (found == NUCLEUS), np.uint8(IGNORE), found)
    radius = float(np.sqrt(nucleus.sum() / np.pi))
    near = cell if whole else cell & ndimage.binary_dilation(nucleus, iterations=round(radius))
    opened = np.where(near & (found == NUCLEUS), np.uint8(IGNORE), found)
    found = np.where(near, guessed(opened, np.full_like(found, NOT_NUCLEUS)), found)
    rim = max(1, round(_RIM * radius))
    found[ndimage.binary_dilation(nucleus, iterations=rim)] = IGNORE
    found[ndimage.binary_erosion(nucleus, iterations=rim)] = NUCLEUS
    return found


def _within(mask: np.ndarray, box: _Box) -> np.ndarray:
    """Return what of a mask of a crop lies in a square, ``(S, S)`` bool as the square is seen."""
    x0, y0, side = box
    steps = ((np.arange(SIZE) + 0.5) * side / SIZE).astype(int)
    rows, columns = y0 + steps, x0 + steps
    inside = (rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1])
    within = np.zeros((SIZE, SIZE), dtype=bool)
    within[np.ix_(*inside)] = mask[np.ix_(rows[inside[0]], columns[inside[1]])]
    return within


def _put_back(found: np.ndarray, box: _Box, shape: tuple[int, ...]) -> np.ndarray:
    """Return a label map of a crop, unknown beside it, of one ``(S, S)`` of a square in it."""
    x0, y0, side = box
    small = resized(found, side, side, Image.Resampling.NEAREST)  # never interpolated
    label = np.full(shape, IGNORE, np.uint8)
    top, left = max(y0, 0), max(x0, 0)
    part = label[top : y0 + side, left : x0 + side]
    part[...] = small[top - y0 :, left - x0 :][: part.shape[0], : part.shape[1]]
    return label


@torch.inference_mode()
def _probabilities(segmenter: Segmenter, images: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class over all views, ``(N, 3, S, S)`` float32.

    Args:
        segmenter: that sees them.
        images: ``(N, S, S, 3)`` uint8.
    """
    pixels = torch.from_numpy(images).to(segmenter.device).permute(0, 3, 1, 2).float() / 127.5 - 1
    side, views = pixels.shape[-1], []
    for zoom, axes in _VIEWS:
        seen = functional.interpolate(pixels, size=round(side * zoom), mode="bicubic", antialias=True)
        turned = seen.clamp(-1, 1).flip(axes).contiguous(memory_format=torch.channels_last)
        said = torch.cat([segmenter.generator(one).float().softmax(dim=1) for one in turned.split(2)])
        views.append(functional.interpolate(said.flip(axes), size=side, mode="bilinear"))
    return torch.stack(views).mean(dim=0).cpu().numpy()
