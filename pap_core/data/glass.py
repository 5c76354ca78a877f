"""Weak truth from the glass: what of a field is no nucleus, and as clear as the glass, is background.

In liquid-based preparations the glass between cells is clean: what lets as much light pass as the glass is
background, what is clearly stained is cytoplasm, and between the two it stays unknown.
"""

import numpy as np
from scipy import ndimage

from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS

GLASS = 8  # percentile of the field's optical density that is the glass's
CLEAR = 0.06  # above the glass, at most, for background; densities are sums over the channels
STAINED = 0.16  # above the glass, at least, for cytoplasm
_SMOOTH = 1.5  # px


def told_by_glass(image: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Return a label map with background and cytoplasm where only "not a nucleus" was known.

    Args:
        image: ``(H, W, 3)`` uint8.
        label: ``(H, W)`` uint8 label map; what is unknown, as padding, is no glass to go by.
    """
    known = label != IGNORE
    if not (label == NOT_NUCLEUS).any():
        return label
    density = ndimage.gaussian_filter(
        -np.log10(np.maximum(image, 1) / 255).sum(axis=-1, dtype=np.float64), _SMOOTH
    )
    above = density - np.percentile(density[known], GLASS)
    open_ = label == NOT_NUCLEUS
    found = label.copy()
    found[open_ & (above <= CLEAR)] = BACKGROUND
    found[open_ & (above >= STAINED)] = CYTOPLASM
    return found
