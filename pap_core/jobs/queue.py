"""The queues: one job at a time on each device, first come, first served.

A device is a lock in the workspace, which the system lets go when its process dies, however that happens: so
the next job starts by itself, whether anybody looks or not. The order is that of the queueing times in the
jobs' statuses.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pap_core.jobs import liveness
from pap_core.jobs.job import Job
from pap_core.workspace import workspace

QUEUED = "queued"
_LOOK = 0.5  # s, between two looks whether it is one's turn


@contextmanager
def turn(
    job: Job,
    devices: Sequence[str],
    others: Callable[[], Iterable[Job]],
    say: Callable[[str], None] | None = None,
) -> Iterator[str | None]:
    """Wait for one of some devices and keep it while the context lasts.

    Args:
        job: its status names the time since which it is queued.
        devices: names; jobs that wait for the same one name the same ones.
        others: returns the jobs that may wait, too, this one among them or not.
        say: called with what one waits for, when there is something new to say.

    Yields:
        The name of the device; None where the job was asked to stop meanwhile.
    """
    job.write_status(device=devices[0].partition("-")[0])
    lock = _wait(job, devices, others, say or (lambda text: None))
    if lock is None:
        yield None
        return
    try:
        yield Path(lock.lock_file).stem
    finally:
        lock.release()


def _wait(
    job: Job,
    devices: Sequence[str],
    others: Callable[[], Iterable[Job]],
    say: Callable[[str], None],
) -> FileLock | None:
    folder = workspace() / ".devices"
    folder.mkdir(parents=True, exist_ok=True)
    place = 0
    while not job.stop_asked:
        ahead = _ahead(job, others())
        lock = _free(folder, devices) if ahead == 0 else None
        if lock:
            return lock
        if place != ahead + 1:
            place = ahead + 1
            job.write_status(queue_place=place)
            say(f"waiting for {' or '.join(devices)}: place {place} in the queue")
        time.sleep(_LOOK)
    return None


def _free(folder: Path, devices: Sequence[str]) -> FileLock | None:
    for name in devices:
        lock = FileLock(folder / f"{name}.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return lock
    return None


def _ahead(job: Job, others: Iterable[Job]) -> int:
    """Count the jobs that were queued earlier for this kind of device.

    One whose process has gone silent keeps nobody waiting; it has its place again when it wakes.
    """
    own = job.read_status()
    mine = own.get("queued", 0.0), str(job.folder.resolve())
    ahead = 0
    for other in others:
        told = other.read_status()
        waits = told.get("state") == QUEUED and told.get("device", "") in ("", own.get("device", ""))
        if waits and (told.get("queued", 0.0), str(other.folder.resolve())) < mine and liveness.fresh(told):
            ahead += liveness.living(told)
    return ahead
