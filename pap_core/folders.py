"""Folders that are there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

_SHOWN = 100  # signs of the folder's name in that of the one beside it


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder, hidden beside the one it becomes when the context ends without an error.

    So who looks into `folder`, or finds it after a kill, finds what was there before or all that was to be
    there. What killed processes left beside it is removed, or put back where it is all that is left.

    Args:
        folder: new, or else replaced with all that is in it.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    stem = f".{folder.name[:_SHOWN]}"
    put_back(folder)
    aside = folder.with_name(f"{stem}.{os.getpid()}.part")
    replaced = folder.with_name(f"{stem}.{os.getpid()}.old")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir()
    try:
        yield aside
        if folder.is_dir() and any(folder.iterdir()):
            folder.rename(replaced)
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
        if replaced.exists():
            if folder.exists():
                shutil.rmtree(replaced, ignore_errors=True)
            else:
                replaced.rename(folder)


def put_back(folder: Path) -> None:
    """Clear up beside a folder what processes killed within `whole_folder` left of it.

    What was to be replaced, and was not, is put back; all else of theirs is removed. To be called where no
    other process writes the folder; those that are alive are left alone all the same.
    """
    folder = folder.resolve()
    for left in _left(folder.parent, f".{folder.name[:_SHOWN]}", ".old"):
        if folder.exists():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.rename(folder)
    for left in _left(folder.parent, f".{folder.name[:_SHOWN]}", ".part"):
        shutil.rmtree(left, ignore_errors=True)


def put_all_back(parent: Path) -> None:
    """Put back each folder of a folder that a killed process had set aside to replace it.

    Names are kept whole up to a length; a folder with a longer name waits until it is written again.
    """
    for left in _left(parent, None, ".old"):
        name = left.name[1:].rsplit(".", 2)[0]
        if len(name) < _SHOWN and not (parent / name).exists():
            with suppress(OSError):  # put back by another process just now, or nothing can be written
                left.rename(parent / name)


def _left(parent: Path, stem: str | None, ending: str) -> list[Path]:
    """Return what dead processes left in a folder, the newest first; by a stem of names, or any."""
    found = []
    with suppress(OSError):
        for left in parent.iterdir():
            name, pid = left.stem.rpartition(".")[::2]
            wanted = name == stem if stem is not None else name.startswith(".") and len(name) > 1
            if wanted and left.suffix == ending and pid.isdigit() and not psutil.pid_exists(int(pid)):
                found.append((left.stat().st_mtime, left))
    return [left for _, left in sorted(found, reverse=True)]
