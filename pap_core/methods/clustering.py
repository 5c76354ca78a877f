"""Methods that learn nothing: colours are taken apart, and the parts named by darkness and position."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from skimage.color import rgb2lab
from skimage.filters import gaussian, threshold_multiotsu
from skimage.morphology import closing, disk, opening, remove_small_holes, remove_small_objects

from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS, PALETTE
from pap_core.methods.method import About, Method

Parts = Callable[[np.ndarray], np.ndarray]  # (S, S, 3) Lab to (S, S) int, a number for each part

_SMOOTHING = 1.5  # px, sigma
_EVERY = 4  # px between those that the parts are found by
_BANDWIDTH = 0.15  # quantile of the distances of colours
_FRAME = 6  # px: what lies there is background more often than not
_DARK = 0.75  # of the way from the background's lightness to the darkest part's: a nucleus is beyond
_FAINT = 0.05  # of that way: a cytoplasm is beyond
_SMALLEST_NUCLEUS, _SMALLEST_CELL = 150, 1000  # px
_SPECK = 3  # px, radius of what opening and closing smooth away


class Clustering(Method):
    """Finds parts by colour, and names them."""

    def __init__(self, about: About, parts: Parts):
        super().__init__(about)
        self._parts = parts

    def _colours(self, images: np.ndarray) -> np.ndarray:
        return np.stack([PALETTE[self._label(image)] for image in images])

    def _label(self, image: np.ndarray) -> np.ndarray:
        lab = rgb2lab(gaussian(image, _SMOOTHING, channel_axis=-1))
        return clean(named(self._parts(lab), lab[..., 0]))


def k_means(lab: np.ndarray) -> np.ndarray:
    """Three clusters of colour (MacQueen 1967)."""
    from sklearn.cluster import KMeans  # an extra, which Otsu does without

    found = KMeans(3, n_init=4, random_state=0).fit(_some(lab))
    return found.predict(lab.reshape(-1, 3)).reshape(lab.shape[:2])


def mean_shift(lab: np.ndarray) -> np.ndarray:
    """As many clusters as the density of colours has peaks (Comaniciu and Meer 2002)."""
    from sklearn.cluster import MeanShift, estimate_bandwidth

    colours = _some(lab)
    bandwidth = estimate_bandwidth(colours, quantile=_BANDWIDTH, n_samples=500, random_state=0)
    found = MeanShift(bandwidth=max(bandwidth, 1.0), bin_seeding=True).fit(colours)
    return found.predict(lab.reshape(-1, 3)).reshape(lab.shape[:2])


def otsu(lab: np.ndarray) -> np.ndarray:
    """Three ranges of lightness (Otsu 1979, with two thresholds)."""
    lightness = lab[..., 0]
    if len(np.unique(lightness)) < 3:
        return np.zeros(lightness.shape, dtype=int)
    return np.digitize(lightness, threshold_multiotsu(lightness, classes=3))


def named(parts: np.ndarray, lightness: np.ndarray) -> np.ndarray:
    """Name parts by position and darkness.

    The part that has most of the picture's frame is background. Of the others, those about as dark as
    the darkest are nucleus; what is hardly darker than the background is background too.

    Args:
        parts: ``(S, S)`` int from 0.
        lightness: ``(S, S)`` L of Lab.

    Returns:
        ``(S, S)`` uint8 label map.
    """
    count = parts.max() + 1
    means = ndimage.mean(lightness, parts, np.arange(count))
    frame = np.ones(parts.shape, dtype=bool)
    frame[_FRAME:-_FRAME, _FRAME:-_FRAME] = False
    background = np.bincount(parts[frame], minlength=count).argmax()
    depth = (means[background] - means) / max(means[background] - means.min(), 1e-6)
    values = np.where(depth > _DARK, NUCLEUS, np.where(depth > _FAINT, CYTOPLASM, BACKGROUND))
    values[background] = BACKGROUND
    return values.astype(np.uint8)[parts]


def clean(label: np.ndarray) -> np.ndarray:
    """Smooth a label map by morphology: no specks, no holes; every nucleus lies in a cell.

    Args:
        label: ``(S, S)`` uint8.
    """
    speck = disk(_SPECK)
    nucleus = _solid(opening(label == NUCLEUS, speck), _SMALLEST_NUCLEUS)
    cell = _solid(opening(closing(label != BACKGROUND, speck), speck), _SMALLEST_CELL)
    cleaned = np.where(cell, CYTOPLASM, BACKGROUND).astype(np.uint8)
    cleaned[nucleus & cell] = NUCLEUS
    return cleaned


def _solid(mask: np.ndarray, smallest: int) -> np.ndarray:
    kept = remove_small_objects(mask, max_size=smallest)
    return remove_small_holes(kept, max_size=mask.size // 8)


def _some(lab: np.ndarray) -> np.ndarray:
    return lab[::_EVERY, ::_EVERY].reshape(-1, 3)
