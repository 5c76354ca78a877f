"""What of the files and folders that a person names is to be segmented, and what is passed over."""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pap_core.images import SUFFIXES
from pap_core.pictures.file import known_ending

OTHER, HIDDEN, NO_PICTURE = "of another ending", "hidden", "a folder without a picture"
SUB_FOLDER, LINK = "a sub-folder, which --recursive goes into", "a link to a folder, which is not followed"
OUTPUT, NO_FILE = "the folder of the results", "no regular file"


@dataclass(frozen=True)
class Wanted:
    """A picture to segment."""

    path: Path
    folder: tuple[str, ...] = ()  # below the one that was named; results go into the same below theirs
    fault: str = ""  # why it cannot be read, where that is known already


@dataclass
class Found:
    """The pictures in order, and what is passed over, with the reason."""

    pictures: list[Wanted] = field(default_factory=list)
    passed_over: list[tuple[Path, str]] = field(default_factory=list)


def find_pictures(paths: Sequence[Path], recursive: bool = False, output: Path | None = None) -> Found:
    """List the pictures named, and those in the folders named.

    A file that is named is one whatever its ending; what does not exist is one, too, to be told of later.

    Args:
        paths: of files and folders.
        recursive: go into the folders' sub-folders.
        output: where results go, which is never gone into from above.
    """
    found = Found()
    named = {os.path.abspath(path) for path in paths}
    for path in paths:
        if _mode(path, stat.S_ISDIR):
            passed_over: list[tuple[Path, str]] = []
            inside = list(_inside(path, recursive, output, passed_over))
            found.pictures += inside
            found.passed_over += [one for one in passed_over if os.path.abspath(one[0]) not in named]
            if not inside:
                found.passed_over.append((path, NO_PICTURE))
        else:
            found.pictures.append(Wanted(path))
    first: dict[str, Wanted] = {}
    for one in found.pictures:
        first.setdefault(os.path.abspath(one.path), one)
    found.pictures = list(first.values())
    return found


def _inside(
    root: Path, recursive: bool, output: Path | None, passed_over: list[tuple[Path, str]]
) -> Iterator[Wanted]:
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        below = folder.relative_to(root).parts
        try:
            names = sorted(os.listdir(folder))
        except OSError as error:
            yield Wanted(folder, below, f"the folder cannot be listed ({error.strerror}); check its rights.")
            continue
        deeper = []
        for path in (folder / name for name in names):
            reason = _why_not(path, recursive, output)
            if reason:
                passed_over.append((path, reason))
            elif _mode(path, stat.S_ISDIR):
                deeper.append(path)
            else:
                yield Wanted(path, below)
        waiting += reversed(deeper)


def _why_not(path: Path, recursive: bool, output: Path | None) -> str:
    """Say why something in a folder is passed over, "" where it is not."""
    if path.name.startswith("."):
        return HIDDEN
    if _mode(path, stat.S_ISDIR):
        if not recursive:
            return SUB_FOLDER
        if path.is_symlink():
            return LINK
        return OUTPUT if output and path.resolve() == output.resolve() else ""
    if path.suffix.lower() not in SUFFIXES:
        return known_ending(path.name) or OTHER
    # a link to nothing was meant as a picture, and is told as one that fails
    return "" if path.is_symlink() or _mode(path, stat.S_ISREG) else NO_FILE


def _mode(path: Path, kind: Callable[[int], bool]) -> bool:
    """Tell whether a path leads to a thing of a kind; nothing where nobody can look."""
    try:
        return kind(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
