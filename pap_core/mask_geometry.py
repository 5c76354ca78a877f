"""Where the classes of a mask lie, one within another: what tells nuclei from cells where values do not."""

import numpy as np
from scipy import ndimage

from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS

_SURROUNDED = 0.9  # share of an outline: what lies in another value
_ENCLOSED = 1 / 3  # share of a nucleus's outline along cytoplasm; 0.38 and more in each of Herlev's masks
_BORDER = 4  # px from the edge of black to its middle, at most, for it to be a border
_EIGHT_NEIGHBOURS = np.ones((3, 3), dtype=int)


def nuclei_lie_in_cells(label: np.ndarray) -> bool:
    """Tell whether value 2 lies in value 1 as nuclei do: not beside it as a second cell, nor around it.

    A good part of the outline of some piece of 2 lies along 1, and 1 does not itself lie in 2.
    """
    return _enclosed(label, NUCLEUS, CYTOPLASM).max(initial=0.0) >= _ENCLOSED and not is_swapped(label)


def is_swapped(label: np.ndarray) -> bool:
    """Tell whether cytoplasm lies in nuclei, and no nucleus in cytoplasm."""
    in_nucleus, in_cytoplasm = _enclosed(label, CYTOPLASM, NUCLEUS), _enclosed(label, NUCLEUS, CYTOPLASM)
    return bool(in_nucleus.size and in_nucleus.min() >= _SURROUNDED > in_cytoplasm.max(initial=0.0))


def is_drawn_area(black: np.ndarray, label: np.ndarray) -> bool:
    """Tell whether black is drawn as an area within cytoplasm: a nucleus in another colour."""
    depth = ndimage.distance_transform_edt(np.pad(black, 1))[1:-1, 1:-1]
    if depth.max() <= _BORDER:
        return False
    pieces, number = ndimage.label(black, _EIGHT_NEIGHBOURS)
    deep = ndimage.maximum(depth, pieces, np.arange(1, number + 1)) > _BORDER
    thick = np.concatenate([[False], deep])[pieces]
    return bool((_enclosed(np.where(thick, IGNORE - 1, label), IGNORE - 1, CYTOPLASM) >= _SURROUNDED).any())


def _enclosed(label: np.ndarray, inner: int, outer: int) -> np.ndarray:
    """Return the share of the outline of each piece of a value that lies along another value."""
    pieces, number = ndimage.label(label == inner, _EIGHT_NEIGHBOURS)
    grown = ndimage.grey_dilation(pieces, footprint=_EIGHT_NEIGHBOURS)
    outline = (grown > 0) & (label != inner) & (label != IGNORE)
    whole = np.bincount(grown[outline], minlength=number + 1)[1:]
    along = np.bincount(grown[outline & (label == outer)], minlength=number + 1)[1:]
    return along[whole > 0] / whole[whole > 0]
