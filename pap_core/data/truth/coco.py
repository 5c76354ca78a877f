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
        pictures = {one["id"]: _named(one["file_name"]) for one in data["images"]}
        categories = {one["id"]: one["name"] for one in data.get("categories", [])}
        annotations = list(data["annotations"])
    except (LookupError, TypeError, ValueError):
        raise InputError(
            f"{name}: COCO JSON whose images or categories have no id or name; export it again."
        ) from None
    found: dict[str, list[Area]] = defaultdict(list)
    for number, one in enumerate(annotations, start=1):
        where = f"{name}: annotation {number}"
        picture = _looked_up(pictures, one.get("image_id")) if isinstance(one, dict) else None
        if picture is None:
            raise InputError(f"{where} is of no picture in the file, expected an image_id; export it again.")
        part = part_of(_looked_up(categories, one.get("category_id")), default, where)
        found[picture].append(_area(one.get("segmentation"), part, where))
    return dict(found)


def sizes(data: dict) -> dict[str, tuple[int, int]]:
    """Return ``(W, H)`` of pictures, where the file, of which `areas` found nothing wrong, tells them."""
    return {
        one["file_name"]: (one["width"], one["height"])
        for one in data["images"]
        if all(type(one.get(side)) is int and one[side] > 0 for side in ("width", "height"))
    }


def _named(name: Any) -> str:
    if not isinstance(name, str) or not name.strip():
        raise ValueError("no name")
    return name


def _looked_up(table: dict, key: Any) -> Any:
    """Return what a table has under a key, which may be no key at all; None for nothing."""
    return table.get(key) if isinstance(key, str | int) else None


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
    except (LookupError, TypeError, ValueError, OverflowError):
        raise InputError(f"{where} has no area, expected a segmentation; draw it or leave it out.") from None
    box = next(iter(ndimage.find_objects(inside.astype(np.uint8))), np.s_[:0, :0])
    return Area(part, mask=inside[box].copy(), corner=(box[1].start or 0, box[0].start or 0))


def _pairs(numbers: Any) -> list:
    return list(zip(numbers[::2], numbers[1::2], strict=False)) if isinstance(numbers, list) else []
