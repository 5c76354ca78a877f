"""Folders under the data root that a data set may be built from."""

import os
from pathlib import Path

from pap_core.errors import InputError

MOST = 500


def subfolders(root: Path, depth: int = 2) -> list[str]:
    """Return the folders below `root`, at most `MOST`, as paths from it; "." first, for `root` itself.

    Hidden folders and links that lead out of `root` are left out. Empty where `root` is missing, empty or
    cannot be read.
    """
    try:
        if not any(root.iterdir()):
            return []
    except OSError:
        return []
    found = ["."]
    level = [root]
    for _ in range(depth):
        level = [below for folder in level for below in _below(folder, root)][: MOST - len(found)]
        found += [folder.relative_to(root).as_posix() for folder in level]
    return [found[0], *sorted(found[1:], key=str.casefold)]


def within(root: Path, relative: str) -> Path:
    """Return the folder at a path from `root`, all links followed.

    Raises:
        InputError: it is missing, no folder, or outside of `root`.
    """
    try:
        folder = (root / relative).resolve()
        inside = not Path(relative).is_absolute() and folder.is_relative_to(root.resolve())
        if inside and folder.is_dir():
            return folder
    except (OSError, ValueError, RuntimeError):  # a loop of links, a NUL in it
        inside = True
    raise InputError(
        f"{relative[:200]!a}: no folder under the data root {root}; choose one of those there."
        if inside
        else f"{relative[:200]!a}: lies outside the data root {root}; copy the folder there, or name another "
        "root in the environment variable PAP_DATA and start the program again."
    )


def _below(folder: Path, root: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            paths = [folder / entry.name for entry in entries if _offered(entry, root.resolve())]
    except OSError:
        return []
    return sorted(paths, key=lambda path: path.name.casefold())


def _offered(entry: os.DirEntry, root: Path) -> bool:
    if entry.name.startswith(".") or not entry.name.isprintable():
        return False
    try:
        return entry.is_dir() and (not entry.is_symlink() or Path(entry).resolve().is_relative_to(root))
    except (OSError, RuntimeError):  # a loop of links
        return False
