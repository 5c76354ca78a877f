"""Jobs of any sort: awaited, and kept in their queue."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from pap_core.jobs.job import Job

PATIENCE = 240  # s; a machine may be busy with a training


def until(true: Callable[[], object], job: Job) -> None:
    """Wait for something; what the process said tells why it did not come."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            log = job.folder / job.LOG
            pytest.fail(f"{job.state()} {job.read_status()} {log.read_text() if log.exists() else ''}")
        time.sleep(0.02)


@contextmanager
def busy(space: Path, device: str) -> Iterator[None]:
    """Have a device in use by somebody, so that what is started queues and costs nothing."""
    (space / ".devices").mkdir(parents=True, exist_ok=True)
    with FileLock(space / ".devices" / f"{device}.lock"):
        yield
