"""Reads Herlev (Jantzen et al. 2005): single-cell images beside colour-coded masks."""

from collections import defaultdict
from pathlib import Path
from typing import BinaryIO

import numpy as np

from pap_core.data.readers.beside import pair_of
from pap_core.data.readers.categories import united
from pap_core.data.readers.cell import Cell, Reading, Skipped, visible
from pap_core.errors import InputError
from pap_core.images import SUFFIXES
from pap_core.labels import NOT_NUCLEUS, OF_CELL
from pap_core.mask_forms import BOTH_CLASSES, HERLEV, UnclearForm, read_form
from pap_core.masks import Mask, read_mask_file

OFFICIAL = {
    "normal_superficiel": (74, 74),
    "normal_intermediate": (70, 70),
    "normal_columnar": (98, 98),
    "light_dysplastic": (182, 182),
    "moderate_dysplastic": (146, 146),
    "severe_dysplastic": (197, 197),
    "carcinoma_in_situ": (150, 150),
}


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


def read_mask(path: Path | BinaryIO, shape: tuple[int, int], form: str | None = None) -> np.ndarray:
    """Read the mask beside an image as a label map: Herlev's colours, or what copies of it have instead.

    Args:
        path: the ``-d`` file, or one that is open.
        shape: ``(H, W)`` of the image it belongs to.
        form: one of `BOTH_CLASSES`; None to recognise it.

    Returns:
        ``(H, W)`` uint8 label map; of Herlev's colours grey (unclear) becomes ignore, black (unmarked)
        background.

    Raises:
        InputError: another size than the image, turned by its EXIF data, no known form, or one that leaves
            nucleus or cytoplasm open.
    """
    mask = read_mask_file(path, str(path))
    if mask.turned:
        raise InputError(
            f"{path}: EXIF orientation {mask.orientation} found, so it may lie otherwise than its image; "
            "save both upright, without that tag."
        )
    if mask.shape != shape:
        found, expected = (f"{width} × {height}" for height, width in (mask.shape, shape))
        raise InputError(
            f"{path}: the mask is {found} pixels, its image {expected}; export one of them again."
        )
    label = _read(mask, str(path), form)
    if np.isin(label, (NOT_NUCLEUS, OF_CELL)).any():
        raise InputError(
            f"{path}: a partial truth (253 or 254) found, expected one that tells nucleus and cytoplasm; "
            f"draw both."
        )
    return label


def _read(mask: Mask, name: str, form: str | None) -> np.ndarray:
    try:
        return read_form(mask, name, form, BOTH_CLASSES)
    except UnclearForm:
        raise
    except InputError:
        if form is not None or mask.colours is None:
            raise
        return read_form(mask, name, HERLEV)  # what is expected here, so that the message speaks of it
