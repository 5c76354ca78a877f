"""The one nucleus of a cell: of all that a model may mean by it, the outline that stands out most.

In dark cells a model tells nucleus from cytoplasm badly: what it calls nucleus at even odds is ragged, in
pieces, or all of the cell. Yet where a cell is known to have one nucleus, that is mostly where the
probability rises most clearly above what is around it. So each piece above each of some thresholds is a
candidate, as in maximally stable extremal regions (J. Matas et al., BMVC 2002), and the best is one that is
far more probable than its surroundings, convex, and not along the cell's edge.
"""

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected
from skimage.measure import regionprops
from skimage.morphology import disk, opening
from skimage.segmentation import find_boundaries

STANDS_OUT = 0.25  # of 1, a nucleus in plain sight has 0.6 to 0.9; below this more are wrong than right

_THRESHOLDS = np.arange(0.1, 0.95, 0.05)  # of the probability
_SMOOTH = 2.0  # px: noise makes no outline
_OPENED = disk(2)  # what is thinner is no part of it
_SHARE = (0.006, 0.3)  # of the cell's area, at least and at most
_AROUND = (0.35, 2)  # of its radius, and px at least: what surrounds it
_RIM = 3  # px along the edge of the cell
_CONVEX = 3  # the power of the solidity
_SLENDER = 0.3  # its width to its length, at least: what is longer is a fold


def one_nucleus(probability: np.ndarray, cell: np.ndarray) -> np.ndarray | None:
    """Return the nucleus of a cell that has one, ``(H, W)`` bool; None where none stands out.

    Args:
        probability: ``(H, W)`` float, of nucleus, of a cell about as large as what a network sees.
        cell: ``(H, W)`` bool, where it may lie.
    """
    smooth = ndimage.gaussian_filter(probability.astype(np.float32), _SMOOTH) * cell
    inner = ndimage.binary_erosion(cell, iterations=_RIM)
    least, most = (share * cell.sum() for share in _SHARE)
    found, best = None, STANDS_OUT
    for threshold in _THRESHOLDS:
        for piece in regionprops(connected(opening(smooth >= threshold, _OPENED), connectivity=1)):
            slender = piece.axis_minor_length < _SLENDER * piece.axis_major_length
            if slender or not least <= piece.area_filled <= most:
                continue
            mask = np.zeros(cell.shape, dtype=bool)
            mask[piece.slice] = piece.image_filled
            score = _contrast(smooth, mask, cell) * (piece.area_filled / piece.area_convex) ** _CONVEX
            outline = find_boundaries(mask, mode="inner")
            score *= inner[outline].mean()
            if score > best:
                found, best = mask, score
    return found


def _contrast(probability: np.ndarray, mask: np.ndarray, cell: np.ndarray) -> float:
    """Return by how much the mean within a mask is above that of what surrounds it in the cell."""
    share, least = _AROUND
    width = max(least, int(share * np.sqrt(mask.sum() / np.pi)))
    around = ndimage.binary_dilation(mask, iterations=width) & ~mask & cell
    return float(probability[mask].mean() - probability[around].mean()) if around.any() else 0.0
