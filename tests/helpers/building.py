"""Builds that are held where they are, for a test to act on one before it is done."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from pap_core.data.build_job import Build


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
