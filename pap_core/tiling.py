"""Pictures at another scale, and where the tiles lie in which they are gone over."""

import numpy as np
from PIL import Image

from pap_core.errors import InputError
from pap_core.images import MAX_PIXELS

SIZE = 256  # px, the side of what a network sees: of crops and of tiles


def scaled(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return the height and width of a picture resized by a factor.

    Args:
        shape: ``(H, W, …)`` of it.
        scale: factor on its sides.

    Raises:
        InputError: it would be over 50 megapixels.
    """
    height, width = (max(1, round(side * scale)) for side in shape[:2])
    if height * width > MAX_PIXELS:
        raise InputError(
            f"scale {scale:g}: {shape[1]} × {shape[0]} pixels would become {width} × {height}, "
            f"more than {MAX_PIXELS // 10**6} megapixels; choose a smaller scale."
        )
    return height, width


def resized(
    pixels: np.ndarray, height: int, width: int, how: Image.Resampling = Image.Resampling.BICUBIC
) -> np.ndarray:
    """Resize ``(H, W)`` or ``(H, W, 3)`` uint8: smoothed as it shrinks, or, of a label map, `NEAREST`."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.array(Image.fromarray(pixels).resize((width, height), how))


def places(length: int, size: int, overlap: int) -> list[int]:
    """Return where tiles begin along an axis: overlapping at least so much, the last flush with the end.

    Args:
        length: of the axis, px.
        size: of a tile, px; one tile at 0 where it is not shorter than the axis.
        overlap: px.

    >>> places(600, 256, 64), places(200, 256, 64)
    ([0, 172, 344], [0])
    """
    if length <= size:
        return [0]
    steps = -(-(length - size) // (size - overlap))
    return [round(step * (length - size) / steps) for step in range(steps + 1)]
