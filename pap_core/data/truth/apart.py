"""Nuclei or cells that a truth tells one from the other, though they touch in a label map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pap_core.data.readers.cell import Truth
from pap_core.data.truth import documents
from pap_core.data.truth.areas import CELL, CORE, filled
from pap_core.data.truth.read import MASKS_OF, PART_OF, VALUE_OF
from pap_core.export import read_objects
from pap_core.images import SUFFIXES
from pap_core.labels import CYTOPLASM, NUCLEUS, OF_CELL
from pap_core.masks import read_mask_file, values_of

_CLASSES_OF = {CORE: (NUCLEUS,), CELL: (CYTOPLASM, NUCLEUS, OF_CELL)}
_NO_NUMBERS = {0, 128, 255}  # values of masks that number nothing


def told_apart(truths: Sequence[Truth], label: np.ndarray, part: str) -> np.ndarray | None:
    """Return the nuclei or cells of a picture as its truth numbers or outlines each.

    Args:
        truths: those that `label` was read from, without an error.
        label: ``(H, W)`` uint8 label map that they tell together; what is not of the part there is of none.
        part: `CORE` for nuclei, `CELL` for cells.

    Returns:
        ``(H, W)`` int32, 0 for none, else a number an object; None where no truth tells them apart, as masks
        of two values and points do not.
    """
    for one in truths:
        objects = _objects(one, (label.shape[0], label.shape[1]), part)
        if objects is not None:
            return np.where(np.isin(label, _CLASSES_OF[part]), objects, 0)
    return None


def _objects(truth: Truth, shape: tuple[int, int], part: str) -> np.ndarray | None:
    if truth.path.suffix.lower() in SUFFIXES:
        return _of_mask(truth.path, part, truth.form)
    if not documents.is_one(truth.path):
        return None
    default = PART_OF.get(truth.form or "")
    found = documents.parse_file(truth.path, default)
    if found is None or found.kind == documents.GEOJSON:
        values = (
            (NUCLEUS,) if part == CORE else (OF_CELL, CYTOPLASM)
        )  # the latter where no cell is drawn whole
        for value in values:
            content = truth.path.read_bytes()
            objects = read_objects(content, shape, truth.path.name, value, VALUE_OF.get(default or ""))
            if objects.any():
                return objects
        return None
    areas = [one for one in found.of(truth.paths) if one.part == part and not one.point]
    objects = np.zeros(shape, dtype=np.int32)
    for number, area in enumerate(areas, start=1):
        place, inside = filled(area, shape)
        objects[place][inside] = number
    return objects if areas else None


def _of_mask(path: Path, part: str, form: str | None) -> np.ndarray | None:
    if form != MASKS_OF[part]:
        return None
    numbers = read_mask_file(path, path.name).numbers
    if numbers is None:
        return None
    values = set(values_of(numbers))
    if values <= _NO_NUMBERS or len(values - {0, 255}) == 1:  # one value for all of them
        return None
    return numbers.astype(np.int32)
