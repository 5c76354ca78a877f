"""One process a run: the lock it holds, whether it is alive, what it says when it ends."""

import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from pap_core.errors import InputError

LOCK = "lock"

SILENT = 60.0  # s without a heartbeat, after which a process is not counted on
_SAME = 0.05  # s, by which two readings of one process's start may differ
_BOOT = 60.0  # s, by which the time of a boot may be off
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")  # of Linux
_HANDED_OVER = 10.0  # s, within which whoever started a process lets go of the run folder's lock
_held: set[Path] = set()  # the run folders whose lock this process has


def identity(pid: int | None = None) -> dict:
    """Return what tells a process from every other one, and the time: the part of a status about it."""
    process = psutil.Process(pid)
    return {
        "host": platform.node(),
        "pid": process.pid,
        "process_started": process.create_time(),
        "boot": psutil.boot_time(),
        "boot_id": _boot_id(),
        "heartbeat": time.time(),
    }


def since_boot(process: psutil.Process) -> float:
    """Return when a process began, in s since the boot: the same however the clock is set."""
    return psutil.Process(process.pid).create_time() - psutil.boot_time()


def process_of(status: dict) -> psutil.Process | None:
    """Return the process that a status names, None if it is gone, or another has its id now.

    Its start is compared as time since the boot: a clock that is set moves both. After another boot the
    same id and the same time since it mean nothing.
    """
    try:
        if status["host"] != platform.node() or _another_boot(status):
            return None
        process = psutil.Process(status["pid"])
        same = abs(since_boot(process) - (status["process_started"] - status["boot"])) < _SAME
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (KeyError, TypeError, psutil.Error):
        return None


def _another_boot(status: dict) -> bool:
    told, here = status.get("boot_id"), _boot_id()
    if told and here:
        return told != here
    return status["heartbeat"] < psutil.boot_time() - _BOOT


@cache
def _boot_id() -> str | None:
    """Name this boot whatever the clock says; None where the system has no name for it."""
    try:
        return _BOOT_ID.read_text().strip() or None
    except OSError:
        return None


def living(status: dict) -> bool:
    """Whether the process that a status names is at work; of another machine's, its heartbeat tells."""
    if status.get("host", platform.node()) != platform.node():
        return fresh(status)
    return process_of(status) is not None


def fresh(status: dict) -> bool:
    """Whether the process was heard of lately."""
    return abs(time.time() - status.get("heartbeat", 0.0)) < SILENT


def told(error: BaseException, folder: Path) -> str:
    """Say in one sentence why a run ended."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or folder}: {error.strerror}; fix that and resume the run."
    return f"{type(error).__name__}: {error}"


@contextmanager
def held(folder: Path, other: Callable[[], int | None]) -> Iterator[bool]:
    """Hold the lock of a run folder; the system lets it go when the process dies, however that happens.

    Args:
        folder: of the run.
        other: returns the id of the living process that the status names, if it is not this one.

    Yields:
        Whether it was taken anew; False within another such context of this process.

    Raises:
        InputError: another process has it, or the folder cannot be written.
    """
    folder = folder.resolve()
    if folder in _held:
        yield False
        return
    lock = FileLock(folder / LOCK, thread_local=False)
    _take(lock, folder, other)
    _held.add(folder)
    try:
        yield True
    finally:
        _held.discard(folder)
        lock.release()


def _take(lock: FileLock, folder: Path, other: Callable[[], int | None]) -> None:
    deadline = time.monotonic() + _HANDED_OVER
    while True:
        try:
            lock.acquire(timeout=0.1, poll_interval=0.02)
            return
        except Timeout:
            process = other()
            if process or time.monotonic() > deadline:
                who = f"process {process}" if process else "another process"
                raise InputError(f"{folder}: {who} is training here already; stop it first.") from None
        except OSError as error:
            raise InputError(
                f"{folder}: the run folder cannot be written ({error.strerror}); make it writable, or start "
                "a new run elsewhere."
            ) from None
