"""Files that tell areas of one picture or of many: recognised by what is in them, and read once."""

import csv
import io
import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePath, PureWindowsPath
from typing import Any

from pap_core.data.truth import coco, cvat, labelme, points
from pap_core.data.truth.areas import Area
from pap_core.errors import InputError

SUFFIXES = (".json", ".geojson", ".xml", ".csv")
GEOJSON, LABELME, COCO, CVAT, POINTS = "GeoJSON", "labelme", "COCO", "CVAT", "points"
_LARGEST = 300_000_000  # bytes


@dataclass(frozen=True)
class Document:
    """What a file tells."""

    kind: str
    areas: dict[
        str, list[Area]
    ]  # by the picture's path, as the file has it; of GeoJSON, which names none, empty

    def of(self, picture: str) -> list[Area] | None:
        """Return the areas of a picture by its file's name, with its ending or without; None for none."""
        stem = PurePath(picture).stem
        paths = ((PureWindowsPath(name), areas) for name, areas in self.areas.items())
        found = [areas for path, areas in paths if path.name in (picture, stem, "") or path.stem == stem]
        return [area for areas in found for area in areas] if found else None


def is_one(path: Path) -> bool:
    """Tell by its ending whether a file may be one."""
    return path.suffix.lower() in SUFFIXES


def parse(content: bytes, name: str, default: str | None = None) -> Document | None:
    """Read a file of areas; None where it is none of them.

    Args:
        content: of the file.
        name: of the file: its ending tells JSON, XML or CSV.
        default: what areas are whose class does not tell, `areas.CELL` or `areas.CORE`.

    Raises:
        InputError: it is of one of these kinds, and damaged or not to be understood.
    """
    if len(content) > _LARGEST:
        raise InputError(
            f"{name}: {len(content) // 10**6:,} MB found, at most {_LARGEST // 10**6:,} are read; export the "
            "areas of fewer pictures."
        )
    ending = PurePath(name).suffix.lower()
    if ending == ".geojson":
        return Document(GEOJSON, {})
    if ending == ".xml":
        return Document(CVAT, cvat.areas(content, name, default))
    if ending == ".csv":
        return Document(POINTS, points.areas(content, name)) if points.recognise(_head(content)) else None
    data = _json(content, name)
    if coco.recognise(data):
        return Document(COCO, coco.areas(data, name, default))
    if labelme.recognise(data):
        return Document(LABELME, labelme.areas(data, name, default))
    features = data.get("features") if isinstance(data, dict) else data
    if isinstance(features, list) and all(isinstance(one, dict) and "geometry" in one for one in features):
        return Document(GEOJSON, {})
    return None


def parse_file(path: Path, default: str | None = None) -> Document | None:
    """As `parse`, of a file, which is read once for all of its pictures.

    Raises:
        OSError: it cannot be read.
    """
    state = path.stat()
    return _parsed(path, default, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=4)
def _parsed(path: Path, default: str | None, *_state: int) -> Document | None:
    return parse(path.read_bytes(), path.name, default)


def _json(content: bytes, name: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise InputError(f"{name}: no JSON, expected GeoJSON, COCO or labelme; export it again.") from None


def _head(content: bytes) -> list[str]:
    first = content.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].decode("utf-8", "replace")
    return next(csv.reader(io.StringIO(first)), [])
