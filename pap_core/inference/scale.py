"""Chooses how to read a picture: as one cell or as a smear, and at what scale."""

import math

import numpy as np

from pap_core.data.tiles import LARGEST_CELL
from pap_core.images import MAX_PIXELS
from pap_core.inference.nucleus_votes import Vote, vote
from pap_core.inference.segmenter import Segmenter, fit_scale
from pap_core.labels import decode
from pap_core.nuclei import SMALLEST_NUCLEUS, areas_of
from pap_core.tiling import SIZE

PER_MICROMETRE = 5.0  # network px, which expects nuclei of 42 px: those of 8.4 µm

_LARGEST_CROP = 640  # px of the longer side; no published crop of a cell is larger
_MOST_NUCLEI_IN_CROP = 10  # pieces found in it; a smear seen at once shows far more
_SHARE_OF_LARGEST = 0.7  # of all nucleus pixels of a crop
_SMALLEST_IN_CROP = 100.0  # square px of the network: a pyknotic nucleus in a large cell has twice that
_MANY = 2.0  # weight of votes; the one nucleus of a crop seldom has as much
_SMALLEST_FIELD = 3 * SIZE  # px of the network; at the scale of its nucleus a crop is mostly smaller
_SIDES = (700, 2500)  # px of the network, the longer side of a smear


def choose(
    segmenter: Segmenter,
    image: np.ndarray,
    kind: str | None = None,
    scale: float | None = None,
    pixel_size: float | None = None,
) -> tuple[str, float]:
    """Choose by what is told, then by the picture: its size, and what the model makes of it.

    A very small picture is a crop, a small one if one nucleus stands out in it when it is seen at once, and
    no more are found when it is seen closely. The scale of a smear is told by the size of its pixels; where
    nobody tells that, by the sizes of its nuclei.

    Args:
        segmenter: the model that will segment it.
        image: ``(H, W, 3)`` uint8.
        kind: "crop" or "smear", where a person says so.
        scale: network px per image px, where a person says so, which reads it as a smear.
        pixel_size: µm per px of the picture, where the file or a person tells it.

    Returns:
        The kind, "crop" or "smear", and the scale in network px per image px.
    """
    if scale is not None:
        return "smear", scale
    longer = max(image.shape[:2])
    if kind == "crop" or (kind is None and longer <= LARGEST_CELL):
        return "crop", fit_scale(image)
    unclear = kind is None and longer <= _LARGEST_CROP
    found = None if pixel_size and not unclear else vote(segmenter, image)
    if unclear and not _shows_many(found, longer) and _one_stands_out(segmenter, image):
        return "crop", fit_scale(image)
    if pixel_size:
        return "smear", pixel_size * PER_MICROMETRE
    scale = found.scale if found else float(np.clip(longer, *_SIDES)) / longer
    largest = math.sqrt(0.999 * MAX_PIXELS / (image.shape[0] * image.shape[1]))  # less what rounding adds
    return "smear", min(scale, largest)


def _shows_many(found: Vote | None, longer: int) -> bool:
    return found is not None and found.weight >= _MANY and found.scale * longer >= _SMALLEST_FIELD


def _one_stands_out(segmenter: Segmenter, image: np.ndarray) -> bool:
    scale = fit_scale(image)
    # as generated: in a picture read as a crop the nuclei beside the largest are none any more
    areas = areas_of(decode(segmenter.segment(image, "crop", scale).colours)) * scale**2
    areas = areas[areas >= SMALLEST_NUCLEUS]
    if not 0 < areas.size <= _MOST_NUCLEI_IN_CROP:
        return False
    return areas.max() >= max(_SMALLEST_IN_CROP, _SHARE_OF_LARGEST * areas.sum())
