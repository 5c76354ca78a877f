"""Reviewed cells as COCO annotations, and as objects for QuPath in GeoJSON, beside their pictures.

As in `pap_core.export`, areas are those of the pixels that count as the cell, so that every program finds
the area that a network is trained on.
"""

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from pap_core.export import NOTICE
from pap_core.export.coco_json import annotations, document
from pap_core.export.qupath import cell_object
from pap_core.labels import BACKGROUND
from pap_core.reviews.exports.chosen import SKIPPED, Chosen, chosen, intact, unique
from pap_core.reviews.records import Place
from pap_core.reviews.store import Reviews

ANNOTATIONS = "annotations.json"


def coco_files(reviews: Reviews, damaged: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield a COCO file of all cells and nuclei, and the pictures it names, in their pixels.

    An annotation's ``cell`` and, on the cell's, ``measures`` are as in `pap_core.export.coco_json`; an
    image's ``cell`` is the id that the decisions are kept by, and ``category`` is the cell's. `damaged` takes
    a sentence for each cell whose picture cannot be read.
    """
    found, skipped = chosen(reviews)
    found, unread = intact(reviews, found, damaged)
    images: list[dict] = []
    marks: list[dict] = []
    for number, one in enumerate(found, start=1):
        label = one.label
        cells = (label != BACKGROUND).astype(np.int32)
        marks += annotations(label, cells, {1: one.measures}, number, len(marks) + 1)
        height, width = one.shape
        images.append(
            {"id": number, "file_name": _picture(one), "width": width, "height": height}
            | {"cell": one.cell.id, "category": one.category, "group": one.cell.group}
        )
    yield from _pictures(reviews, found)
    yield SKIPPED, skipped + unread
    yield ANNOTATIONS, document({"description": "Reviewed cells"}, images, marks)


def geojson_files(reviews: Reviews, damaged: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield a GeoJSON file a picture, to be dropped onto it in QuPath.

    Cells cut from a smear or another uploaded picture are in that picture's own pixels, all of it in one
    file by the name it was reviewed under; those of a data set are in pixels of their crop, which is added.
    `damaged` takes a sentence for each cell whose crop cannot be read.
    """
    found, skipped = chosen(reviews)
    crops, unread = intact(reviews, [one for one in found if _is_crop(one)], damaged)
    read = {one.cell.id for one in crops}
    found = [one for one in found if not _is_crop(one) or one.cell.id in read]
    together: dict[tuple[str, str], list[Chosen]] = defaultdict(list)
    for one in found:
        together[(one.cell.picture, "") if _is_crop(one) else (one.cell.name, one.cell.group)].append(one)
    taken: set[str] = set()
    for (name, _), members in sorted(together.items()):
        stem = unique(name, taken)
        features = [_object(one, number) for number, one in enumerate(members, start=1)]
        content = {"type": "FeatureCollection", "picture": stem, "notice": NOTICE, "features": features}
        yield f"{stem}.geojson", json.dumps(content, ensure_ascii=False).encode()
    yield from _pictures(reviews, crops)
    yield SKIPPED, skipped + unread


def _object(one: Chosen, number: int) -> dict:
    decision = one.decision
    metadata = {
        "cell": one.cell.id,
        "category": one.category,
        "verdict": decision.verdict,
        "decision": str(decision.number),
        "checkpoint": decision.checkpoint,
        "notice": NOTICE,
    }
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"review/{one.cell.id}"))
    found = cell_object(one.mask, f"Cell {number}", identifier, one.measures, metadata)
    place = Place() if _is_crop(one) else one.cell.place
    if place != Place():
        for part in ("geometry", "nucleusGeometry"):
            if part in found:
                found[part]["coordinates"] = _in_source(found[part]["coordinates"], place)
    return found


def _in_source(coordinates: list, place: Place) -> list:
    if coordinates and isinstance(coordinates[0], list):
        return [_in_source(part, place) for part in coordinates]
    x, y = coordinates
    return [place.x0 + x / place.scale, place.y0 + y / place.scale]


def _is_crop(one: Chosen) -> bool:
    return one.cell.source == "dataset"


def _picture(one: Chosen) -> str:
    return f"images/{one.cell.picture}.png"


def _pictures(reviews: Reviews, found: list[Chosen]) -> Iterator[tuple[str, bytes]]:
    for digest in sorted({one.cell.picture for one in found}):
        yield f"images/{digest}.png", reviews.picture_png(digest)
