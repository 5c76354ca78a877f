"""The lock of a job's folder: at most one process works there, or acts on it from outside."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

NAME = "lock"
_HANDED_OVER = 10.0  # s, within which whoever started a process lets go of its folder's lock
_held: set[Path] = set()  # the folders whose lock this process holds while it works


class Taken(Exception):
    """Another process has the lock; `pid` is its id where it is known."""

    def __init__(self, pid: int | None = None):
        self.pid = pid


@contextmanager
def held(folder: Path, other: Callable[[], int | None]) -> Iterator[bool]:
    """Hold a folder's lock to work there; the system lets it go when the process dies, however that happens.

    Args:
        folder: of the job.
        other: returns the id of the living process that the status names, if it is not this one.

    Yields:
        Whether it was taken anew; False within another such context of this process.

    Raises:
        Taken: another process has it.
        OSError: the folder cannot be written.
    """
    folder = folder.resolve()
    if folder in _held:
        yield False
        return
    lock = FileLock(folder / NAME, thread_local=False)
    deadline = time.monotonic() + _HANDED_OVER
    while not _taken(lock, patience=0.1):
        if (process := other()) or time.monotonic() > deadline:
            raise Taken(process)
    _held.add(folder)
    try:
        yield True
    finally:
        _held.discard(folder)
        lock.release()


@contextmanager
def shut(folder: Path) -> Iterator[None]:
    """Keep every process from beginning to work in a folder while the context lasts.

    Raises:
        Taken: one works there, or somebody else shut it.
        OSError: the folder cannot be written.
    """
    lock = FileLock(folder / NAME, thread_local=False)
    if not _taken(lock, patience=1.0):
        raise Taken
    try:
        yield
    finally:
        lock.release()


def _taken(lock: FileLock, patience: float) -> bool:
    try:
        lock.acquire(timeout=patience, poll_interval=0.02)
    except Timeout:
        return False
    return True
