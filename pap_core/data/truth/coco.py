"""COCO JSON: areas of many pictures, as polygons or as run lengths."""

from collections import defaultdict
from typing import Any

import numpy as np
from scipy import ndimage

from pap_core.data.truth.areas import Area, by_runs, part_of
from pap_core.data.truth.points import ring
from pap_core.errors import InputError


def recognise(data: Any) -> bool:
    """Tell whether JSON is a COCO file of annotations."""
    return isinstance(data, dict) and isinstance(data.get("images"), list) and "annotations" in data


def areas(data: dict, name: str, default: str | None) -> dict[str, list[Area]]:
    """Return the areas by the picture's path.

    Args:
        data: of the file.
        name: of the file, for messages.
        default: what areas are whose category does not tell, see `part_of`.

    Raises:
        InputError: an annotation of no picture, of an unknown category, or without an area.
    """
    try:
        pictures = {one["id"]: str(one["file_name"]) for one in data["images"]}
        categories = {one["id"]: one["name"] for one in data.get("categories", [])}
        annotations = list(data["annotations"])
    except (LookupError, TypeError):
        raise InputError(
            f"{name}: COCO JSON whose images or categories have no id or name; export it again."
        ) from None
    found: dict[str, list[Area]] = defaultdict(list)
    for number, one in enumerate(annotations, start=1):
        where = f"{name}: annotation {number}"
        if not isinstance(one, dict) or one.get("image_id") not in pictures:
            raise InputError(f"{where} is of no picture in the file, expected an image_id; export it again.")
        part = part_of(categories.get(one.get("category_id")), default, where)
        found[pictures[one["image_id"]]].append(_area(one.get("segmentation"), part, where))
    return dict(found)


def _area(segmentation: Any, part: str, where: str) -> Area:
    if isinstance(segmentation, list) and segmentation:
        return Area(part, tuple(ring(_pairs(one), where) for one in segmentation))
    counts = segmentation.get("counts") if isinstance(segmentation, dict) else None
    if isinstance(counts, str):
        raise InputError(
            f"{where} has compressed run lengths, expected polygons or a list of run lengths; export it so."
        )
    try:
        height, width = (int(side) for side in segmentation["size"])
        inside = by_runs(counts, width, height).T  # down each column
    except (LookupError, TypeError, ValueError):
        raise InputError(f"{where} has no area, expected a segmentation; draw it or leave it out.") from None
    box = next(iter(ndimage.find_objects(inside.astype(np.uint8))), np.s_[:0, :0])
    return Area(part, mask=inside[box].copy(), corner=(box[1].start or 0, box[0].start or 0))


def _pairs(numbers: Any) -> list:
    return list(zip(numbers[::2], numbers[1::2], strict=False)) if isinstance(numbers, list) else []
