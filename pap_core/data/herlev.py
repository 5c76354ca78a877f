"""Reads Herlev (Jantzen et al. 2005): single-cell images beside colour-coded masks."""

from collections import defaultdict
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pap_core.data.beside import pair_of
from pap_core.data.categories import united
from pap_core.data.cell import Cell, Reading, Skipped, visible
from pap_core.errors import InputError
from pap_core.images import SUFFIXES, read_image
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS

OFFICIAL = {
    "normal_superficiel": (74, 74),
    "normal_intermediate": (70, 70),
    "normal_columnar": (98, 98),
    "light_dysplastic": (182, 182),
    "moderate_dysplastic": (146, 146),
    "severe_dysplastic": (197, 197),
    "carcinoma_in_situ": (150, 150),
}

_MASK_COLOURS = np.array([[255, 0, 0], [0, 0, 128], [0, 0, 255], [128, 128, 128], [0, 0, 0]], dtype=np.int32)
_MASK_CLASSES = np.array([BACKGROUND, CYTOPLASM, NUCLEUS, IGNORE, BACKGROUND], dtype=np.uint8)
_MAX_DISTANCE = 48  # RGB units; masks saved as JPEG by their copiers stay well within


def recognise(source: Path) -> bool:
    """Tell whether a folder holds files whose names end in ``-d``, as Herlev's masks do."""
    return any(path.suffix.lower() in SUFFIXES and _is_mask(path) for path in visible(source))


def read(source: Path) -> Reading:
    """Read every pair ``<slide>-<picture>-<cell>.*`` and ``…-d.*`` below `source`.

    The folder is the category. Endings and case vary between copies and may.
    """
    source = source.resolve()  # so that ids do not depend on the way to the folder
    reading = Reading(source="herlev", default_mode="fit", official=OFFICIAL)
    images: dict[Path, list[Path]] = defaultdict(list)
    masks: dict[Path, list[Path]] = defaultdict(list)
    for path in reading.files(source):
        if path.suffix.lower() in SUFFIXES:
            stem = path.with_suffix("")
            if _is_mask(path):
                masks[stem.with_name(stem.name[:-2])].append(path)
            else:
                images[stem].append(path)
    stems = sorted(images.keys() | masks.keys())
    categories, reading.notes = united((stem.parent.name for stem in stems), OFFICIAL)
    for stem in stems:
        category = categories[stem.parent.name]
        identifier = f"{category}_{stem.name}"
        if stem not in masks:
            reading.skipped.append(Skipped(identifier, f"{images[stem][0]}: no mask {stem.name}-d beside it"))
        elif stem not in images:
            reading.skipped.append(Skipped(identifier, f"{masks[stem][0]}: a mask without its image"))
        else:
            image, mask, passed_over = pair_of(images[stem], masks[stem])
            slide = stem.name.split("-")[0]
            reading.cells.append(Cell(identifier, category=category, group=slide, image=image, mask=mask))
            reading.skipped += passed_over
    counted = [categories[stem.parent.name] for stem in images]
    reading.count(counted, counted)
    reading.drop_twins()
    return reading


def _is_mask(path: Path) -> bool:
    return path.stem.lower().endswith("-d")


def read_mask(path: Path | BinaryIO, shape: tuple[int, int]) -> np.ndarray:
    """Read a colour-coded mask as a label map.

    Args:
        path: the ``-d`` file, or one that is open.
        shape: ``(H, W)`` of the image it belongs to.

    Returns:
        ``(H, W)`` uint8 label map; grey (unclear) becomes ignore, black (unmarked) background.

    Raises:
        InputError: another size than the image, or colours that are not Herlev's.
    """
    colours = read_image(path).astype(np.int32)
    if colours.shape[:2] != shape:
        found, expected = (f"{width} × {height}" for height, width in (colours.shape[:2], shape))
        raise InputError(
            f"{path}: the mask is {found} pixels, its image {expected}; export one of them again."
        )
    classes = np.empty(shape, dtype=np.uint8)
    nearest = np.full(shape, np.iinfo(np.int32).max, dtype=np.int32)
    for colour, value in zip(_MASK_COLOURS, _MASK_CLASSES, strict=True):  # one by one: a mask may be large
        away = ((colours - colour) ** 2).sum(axis=-1, dtype=np.int32)
        classes[away < nearest] = value
        np.minimum(nearest, away, out=nearest)
    foreign = float((nearest > _MAX_DISTANCE**2).mean())
    if foreign > 0.01:
        raise InputError(
            f"{path}: {foreign:.0%} of the pixels have none of Herlev's mask colours; expected red, dark "
            "blue, blue, grey and black, so check that this file is a mask."
        )
    return classes
