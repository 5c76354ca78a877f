"""Which of the pictures that are there the paths in a file are of."""

import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PureWindowsPath
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_NAMED = 8  # in a message


@dataclass
class Assigned(Generic[Key]):
    """What the paths in a file are of."""

    paths: dict[Key, list[str]] = field(default_factory=dict)  # by picture
    unclear: dict[str, list[Key]] = field(default_factory=dict)  # those that may be of several pictures
    nowhere: list[str] = field(default_factory=list)  # those of no picture


def is_called(path: str, picture: str) -> bool:
    """Tell whether a path may be of a picture by its file's name, with its ending, another one or none."""
    return bool(_names(path) & {_plain(PurePath(picture).stem)})


def assign(paths: Iterable[str], pictures: Mapping[Key, Path]) -> Assigned[Key]:
    """Assign the paths in a file, of whatever machine they come from, to pictures.

    A path is of the picture that is called so; of several, of the one that lies in the same folders. A
    picture has the path that shares most folders with its own.

    Args:
        paths: as the file has them.
        pictures: their files.
    """
    called: dict[str, list[Key]] = defaultdict(list)
    for key, picture in pictures.items():
        called[_plain(picture.stem)].append(key)
    best: dict[str, list[tuple[int, Key]]] = {}
    most: dict[Key, int] = defaultdict(int)
    for path in paths:
        found = [(_shared(path, pictures[key]), key) for name in _names(path) for key in called.get(name, ())]
        top = max((shared for shared, _ in found), default=0)
        best[path] = [one for one in found if one[0] == top]
        if len(best[path]) == 1:
            most[best[path][0][1]] = max(most[best[path][0][1]], top)
    assigned: Assigned[Key] = Assigned()
    for path, found in best.items():
        if len(found) > 1:
            assigned.unclear[path] = [key for _, key in found]
        elif found and found[0][0] == most[found[0][1]]:
            assigned.paths.setdefault(found[0][1], []).append(path)
        else:
            assigned.nowhere.append(path)
    return assigned


def listed(names: Iterable[str]) -> str:
    """Write out names for a message: the first of many."""
    found = list(names)
    return ", ".join(found[:_NAMED]) + (", …" if len(found) > _NAMED else "")


def _names(path: str) -> set[str]:
    last = PureWindowsPath(_plain(path))
    return {last.name, last.stem} - {""}


def _shared(path: str, picture: Path) -> int:
    """Return how many folders on the way up from a path and from a picture are the same."""
    shared = 0
    for one, other in zip(
        reversed(PureWindowsPath(_plain(path)).parent.parts),
        reversed([_plain(part) for part in picture.parent.parts]),
        strict=False,
    ):
        if one != other:
            break
        shared += 1
    return shared


def _plain(text: str) -> str:
    """Return a name in one spelling: a letter and its accent may be one sign or two."""
    return unicodedata.normalize("NFC", text)
