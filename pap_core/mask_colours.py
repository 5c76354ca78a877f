"""The colours of masks: a colour map's white, red and blue, and Herlev's."""

import numpy as np

from pap_core.labels import BACKGROUND, CYTOPLASM, GREY, IGNORE, NUCLEUS

NEAR = 48  # levels a channel may be off the palette's
MAX_FOREIGN = 0.01  # share of pixels that may be further off
_HERLEV_COLOURS = np.array(
    [[255, 0, 0], [0, 0, 128], [0, 0, 255], [128, 128, 128], [0, 0, 0]], dtype=np.int32
)
_HERLEV_CLASSES = np.array([BACKGROUND, CYTOPLASM, NUCLEUS, IGNORE, BACKGROUND], dtype=np.uint8)
_MAX_DISTANCE = 48  # RGB units; masks saved as JPEG by their copiers stay well within


def nearest_of_herlev(colours: np.ndarray) -> tuple[np.ndarray, float]:
    """Return each pixel's class, and the share of pixels that are near to none of the colours."""
    colours = colours.astype(np.int32)
    classes = np.empty(colours.shape[:2], dtype=np.uint8)
    nearest = np.full(classes.shape, np.iinfo(np.int32).max, dtype=np.int32)
    for colour, value in zip(
        _HERLEV_COLOURS, _HERLEV_CLASSES, strict=True
    ):  # one by one: a mask may be large
        away = ((colours - colour) ** 2).sum(axis=-1, dtype=np.int32)
        classes[away < nearest] = value
        np.minimum(nearest, away, out=nearest)
    return classes, float((nearest > _MAX_DISTANCE**2).mean())


def is_colour_map(pixels: np.ndarray) -> bool:
    """Tell whether nearly all pixels are near to white, red, blue or a border's black, or unknown."""
    high, low = pixels >= 255 - NEAR, pixels <= NEAR
    near = (high | low).all(axis=-1)
    near &= ~high[..., 1] | high.all(axis=-1)  # no green but in white
    near &= ~(high[..., 0] & high[..., 2]) | high[..., 1]  # no violet
    return float((near | is_unknown(pixels)).mean()) >= 1 - MAX_FOREIGN


def is_unknown(pixels: np.ndarray) -> np.ndarray:
    """Return which pixels have the very grey that a colour map has where the class is not known."""
    return (pixels == GREY).all(axis=-1)
