"""Builds without workers; and builds that are held where they are, to act on one before it is done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from pap_core.data import cutting
from pap_core.data.build_job import Build


def cut_here(patch: pytest.MonkeyPatch) -> None:
    """Have crops cut in this process: workers take seconds to start, and what they give is the same."""
    patch.setattr(cutting, "_LITTLE", 10**9)


@contextmanager
def held(job: Build, patience: float) -> Iterator[psutil.Process]:
    """Wait until the process of a build has started its workers, and hold it there.

    What it is asked for meanwhile it hears afterwards: it ends for a stop before it does anything else.
    """
    deadline = time.monotonic() + patience
    while not (process := _at_work(job)):
        assert time.monotonic() < deadline, job.progress()
        time.sleep(0.01)
    process.suspend()
    try:
        yield process
    finally:
        process.resume()


def _at_work(job: Build) -> psutil.Process | None:
    """Return the process of a build that has workers: each imports torch before it cuts the first cell."""
    pid = job.read_status().get("pid")
    process = pid and psutil.Process(pid)
    return process if process and process.children() else None
