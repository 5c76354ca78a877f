"""Classes, palette, and the ways between a label map and a colour semantic map.

A *label map* is ``(H, W)`` uint8: 0 background, 1 cytoplasm, 2 nucleus, 255 ignore; where a truth tells only
a part, also 253 not a nucleus (background or cytoplasm) and 254 of a cell (cytoplasm or nucleus). It is never
interpolated. A *colour map* is ``(H, W, 3)`` uint8 RGB: white, red, blue, grey where a truth does not tell
the class, with a black border drawn on the outline of each cell and of each nucleus. The border is a drawing,
not a class.
"""

import numpy as np

BACKGROUND, CYTOPLASM, NUCLEUS = 0, 1, 2
NOT_NUCLEUS = 253  # background or cytoplasm, which of them is unknown
OF_CELL = 254  # cytoplasm or nucleus, which of them is unknown
IGNORE = 255  # anything
MAY_BE = {  # the classes that a pixel of a code may be of
    BACKGROUND: (BACKGROUND,),
    CYTOPLASM: (CYTOPLASM,),
    NUCLEUS: (NUCLEUS,),
    NOT_NUCLEUS: (BACKGROUND, CYTOPLASM),
    OF_CELL: (CYTOPLASM, NUCLEUS),
    IGNORE: (BACKGROUND, CYTOPLASM, NUCLEUS),
}
CODES = tuple(MAY_BE)
CLASSES = {"nucleus": NUCLEUS, "cytoplasm": CYTOPLASM}
PALETTE = np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255]], dtype=np.uint8)
GREY = 192  # of each channel: for people, where the class is not known; no loss and no metric sees it
PROTOCOLS = ("strict", "colour-200", "channel-200")

_CHANNEL = {NUCLEUS: 2, CYTOPLASM: 0}  # the channel of RGB that stands for the class
_THRESHOLD = 200


def outline(mask: np.ndarray, width: int) -> np.ndarray:
    """Return the pixels within a border `width` px wide laid astride the edge of `mask`.

    The inner half lies in the mask, the outer half outside (an odd pixel goes inside). The frame of the
    image is no edge: a cell cut by it gets no border there.

    Args:
        mask: ``(..., H, W)`` bool.
        width: pixels, at least 1.

    Returns:
        The same shape, bool.
    """
    outside, inside = width // 2, width - width // 2
    return _grown(mask, outside) & _grown(~mask, inside)


def _grown(mask: np.ndarray, reach: int) -> np.ndarray:
    """Return the mask, grown by `reach` px to all sides, corners included."""
    for axis in (-1, -2):
        lines = np.swapaxes(mask, axis, -1)
        grown = lines.copy()
        for step in range(1, min(reach, lines.shape[-1] - 1) + 1):
            grown[..., step:] |= lines[..., :-step]
            grown[..., :-step] |= lines[..., step:]
        mask = np.swapaxes(grown, axis, -1)
    return mask


def colour_map(label: np.ndarray, border: int = 2) -> np.ndarray:
    """Draw one label map ``(H, W)`` as a colour map ``(H, W, 3)`` uint8.

    Pixels whose class is not known are grey.

    >>> colour_map(np.array([[0, 1, 2]], dtype=np.uint8), border=0).tolist()
    [[[255, 255, 255], [255, 0, 0], [0, 0, 255]]]
    """
    known = label <= NUCLEUS
    colours = np.where(known[..., None], PALETTE[np.where(known, label, BACKGROUND)], np.uint8(GREY))
    if border:
        nucleus = label == NUCLEUS
        cell = (label == CYTOPLASM) | nucleus
        colours[outline(cell, border) | outline(nucleus, border)] = 0
    return colours


def decode(colour: np.ndarray) -> np.ndarray:
    """Read a label map off a colour map: each pixel takes the class of the nearest palette colour.

    A pixel nearest to the black border takes the nearest of the three class colours (SPEC, protocol
    `strict`), which is the same as never offering it black. Ties go to the lower class.

    Args:
        colour: ``(..., 3)`` uint8.

    Returns:
        ``(...)`` uint8 of 0, 1, 2.

    >>> decode(np.array([[250, 240, 251], [200, 40, 30], [9, 0, 60]], dtype=np.uint8)).tolist()
    [0, 1, 2]
    """
    red, green, blue = (colour[..., channel].astype(np.int16) for channel in range(3))
    # how near, but for what all three share: the product with the palette colour, less half its square
    white = 2 * (red + green + blue) - 3 * 255
    red, blue = 2 * red - 255, 2 * blue - 255
    label = np.where(red > white, CYTOPLASM, BACKGROUND).astype(np.uint8)
    label[blue > np.maximum(white, red)] = NUCLEUS
    return label


def largest_share(colour: np.ndarray) -> np.ndarray:
    """Return how much of each pixel's colour its likeliest class has: how sure a generated colour is.

    White, red and blue are mixed in the shares in which the classes are likely, so these can be read off
    the channels: green is background alone, what red lacks is nucleus, what blue lacks is cytoplasm.

    Args:
        colour: ``(..., 3)`` uint8, generated.

    Returns:
        ``(...)`` float32, 0 to 1.

    >>> largest_share(np.array([[255, 255, 255], [102, 0, 153]], dtype=np.uint8)).round(2)
    array([1. , 0.6], dtype=float32)
    """
    red, green, blue = (colour[..., channel].astype(np.float32) / 255 for channel in range(3))
    return np.maximum(green, np.maximum(1 - red, 1 - blue))


def positives(colour: np.ndarray, label_class: int, protocol: str) -> np.ndarray:
    """Return which pixels of a colour map count as `label_class` under `protocol`.

    Args:
        colour: ``(..., 3)`` uint8 colour map.
        label_class: ``NUCLEUS`` or ``CYTOPLASM``.
        protocol: one of `PROTOCOLS`. `strict`: nearest class colour. `colour-200`: the class channel at
            least 200, both others below. `channel-200`: the class channel at least 200, the others
            ignored, so that white passes as both classes (the reading that fits the paper's Table 3).

    Raises:
        ValueError: for any other protocol.
    """
    if protocol == "strict":
        return decode(colour) == label_class
    channel = _CHANNEL[label_class]
    high = colour >= _THRESHOLD
    if protocol == "channel-200":
        return high[..., channel]
    if protocol == "colour-200":
        return high[..., channel] & (high.sum(axis=-1) == 1)
    raise ValueError(f"unknown protocol {protocol!r}: choose one of {', '.join(PROTOCOLS)}")
