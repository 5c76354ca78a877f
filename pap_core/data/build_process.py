"""The process of one build: ``python -m pap_core.data.build_process FOLDER``, started by `build_job`."""

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing import parent_process
from pathlib import Path

from pap_core.data import build_job
from pap_core.data.archive import unpack
from pap_core.data.build_job import Build, Order
from pap_core.errors import InputError
from pap_core.files import fitting
from pap_core.jobs.queue import QUEUED, turn
from pap_core.jobs.removal import remove, sweep
from pap_core.jobs.signals import interrupted_when_asked, put_off
from pap_core.jobs.throttle import Throttle
from pap_core.workspace import datasets

_DEVICE = "build"  # what builds wait for


def main(folder: Path) -> int:
    """Do the build in `folder`, unless another process is at it; returns the exit status."""
    job = Build(folder)
    if not folder.is_dir():
        return 0
    try:
        with job.held():
            return _work(job)
    except InputError as error:
        print(error, file=sys.stderr)  # to the log
        return 1


def _work(job: Build) -> int:
    try:
        order = _order(job)
    except FileNotFoundError:
        return 0
    except InputError as error:
        job.fail(error)
        return 1
    with interrupted_when_asked() as asked:
        try:
            with job.beating():
                if not Path(order.out).exists():
                    _do(job, order)
        except BaseException as error:
            with put_off():  # asked a second time
                return _ended(job, error, asked.is_set())
        remove(job.folder)
    return 0


def _order(job: Build) -> Order:
    """Return the order, whose data set can go to one place alone."""
    order = job.order()
    if Path(order.out).resolve() != (datasets() / job.name).resolve():
        raise InputError(
            f"{job.name}/{build_job.ORDER}: the data set would go to {order.out}, expected a folder of that "
            "name among the data sets of the workspace; delete the build and start a new one."
        )
    return order


def _ended(job: Build, error: BaseException, asked: bool) -> int:
    """Tell why the build ended before its time; returns the exit status."""
    if asked or isinstance(error, KeyboardInterrupt):
        job.fail(KeyboardInterrupt())
        return 130
    if not isinstance(error, InputError | OSError):
        job.fail(InputError(f"{job.name}: the build broke off; {job.folder / job.LOG} says where."))
        raise error
    if not (job.folder / build_job.RESULT).exists():  # nothing to go on with: what was uploaded goes at once
        _discard(job.folder)
    job.fail(error)
    return 1


def _do(job: Build, order: Order) -> None:
    """Unpack or paint the source, build, and move the data set to its place."""
    sweep(build_job.builds(), datasets())
    if order.smears is not None:  # with all patience, whoever else builds
        _build(job, order)
        return
    # each build takes all cores, and memory for each of them
    job.write_status(state=QUEUED, queued=time.time(), queue_place=0)
    with turn(job, [_DEVICE], build_job.listed) as device:
        if device is None:
            raise KeyboardInterrupt
        _build(job, order)


def _build(job: Build, order: Order) -> None:
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


def _unpack(job: Build, archive: str) -> Path:
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


def _paint(job: Build, smears: int) -> Path:
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


def _teller(job: Build, state: str) -> Callable[[int, int], None]:
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
