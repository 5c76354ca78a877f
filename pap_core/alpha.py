"""Transparency: only where it is."""

import numpy as np
from PIL import Image


def on_white(
    colours: np.ndarray, alpha: np.ndarray, premultiplied: bool = False
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Lay colours on white, and say where their alpha means nothing.

    A picture that would be transparent as a whole was saved by a program that does not fill the channel.

    Args:
        colours: ``(H, W, 3)`` uint8.
        alpha: ``(H, W)`` uint8, 255 is opaque.
        premultiplied: the colours have been laid on black already.

    Returns:
        ``(H, W, 3)`` uint8, and remarks.
    """
    if (highest := alpha.max(initial=0)) <= 1:  # nothing, or the 1 of programs that count to 1
        return colours, (f"its alpha is nowhere over {highest}, so that it was taken for opaque",)
    if alpha.min() == 255:
        return colours, ()
    if premultiplied:
        white = 255 - alpha[..., None]
        return colours + np.minimum(white, 255 - colours), ()
    picture = Image.fromarray(np.ascontiguousarray(colours))
    mask = Image.fromarray(np.ascontiguousarray(alpha))
    return np.array(Image.composite(picture, Image.new("RGB", picture.size, "white"), mask)), ()
