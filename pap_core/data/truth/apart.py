"""Nuclei or cells that a truth tells one from the other, though they touch in a label map."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pap_core.data.readers.cell import Truth
from pap_core.data.truth import documents
from pap_core.data.truth.areas import CELL, CORE, filled
from pap_core.data.truth.read import MASKS_OF, PART_OF
from pap_core.export import read_objects
from pap_core.images import SUFFIXES
from pap_core.labels import CYTOPLASM, NUCLEUS, OF_CELL
from pap_core.masks import read_mask_file, values_of

_CLASSES_OF = {CORE: (NUCLEUS,), CELL: (CYTOPLASM, NUCLEUS, OF_CELL)}
_ONE_CLASS = ({0, 1}, {0, 128, 255})  # values of masks that number nothing, or fewer of them


def told_apart(truths: Sequence[Truth], label: np.ndarray, picture: str, part: str) -> np.ndarray | None:
    """Return the nuclei or cells of a picture as its truth numbers or outlines each.

    Args:
        truths: those that `label` was read from, without an error.
        label: ``(H, W)`` uint8 label map that they tell together; what is not of the part there is of none.
        picture: the name of its file.
        part: `CORE` for nuclei, `CELL` for cells.

    Returns:
        ``(H, W)`` int32, 0 for none, else a number an object; None where no truth tells them apart, as masks
        of two values and points do not.
    """
    for one in truths:
        objects = _objects(one, label.shape, picture, part)
        if objects is not None:
            return np.where(np.isin(label, _CLASSES_OF[part]), objects, 0)
    return None


def _objects(truth: Truth, shape: tuple[int, ...], picture: str, part: str) -> np.ndarray | None:
    height, width = shape
    if truth.path.suffix.lower() in SUFFIXES:
        return _of_mask(truth.path, part, truth.form)
    if not documents.is_one(truth.path):
        return None
    found = documents.parse_file(truth.path, PART_OF.get(truth.form or ""))
    if found is None or found.kind == documents.GEOJSON:
        value = NUCLEUS if part == CORE else CYTOPLASM
        objects = read_objects(truth.path.read_bytes(), (height, width), truth.path.name, value)
        return objects if objects.any() else None
    areas = [one for one in found.of(picture) or [] if one.part == part and not one.point]
    objects = np.zeros((height, width), dtype=np.int32)
    for number, area in enumerate(areas, start=1):
        place, inside = filled(area, (height, width))
        objects[place][inside] = number
    return objects if areas else None


def _of_mask(path: Path, part: str, form: str | None) -> np.ndarray | None:
    if form != MASKS_OF[part]:
        return None
    numbers = read_mask_file(path, path.name).numbers
    if numbers is None or any(set(values_of(numbers)) <= values for values in _ONE_CLASS):
        return None
    return numbers.astype(np.int32)
