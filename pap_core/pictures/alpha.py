"""Transparency: only where it is."""

import numpy as np
from PIL import Image

from pap_core.pictures.brightness import eight_bit


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


def alpha_of(values: np.ndarray, colours: np.ndarray, bits: int) -> np.ndarray:
    """Scale an alpha channel to 8 bit: opaque is the largest value, or that of the camera's depth.

    Args:
        values: ``(H, W)`` unsigned, as stored.
        colours: ``(H, W, …)``, as stored; their depth is that of the alpha, too.
        bits: of a value as it is stored, up to 16.
    """
    full = 2**bits - 1
    depth = max(8, int(max(values.max(), colours.max())).bit_length())
    top = min(full, 2**depth - 1) if values.max() <= full // 4 else full
    return eight_bit(values.astype(np.uint16), bits, top)[0]
