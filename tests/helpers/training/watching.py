"""Processes of runs: found, awaited, kept waiting."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from pap_core.training.process import status
from pap_core.training.run import Run

PATIENCE = 240  # s; a machine may be busy with a training


@contextmanager
def busy(space: Path) -> Iterator[None]:
    """Have the CPU in use by somebody, so that what is started queues and costs nothing."""
    (space / ".devices").mkdir(parents=True, exist_ok=True)
    with FileLock(space / ".devices" / "cpu.lock"):
        yield


def processes(run: Run) -> list[psutil.Process]:
    """Return the processes at work for a run, without their workers.

    A killed one has no command line while its memory is given back, which takes a moment: until it is gone,
    the run's status tells.
    """
    found = []
    told = run.read_status().get("pid")
    for one in psutil.process_iter(["cmdline", "status"]):
        at_work = str(run.folder.resolve()) in (one.info["cmdline"] or []) or one.pid == told
        with suppress(ProcessLookupError):  # it ended just now
            if at_work and one.info["status"] != psutil.STATUS_ZOMBIE and os.getsid(one.pid) == one.pid:
                found.append(one)
    return found


def until(true: Callable[[], object], run: Run) -> None:
    """Wait for something; what the process said tells why it did not come."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            log = run.folder / run.LOG
            pytest.fail(f"{status(run)} {log.read_text() if log.exists() else ''}")
        time.sleep(0.02)


def waits(run: Run, place: int) -> bool:
    """Whether the process of a run has said that it waits, and at which place."""
    return run.read_status().get("queue_place") == place
