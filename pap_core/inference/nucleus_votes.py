"""The scale of a picture of many cells, told by the sizes of the nuclei that the model finds in it.

A few stained tiles are seen at scales an octave apart. Each nucleus votes for the scale that would bring it
to the size that the network expects. A nucleus that is one is seen at several scales, and votes alike each
time; a grain within a nucleus, or a cell taken for one, has much the same size in the network whatever the
scale, and votes for another each time. So the scale is about where most votes lie together, and the nuclei
seen there tell the rest.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image
from skimage.measure import regionprops_table
from skimage.segmentation import clear_border

from pap_core.data.tiles import NUCLEUS_SIZE, SCALES
from pap_core.images import MAX_PIXELS
from pap_core.inference.segmenter import Segmenter
from pap_core.nuclei import nuclei_of
from pap_core.tiling import SIZE, resized

_OCTAVES = tuple(8.0 / 2**step for step in range(7))  # network px per image px, down to 0.125
_BEYOND = 1.1  # times the largest scale at which a picture is read
_LEAST_SIDE = SIZE // 4  # px of the network: a picture that is smaller shows no nuclei
_TILES, _TILES_AGAIN = 4, 6  # at each scale, and then at that which most voted for
_SMOOTH = 0.92  # of its convex hull, at least: what is more ragged is debris, or several nuclei
_SPREAD = 0.5  # of the logarithm of a nucleus's size: the model knows those best that are as it expects
_TOGETHER = 0.2  # of the logarithm of the scale: votes nearer than that are for one
_STEP = 0.01  # of it, to which it is told
_NEAR = 0.3  # of it: votes that stand for the scale found
_FAR = 0.6  # of the logarithm of a size: what is further from that expected is no nucleus then
_ENOUGH = 3  # nuclei to tell a median by
_THUMBNAIL = 512  # px of the longer side, which tells where the stain is
_BLACK = 8  # of 255; every stain lets more light pass: padding, or the rim of the microscope's field
_STAINED = 3  # the most stained of so many tiles are looked at


class Vote(NamedTuple):
    """What the nuclei of a picture voted for."""

    scale: float  # network px per image px, within `SCALES`
    weight: float  # of the votes for it; a nucleus has up to 1 at each scale it is seen at


def vote(segmenter: Segmenter, image: np.ndarray) -> Vote | None:
    """Return the scale at which nuclei have the size that the network expects; None where none is found.

    Args:
        segmenter: the model.
        image: ``(H, W, 3)`` uint8.
    """
    dark = _dark(image)
    octaves = []
    for scale in _octaves(image.shape):
        off = np.log(_seen(segmenter, image, dark, scale, _TILES) / NUCLEUS_SIZE)
        octaves.append((math.log(scale) - off, np.exp(-((off / _SPREAD) ** 2) / 2)))
    if not any(votes.size for votes, _ in octaves):
        return None
    found = _most(octaves)
    weight = sum(float(weights[abs(votes - math.log(found)) < _NEAR].sum()) for votes, weights in octaves)
    # seen at that scale, its nuclei are neither grains nor whole cells
    diameters = _seen(segmenter, image, dark, found, _TILES_AGAIN)
    diameters = diameters[abs(np.log(diameters / NUCLEUS_SIZE)) < _FAR]
    if diameters.size >= _ENOUGH:
        found *= NUCLEUS_SIZE / float(np.median(diameters))
    return Vote(float(np.clip(found, *SCALES)), weight)


def _octaves(shape: tuple[int, ...]) -> list[float]:
    """Return the scales at which a picture is neither too small to show nuclei nor too large to be read."""
    largest = _BEYOND * math.sqrt(MAX_PIXELS / (shape[0] * shape[1]))
    return [scale for scale in _OCTAVES if _LEAST_SIDE / max(shape[:2]) <= scale <= largest]


def _seen(segmenter: Segmenter, image: np.ndarray, dark: Image.Image, scale: float, count: int) -> np.ndarray:
    """Return the diameters of the nuclei seen in some tiles at a scale, px of the network."""
    tiles = _tiles(image, dark, scale, count)
    return np.concatenate([_diameters(segmenter.segment(tile, "smear", 1.0).label) for tile in tiles])


def _diameters(label: np.ndarray) -> np.ndarray:
    """Return the diameters of the nuclei that lie whole in a tile and are smooth, px."""
    whole = clear_border(nuclei_of(label))
    found = regionprops_table(whole, properties=("equivalent_diameter_area", "solidity"))
    return found["equivalent_diameter_area"][found["solidity"] >= _SMOOTH]


def _most(octaves: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """Return the scale around which most votes lie.

    Of each octave the square root of its votes there counts: a few at several scales are more than many at
    one, for those are of grains.

    Args:
        octaves: votes, logarithms of scales, and their weights.
    """
    least, greatest = SCALES
    scales = np.arange(math.log(least), math.log(greatest), _STEP)
    heights = np.zeros(len(scales))
    for votes, weights in octaves:
        heights += np.sqrt(np.exp(-(((scales[:, None] - votes) / _TOGETHER) ** 2) / 2) @ weights)
    return math.exp(scales[heights.argmax()])


def _dark(image: np.ndarray) -> Image.Image:
    """Return a thumbnail's stained pixels, of 0 and 255."""
    height, width = image.shape[:2]
    factor = min(1.0, _THUMBNAIL / max(height, width))
    small = Image.fromarray(image).convert("L")
    small = small.resize((math.ceil(width * factor), math.ceil(height * factor)), Image.Resampling.BOX)
    grey = np.asarray(small)
    seen = grey > _BLACK
    stained = seen & (grey < np.percentile(grey[seen], (5, 90)).mean()) if seen.any() else seen
    return Image.fromarray(np.where(stained, 255, 0).astype(np.uint8))


def _tiles(image: np.ndarray, dark: Image.Image, scale: float, count: int) -> Iterator[np.ndarray]:
    """Yield tiles at a scale: stained ones, and not only the most stained, which may be dirt.

    A tile is smaller than what the network sees where the picture is.
    """
    shape = image.shape[:2]
    rows, columns = (max(1, int(side * scale / SIZE)) for side in shape)
    stain = np.asarray(dark.resize((columns, rows), Image.Resampling.BOX), dtype=np.int16)
    order = np.argsort(-stain.ravel(), kind="stable")
    order = order[: max(count, len(order) // _STAINED)]
    if len(order) > count:
        order = order[[round(len(order) * step / (count + 1)) for step in range(1, count + 1)]]
    side = SIZE / scale
    for place in order:
        row, column = divmod(int(place), columns)
        top = max(0, round((row + 0.5) / rows * shape[0] - side / 2))
        left = max(0, round((column + 0.5) / columns * shape[1] - side / 2))
        part = image[top : top + round(side), left : left + round(side)]
        yield resized(part, *(max(1, min(SIZE, round(length * scale))) for length in part.shape[:2]))
