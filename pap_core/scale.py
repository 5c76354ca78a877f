"""Chooses how to read a picture: as one cell or as a smear, and at what scale."""

import math

import numpy as np

from pap_core.inference import SIZE, Segmenter, fit_scale
from pap_core.measurement import nucleus_areas

NUCLEUS_DIAMETER = 42.0  # px, typical of SIPaKMeD's smears at their own scale, which is the network's
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)

_LARGEST_CROP = 640  # px of the longer side; no published crop of a cell is larger
_SMALLEST_IN_CROP = 14.0  # px of the network: a superficial cell's nucleus; a smear's is far smaller
_SIDES = (384, 4200)  # px of the network, the longer side of a smear
_PROBE = 3 * SIZE  # px of the network, the side of the field looked at


def choose(segmenter: Segmenter, image: np.ndarray) -> tuple[str, float]:
    """Choose by the picture: its size first, then the nuclei found in it.

    A small picture is a crop if one nucleus stands out in it when it is seen at once. A smear is seen at
    several scales, and that one is taken at which its nuclei are nearest to the size they were learnt at.

    Args:
        segmenter: the model that will segment it.
        image: ``(H, W, 3)`` uint8.

    Returns:
        The kind, "crop" or "smear", and the scale in px of the network a px of the picture.
    """
    height, width = image.shape[:2]
    if max(height, width) <= _LARGEST_CROP:
        scale = fit_scale(image)
        areas = nucleus_areas(segmenter.segment(image, "crop", scale).label)
        if areas.size and _one_stands_out(areas, scale):
            return "crop", scale
    return "smear", _smear_scale(segmenter, image)


def diameter(area: float) -> float:
    """Return the diameter of a disc of that area."""
    return 2 * math.sqrt(area / math.pi)


def _one_stands_out(areas: np.ndarray, scale: float) -> bool:
    largest = areas.max()
    return diameter(largest) * scale >= _SMALLEST_IN_CROP and 2 * largest >= areas.sum()


def _smear_scale(segmenter: Segmenter, image: np.ndarray) -> float:
    height, width = image.shape[:2]
    longer = max(height, width)
    candidates = [scale for scale in SCALES if _SIDES[0] <= longer * scale <= _SIDES[1]]
    best, nearest = min(SCALES, key=lambda scale: abs(math.log(longer * scale / 2048))), math.inf
    for scale in candidates:
        reach = round(_PROBE / scale / 2)
        middle = image[
            max(0, height // 2 - reach) : height // 2 + reach, max(0, width // 2 - reach) : width // 2 + reach
        ]
        areas = nucleus_areas(segmenter.segment(middle, "smear", scale).label)
        if not areas.size:
            continue
        off = abs(math.log(_typical_diameter(areas) * scale / NUCLEUS_DIAMETER))
        if off < nearest:
            best, nearest = scale, off
    return best


def _typical_diameter(areas: np.ndarray) -> float:
    """Return the diameter at which half of all nucleus pixels lie in larger nuclei: specks do not count."""
    areas = np.sort(areas)
    return diameter(areas[np.searchsorted(areas.cumsum(), areas.sum() / 2)])
