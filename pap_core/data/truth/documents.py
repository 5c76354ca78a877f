"""Files that tell areas of one picture or of many: recognised by what is in them, and read once."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePath
from typing import Any

from pap_core.data.truth import coco, cvat, labelme, points
from pap_core.data.truth.areas import Area
from pap_core.data.truth.naming import is_called
from pap_core.errors import InputError

SUFFIXES = (".json", ".geojson", ".xml", ".csv")
GEOJSON, LABELME, COCO, CVAT, POINTS = "GeoJSON", "labelme", "COCO", "CVAT", "points"
_LARGEST = 300_000_000  # bytes


@dataclass(frozen=True)
class Document:
    """What a file tells."""

    kind: str
    # by the picture's path, as the file has it, "" where it names none; of GeoJSON, which is read anew, none
    areas: Mapping[str, list[Area]]
    sizes: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # (W, H) of pictures, where it tells

    @property
    def names_pictures(self) -> bool:
        """Whether it says which pictures it is of."""
        return any(self.areas)

    def called(self, picture: str) -> list[str]:
        """Return the paths that may be of a picture by its file's name; of a file that names none, ""."""
        return [path for path in self.areas if not path or is_called(path, picture)]

    def of(self, paths: Iterable[str], size: tuple[int, int] | None = None, name: str = "") -> list[Area]:
        """Return the areas of a picture.

        Args:
            paths: as the file has them.
            size: ``(W, H)`` of the picture, to be compared with what the file tells; None to leave that.
            name: of the file, for messages.

        Raises:
            InputError: the file is of a picture of another size.
        """
        paths = list(paths)
        for told in (self.sizes[path] for path in paths if path in self.sizes):
            if size and told != size:
                raise InputError(
                    f"{name}: outlines in a picture of {told[0]} × {told[1]} pixels found, this one is "
                    f"{size[0]} × {size[1]}; export those drawn in this very picture."
                )
        return [area for path in paths for area in self.areas.get(path, [])]


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
        root = cvat.parse(content, name)
        return Document(CVAT, cvat.areas(root, name, default), cvat.sizes(root))
    if ending == ".csv":
        return Document(POINTS, points.areas(content, name)) if points.recognise(content) else None
    data = _json(content, name)
    if coco.recognise(data):
        return Document(COCO, coco.areas(data, name, default), coco.sizes(data))
    if labelme.recognise(data):
        return Document(LABELME, labelme.areas(data, name, default), labelme.sizes(data))
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
