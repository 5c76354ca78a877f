"""Folders that are there whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_SHOWN = 100  # signs of the folder's name in that of the one beside it


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder, hidden beside the one it becomes when the context ends without an error.

    So who looks into `folder`, or finds it after a kill, finds what was there before or all that was to be
    there. What killed processes left beside it is removed.

    Args:
        folder: new, or else replaced with all that is in it.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    stem = f".{folder.name[:_SHOWN]}"
    _clear(folder.parent, stem)
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


def _clear(parent: Path, stem: str) -> None:
    for left in parent.iterdir():
        name, _, end = left.name.rpartition(".")
        name, _, pid = name.rpartition(".")
        if name == stem and end == "part" and pid.isdigit() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
