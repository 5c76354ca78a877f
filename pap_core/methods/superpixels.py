"""A small network on superpixels: SLIC cuts the picture up, and each piece gets one class."""

import numpy as np
from scipy import ndimage
from skimage.segmentation import slic

from pap_core.labels import PALETTE, decode
from pap_core.methods.network import Network

PIECES = 400  # of a crop
_COMPACTNESS = 10.0
_SMOOTHING = 1.0  # px, sigma


class Superpixels(Network):
    """Adds up within each piece of SLIC (Achanta et al. 2012) what the network says of its pixels."""

    def _colours(self, images: np.ndarray) -> np.ndarray:
        said = super()._colours(images)
        return np.stack([_pooled(image, colours) for image, colours in zip(images, said, strict=True)])


def _pooled(image: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """Give each superpixel the class of its mean colour, which is the mean of its class probabilities."""
    pieces = slic(image, PIECES, _COMPACTNESS, sigma=_SMOOTHING, start_label=0)
    numbers = np.arange(pieces.max() + 1)
    means = [ndimage.mean(colours[..., channel], pieces, numbers) for channel in range(3)]
    label = decode(np.stack(means, axis=-1).round().astype(np.uint8))
    return PALETTE[label][pieces]
