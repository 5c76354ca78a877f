"""The process of one build: ``python -m pap_core.data.build_process FOLDER``, started by `jobs`."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path

from filelock import FileLock, Timeout

from pap_core.data import build_job
from pap_core.data.archive import unpack
from pap_core.data.build_job import Job, Order
from pap_core.errors import InputError
from pap_core.files import fitting
from pap_core.jobs.removal import sweep
from pap_core.jobs.signals import interrupted_when_asked, put_off
from pap_core.jobs.throttle import Throttle
from pap_core.workspace import datasets


def main(folder: Path) -> int:
    """Do the job in `folder`, unless another process is at it; returns the exit status."""
    job = Job(folder)
    if not folder.is_dir():
        return 0
    lock = FileLock(folder / "lock")
    try:
        lock.acquire(timeout=0)
        order = _order(job)
    except (Timeout, FileNotFoundError):
        return 0
    except InputError as error:
        job.tell(build_job.FAILED, error=str(error))
        return 1
    with interrupted_when_asked() as asked:
        try:
            if not Path(order.out).exists():
                _do(job, order)
        except BaseException as error:
            with put_off():  # asked a second time
                return _ended(job, error, asked.is_set())
        job.delete()
    return 0


def _order(job: Job) -> Order:
    """Return the order, whose data set can go to one place alone."""
    order = job.order()
    if Path(order.out).resolve() != (datasets() / job.name).resolve():
        raise InputError(
            f"{job.name}/{build_job.ORDER}: the data set would go to {order.out}, expected a folder of that "
            "name among the data sets of the workspace; delete the build and start a new one."
        )
    return order


def _ended(job: Job, error: BaseException, asked: bool) -> int:
    """Tell why the job ended before its time; returns the exit status."""
    if asked or isinstance(error, KeyboardInterrupt):
        job.tell(build_job.STOPPED)
        return 130
    if not isinstance(error, InputError | OSError):
        said = f"{job.name}: the build broke off; {job.folder / 'log.txt'} says where."
        job.tell(build_job.FAILED, error=said)
        raise error
    if not (job.folder / build_job.RESULT).exists():  # nothing to go on with: what was uploaded goes at once
        _discard(job.folder)
    job.tell(build_job.FAILED, error=str(error))
    return 1


def _do(job: Job, order: Order) -> None:
    """Unpack or paint the source, build, and move the data set to its place."""
    sweep(build_job.builds(), datasets())
    if order.smears is None:
        job.tell("waiting")
        queue = FileLock(job.folder.parent / ".queue")
        with queue:  # each build takes all cores, and memory for each of them
            _build(job, order)
    else:
        _build(job, order)


def _build(job: Job, order: Order) -> None:
    source = Path(order.folder or job.folder)
    if order.archive is not None:
        source = _unpack(job, order.archive)
    if order.smears is not None:
        source = _paint(job, order.smears)
    job.tell("reading")
    from pap_core.data.build import BuildOptions, build  # torch: not before it is this build's turn

    result = job.folder / build_job.RESULT
    options = fitting(
        order.options, BuildOptions, "delete the build and start a new one", f"{job.name}/{build_job.ORDER}"
    )
    build(source, result, options, _teller(job, "cutting"))
    out = Path(order.out)
    out.parent.mkdir(parents=True, exist_ok=True)
    result.rename(out)


def _unpack(job: Job, archive: str) -> Path:
    """Unpack the upload, unless an earlier process has."""
    source = job.folder / build_job.UNPACKED / _plain(archive)
    if not source.exists():
        part = job.folder / "unpacking"
        shutil.rmtree(part, ignore_errors=True)
        with open(job.folder / build_job.UPLOAD, "rb") as file:
            unpack(file, archive, part, _teller(job, "unpacking"))
        source.parent.mkdir(exist_ok=True)
        part.rename(source)
    return source


def _paint(job: Job, smears: int) -> Path:
    """Paint the phantoms, unless an earlier process has."""
    from pap_core.data.phantom.smear import write

    source = job.folder / build_job.PAINTED
    if not source.exists():
        for left in job.folder.glob(".*.unfinished"):
            shutil.rmtree(left, ignore_errors=True)
        job.tell("painting", 0, smears)
        write(source, smears, progress=_teller(job, "painting"))
    return source


def _discard(folder: Path) -> None:
    for name in (build_job.UNPACKED, build_job.PAINTED, build_job.EXPORTED, "unpacking"):
        shutil.rmtree(folder / name, ignore_errors=True)
    (folder / build_job.UPLOAD).unlink(missing_ok=True)


def _teller(job: Job, state: str) -> Callable[[int, int], None]:
    throttle = Throttle()

    def tell(done: int, total: int) -> None:
        if throttle.due(done == total):
            job.tell(state, done, total)

    return tell


def _plain(archive: str) -> str:
    """Return a name for the folder that an archive is unpacked to."""
    kept = "".join(sign for sign in Path(archive).stem if sign.isalnum() or sign in " _-")
    return kept.strip()[:60] or "upload"


def _end_with_parent() -> None:
    while (parent := parent_process()) is None:  # it is not known before this module is imported
        time.sleep(0.1)
    parent.join()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
elif __name__ == "__mp_main__":  # a worker of it: left alone it would wait for work for ever
    threading.Thread(target=_end_with_parent, daemon=True).start()
