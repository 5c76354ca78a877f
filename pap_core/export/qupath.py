"""GeoJSON as QuPath imports and exports it.

One Feature an object: a cell with ``geometry`` and ``nucleusGeometry``, or an annotation whose class says
what it is. QuPath counts as this project does, x first from the picture's top left corner, and its pixel
(0, 0) covers 0 to 1, so that polygons along the edges of pixels have the same areas there.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from pap_core.contours import check_within
from pap_core.errors import InputError
from pap_core.export.cells import CellMask, cell_masks
from pap_core.export.origin import NOTICE, Origin
from pap_core.export.regions import Polygon, fill_polygon, fill_polygons, polygons, rows_crossed
from pap_core.export.tables import measures
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS, OF_CELL
from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE

CELL = "Cell"
# by QuPath's custom, a star at the end marks a class that is not counted
CLASSES = {IGNORE: "Ignore*", CYTOPLASM: "Cytoplasm", NUCLEUS: "Nucleus"}

_COLOURS = {CELL: CELL_EDGE, "Cytoplasm": CELL_EDGE, "Nucleus": NUCLEUS_EDGE, "Ignore*": (128, 128, 128)}
_FARTHEST = 1_000_000  # px from the origin; beyond lies no picture
# what is read of one file; QuPath writes some 10 kB an object, and a smear has some hundreds
_LARGEST = 100_000_000  # bytes
_MOST_OBJECTS = 50_000
_MOST_VERTICES = 5_000_000
_MOST_CROSSED = 30_000_000  # rows of the picture by edges, all together: some seconds


def geojson(label: np.ndarray, cells: np.ndarray, table: pd.DataFrame, origin: Origin) -> bytes:
    """Write the cells as objects for QuPath, their pieces and holes included.

    A cell's measures are its row of the table under the same names, what is not defined left out. What
    belongs to no cell becomes annotations of the class Cytoplasm, Nucleus or Ignore*.

    Args:
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none.
        table: a row a cell, as `pap_core.measurement.measure` returns it.
        origin: goes into the file, and decides the objects' ids: the same export has the same ids.
    """
    rows = measures(table)
    features = [_cell(one, rows.get(one.number, {}), origin) for one in cell_masks(label, cells)]
    for value, name in CLASSES.items():
        loose = polygons((label == value) & (cells == 0))
        features += [_annotation(piece, name, number, origin) for number, piece in enumerate(loose, start=1)]
    collection = {
        "type": "FeatureCollection",
        "picture": origin.picture,
        **_said(origin),
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False).encode()


def read_geojson(
    content: bytes,
    shape: tuple[int, int],
    name: str,
    picture: str = "the picture",
    default: int | None = None,
) -> np.ndarray:
    """Read a label map back from GeoJSON, as `geojson` or QuPath writes it.

    Cells with their nuclei, and annotations or detections of the classes Cell, Cytoplasm, Nucleus and
    Ignore*; every nucleus lies above every cytoplasm.

    Args:
        content: of the file.
        shape: ``(H, W)`` of the picture.
        name: what to call the file in a message.
        picture: what to call the picture.
        default: of an area without one of these classes, `NUCLEUS` or `OF_CELL`; None to refuse it.

    Returns:
        ``(H, W)`` uint8 label map; cells are cytoplasm where no nucleus is.

    Raises:
        InputError: no GeoJSON, an object of another class, a geometry that is not an area, outlines that
            reach beyond the picture (see `check_within`), or more than is drawn in some seconds.
    """
    label = np.full(shape, BACKGROUND, dtype=np.uint8)
    found = _checked(content, shape, name, picture, default)
    for value in CLASSES:
        drawn = (CYTOPLASM, OF_CELL) if value == CYTOPLASM else (value,)
        of_class = [rings for one, geometry in found if one in drawn for rings in geometry]
        if of_class:
            label[fill_polygons(of_class, shape)] = value
    return label


def read_objects(
    content: bytes, shape: tuple[int, int], name: str, value: int, default: int | None = None
) -> np.ndarray:
    """Read the objects of a class from GeoJSON one by one; see `read_geojson`.

    Args:
        content: of the file.
        shape: ``(H, W)`` of the picture.
        name: what to call the file in a message.
        value: the class: `NUCLEUS`, `CYTOPLASM` or, of whole cells, `OF_CELL`.
        default: as for `read_geojson`.

    Returns:
        ``(H, W)`` int32: 0 for none, else the number of the object, from 1.
    """
    objects = np.zeros(shape, dtype=np.int32)
    checked = _checked(content, shape, name, "the picture", default)
    found = [geometry for one, geometry in checked if one == value]
    for number, geometry in enumerate(found, start=1):
        for rings in geometry:
            place, inside = fill_polygon(rings, shape)
            objects[place][inside] = number
    return objects


def _checked(
    content: bytes, shape: tuple[int, int], name: str, picture: str, default: int | None
) -> list[tuple[int, list[Polygon]]]:
    """Return the areas of all objects with the class of each, none beyond the picture."""
    if len(content) > _LARGEST:
        raise _too_much(name, f"{len(content) // 10**6:,} MB", f"{_LARGEST // 10**6:,}")
    features = _features(content, name)
    if len(features) > _MOST_OBJECTS:
        raise _too_much(name, f"{len(features):,} objects", f"{_MOST_OBJECTS:,}")
    found = [
        (value, _read_geometry(geometry, f"{name}: object {number}"))
        for number, feature in enumerate(features, start=1)
        for value, geometry in _parts(feature, f"{name}: object {number}", default)
    ]
    areas = [rings for _, geometry in found for rings in geometry]
    if (vertices := sum(len(ring) for rings in areas for ring in rings)) > _MOST_VERTICES:
        raise _too_much(name, f"{vertices:,} vertices", f"{_MOST_VERTICES:,}")
    check_within([ring for rings in areas for ring in rings], shape, name, picture)
    if (crossed := sum(rows_crossed(rings, shape) for rings in areas)) > _MOST_CROSSED:
        raise _too_much(name, f"edges over {crossed:,} rows of {picture}", f"{_MOST_CROSSED:,}")
    return found


def cell_object(
    one: CellMask, name: str, identifier: str, measurements: dict[str, float], metadata: dict[str, str]
) -> dict:
    """Return a cell, its nucleus in it, as an object for QuPath, in pixels of the picture of its mask."""
    feature = {
        "type": "Feature",
        "id": identifier,
        "geometry": _geometry(polygons(one.cell), one.corner),
    }
    if one.nucleus.any():
        feature["nucleusGeometry"] = _geometry(polygons(one.nucleus), one.corner)
    properties = _properties("cell", CELL, metadata) | {"name": name, "measurements": measurements}
    return feature | {"properties": properties}


def _cell(one: CellMask, row: dict[str, float], origin: Origin) -> dict:
    identifier = _identifier(origin, f"cell {one.number}")
    return cell_object(one, f"Cell {one.number}", identifier, row, _said(origin))


def _annotation(piece: Polygon, name: str, number: int, origin: Origin) -> dict:
    return {
        "type": "Feature",
        "id": _identifier(origin, f"{name} {number}"),
        "geometry": _geometry([piece], (0, 0)),
        "properties": _properties("annotation", name, _said(origin)),
    }


def _properties(kind: str, name: str, metadata: dict[str, str]) -> dict:
    return {
        "objectType": kind,
        "classification": {"name": name, "color": _COLOURS[name]},
        "metadata": metadata,  # QuPath keeps this with the object, and drops what it does not know
    }


def _said(origin: Origin) -> dict[str, str]:
    return {"checkpoint": origin.checkpoint, "digest": origin.digest, "notice": NOTICE}


def _identifier(origin: Origin, part: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{origin.digest}/{origin.picture}/{part}"))


def _geometry(pieces: list[Polygon], corner: tuple[int, int]) -> dict:
    coordinates = [
        [(np.vstack([ring, ring[:1]]) + corner).astype(int).tolist() for ring in piece] for piece in pieces
    ]
    if len(coordinates) == 1:
        return {"type": "Polygon", "coordinates": coordinates[0]}
    return {"type": "MultiPolygon", "coordinates": coordinates}


def _features(content: bytes, name: str) -> list:
    expected = "expected a GeoJSON FeatureCollection; export the objects from QuPath as GeoJSON"
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{name}: not JSON, {expected}.") from None
    if isinstance(data, dict):
        data = [data] if data.get("type") == "Feature" else data.get("features")
    if not isinstance(data, list):
        raise InputError(f"{name}: JSON without features, {expected}.")
    return data


def _parts(feature: Any, name: str, default: int | None) -> Iterator[tuple[int, Any]]:
    """Yield the areas of an object with the class of each."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise InputError(f"{name} is no feature with properties; export the objects from QuPath again.")
    classification = properties.get("classification")
    said = classification.get("name") if isinstance(classification, dict) else None
    said = said.strip() if isinstance(said, str) else None
    word = said.casefold() if said else None
    if properties.get("objectType") == "cell" or word == CELL.casefold():
        yield OF_CELL, feature.get("geometry")
        if feature.get("nucleusGeometry") is not None:
            yield NUCLEUS, feature["nucleusGeometry"]
        return
    for value, class_name in CLASSES.items():
        if word == class_name.casefold():
            yield value, feature.get("geometry")
            return
    if default is not None:
        yield default, feature.get("geometry")
        return
    raise InputError(
        f"{name} has {f'the class {said!r:.40}' if said else 'no class'}, expected "
        f"{CELL}, {', '.join(CLASSES.values())}; give it one of these in QuPath or leave it out."
    )


def _read_geometry(geometry: Any, name: str) -> list[Polygon]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(
            f"{name} has {f'the geometry {kind!r:.40}' if isinstance(kind, str) else 'no geometry'}, "
            "expected a Polygon or a MultiPolygon; draw it as an area or leave it out."
        )
    coordinates = geometry.get("coordinates")
    pieces = [coordinates] if kind == "Polygon" else coordinates
    try:
        read = [[_ring(ring) for ring in _filled(piece)] for piece in _filled(pieces)]
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{name} has coordinates that are no rings of points in any picture; "
            "export it from QuPath again or leave it out."
        ) from None
    return read


def _filled(values: Any) -> list:
    if not isinstance(values, list) or not values:
        raise ValueError("no list with something in it")
    return values


def _ring(points: Any) -> np.ndarray:
    """Return points as ``(V, 2)``; they may have a third coordinate, which tells a height."""
    for point in _filled(points):
        if len(_filled(point)) not in (2, 3) or not all(type(one) in (int, float) for one in point):
            raise ValueError("no point")
    ring = np.array([point[:2] for point in points], dtype=np.float64)
    if len(ring) < 3 or not (abs(ring) < _FARTHEST).all():
        raise ValueError("no ring in any picture")
    return ring


def _too_much(name: str, found: str, most: str) -> InputError:
    return InputError(
        f"{name}: {found} found, at most {most} are read; export the objects of this picture alone, or fewer."
    )
