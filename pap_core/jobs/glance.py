"""How jobs are, for whoever looks every few seconds: read again only where a file has changed."""

import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from pap_core.jobs import status
from pap_core.jobs.job import Job

AnyJob = TypeVar("AnyJob", bound=Job)
Found = TypeVar("Found")

Stamp = tuple[int, int, int]  # of a file: its inode, its size in bytes, and when it was changed, in ns
_BEATS = 5.0  # s in which a process at work writes its status


def stamp(path: Path) -> Stamp | None:
    """Return what changes as a file is written, or a folder's content; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


class Glances(Generic[AnyJob, Found]):
    """What was read of each job last. May be shared by threads.

    A process that has died writes nothing: so the status of one that is silent is read again, too, the less
    often the longer it is.
    """

    def __init__(self, read: Callable[[AnyJob], Found]):
        self._read = read
        self._known: dict[Path, tuple[object, Found]] = {}

    def of(self, job: AnyJob) -> Found:
        """Return what is to be read of a job, raises as that."""
        written = stamp(job.folder / status.NAME)
        silent = max(0.0, time.time() - written[2] / 1e9) if written else 0.0
        now = written, job.stop_asked, int(math.log2(1 + silent / _BEATS))
        known = self._known.get(job.folder)
        if known is None or known[0] != now:
            known = self._known[job.folder] = (now, self._read(job))
        return known[1]
