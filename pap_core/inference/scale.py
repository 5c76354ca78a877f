"""Chooses how to read a picture: as one cell or as a smear, and at what scale."""

import math

import numpy as np

from pap_core.inference.segmenter import SIZE, Segmentation, Segmenter, fit_scale
from pap_core.labels import largest_share
from pap_core.nuclei import areas_of

PER_MICROMETRE = 5.0  # network px, which expects nuclei of 42 px: those of 8.4 µm
SCALES = (0.25, 0.5, 1.0, 2.0, 4.0)  # network px per image px

_SMALLEST_SMEAR = 320  # px of the longer side; less is a cell, however it looks
_LARGEST_CROP = 640  # px of the longer side; no published crop of a cell is larger
_MOST_NUCLEI_IN_CROP = 10  # pieces found in it, specks included; a smear seen at once shows far more
_SHARE_OF_LARGEST = 0.7  # of all nucleus pixels of a crop
_SMALLEST_IN_CROP = 100.0  # square px of the network: a pyknotic nucleus in a large cell has twice that
_SIDES = (700, 2500)  # px of the network, the longer side of a smear
_PROBE = 3 * SIZE  # px of the network, the side of the field looked at


def choose(
    segmenter: Segmenter,
    image: np.ndarray,
    kind: str | None = None,
    scale: float | None = None,
    pixel_size: float | None = None,
) -> tuple[str, float]:
    """Choose by what is told, then by the picture: its size, and what the model makes of it.

    A very small picture is a crop, a small one if one nucleus stands out in it when it is seen at once. The
    scale of a smear is told by the size of its pixels; where nobody tells that, its middle is seen at several
    scales, and that one is taken at which the model is surest of its classes.

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
    if kind == "crop" or (kind is None and _is_crop(segmenter, image)):
        return "crop", fit_scale(image)
    if pixel_size:
        return "smear", pixel_size * PER_MICROMETRE
    return "smear", _smear_scale(segmenter, image)


def _is_crop(segmenter: Segmenter, image: np.ndarray) -> bool:
    longer, scale = max(image.shape[:2]), fit_scale(image)
    if longer <= _SMALLEST_SMEAR:
        return True
    if longer > _LARGEST_CROP:
        return False
    seen_at_once = segmenter.segment(image, "crop", scale)
    return _one_stands_out(areas_of(seen_at_once.label) * scale**2)


def certainty(found: Segmentation) -> float:
    """Return how sure a segmentation is: the mean over pixels of the largest class share in the colour."""
    return float(largest_share(found.colours).mean())


def _one_stands_out(areas: np.ndarray) -> bool:
    if not 0 < areas.size <= _MOST_NUCLEI_IN_CROP:
        return False
    return areas.max() >= max(_SMALLEST_IN_CROP, _SHARE_OF_LARGEST * areas.sum())


def _smear_scale(segmenter: Segmenter, image: np.ndarray) -> float:
    longer = max(image.shape[:2])
    candidates = [scale for scale in SCALES if _SIDES[0] <= longer * scale <= _SIDES[1]]
    if not candidates:
        return min(SCALES, key=lambda scale: abs(math.log(longer * scale / _SIDES[1])))
    return max(
        candidates,
        key=lambda scale: certainty(segmenter.segment(_middle(image, _PROBE / scale), "smear", scale)),
    )


def _middle(image: np.ndarray, side: float) -> np.ndarray:
    top, left = (max(0, round((length - side) / 2)) for length in image.shape[:2])
    return image[top : top + round(side), left : left + round(side)]
