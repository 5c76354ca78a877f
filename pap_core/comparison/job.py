"""A comparison as a process of its own, which a page starts, watches and stops through its folder alone.

It outlives the browser, the server that started it, and a restart of both. Its ``status.json`` says how far
it is, its ``lock`` keeps a second process away. Nothing here imports torch.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from pap_core.comparison import compare as comparisons
from pap_core.comparison.compare import Comparison, Done
from pap_core.errors import InputError
from pap_core.files import Count, fitting, read_as_written, write_whole
from pap_core.jobs import background, liveness
from pap_core.jobs.signals import interrupted_when_asked
from pap_core.jobs.throttle import Throttle
from pap_core.methods.catalogue import MEMBERS
from pap_core.methods.network import run_folder
from pap_core.training.run import Run
from pap_core.training.written import Process

ACTIVE = ("starting", "working")  # of the states: a process is at it
STOPPED, FAILED, INTERRUPTED, FINISHED = "stopped", "failed", "interrupted", "finished"
LOG = "compare.log"
_STATUS, _LOCK = "status.json", "lock"


@dataclass(frozen=True)
class Progress:
    """How far the process of a comparison is."""

    state: Literal["starting", "working", "stopped", "failed", "interrupted", "finished"]
    methods: tuple[str, ...] = ()  # asked for
    method: str = ""  # at hand
    what: str = ""  # "training" or "measuring"; "" before the first word on it
    done: Count = 0  # steps or crops
    total: Count = 0  # 0 while unknown
    error: str = ""  # one sentence, where it failed


def progress(comparison: Comparison) -> Progress | None:
    """Return how far the process of a comparison is, None where none was ever started."""
    status = _read(comparison)
    if not status:
        return None
    found = fitting(status, Progress, "start it again", _STATUS)
    state = INTERRUPTED if found.state in ACTIVE and not liveness.living(status) else found.state
    return replace(found, state=state)


def run_at_hand(comparison: Comparison, method: str) -> Run | None:
    """Return the run that trains for a method just now, or did last; None where there is none."""
    found = [Run(run_folder(comparison.place, name)) for name in (method, *MEMBERS.get(method, ()))]
    found = [run for run in found if run.folder.is_dir()]
    return max(found, key=lambda run: run.read_status().get("heartbeat", 0.0), default=None)


def start(comparison: Comparison, names: Sequence[str]) -> None:
    """Start a process that fits and measures methods, and return at once.

    Raises:
        InputError: one is at work already, there is no such method, or the folder cannot be written.
    """
    names = comparisons.chosen(names)
    if (now := progress(comparison)) and now.state in ACTIVE:
        raise _taken(comparison)
    folder = comparison.folder.resolve()
    before = _read(comparison)
    with _writable(comparison):
        process = background.start(["pap_core.comparison.job", str(folder), *names], folder / LOG)
        try:
            if _read(comparison) == before:  # it has not said more by itself
                _write(comparison, Progress("starting", tuple(names)), process.pid)
        except BaseException:
            process.kill()
            raise


def stop(comparison: Comparison) -> None:
    """Ask the process of a comparison to end: a run writes a checkpoint first, and `start` goes on from it.

    Raises:
        InputError: no process is at work on this machine.
    """
    status = _read(comparison)
    process = liveness.process_of(status)
    if process is None or status.get("state") not in ACTIVE:
        raise InputError(f"{comparison.folder.name}: no process is at work for it, so nothing is to stop.")
    run = run_at_hand(comparison, status.get("method", ""))
    if run is None or not run.stop_asked:  # asked twice, a run ends without a checkpoint
        process.terminate()
    if status["state"] == "starting":  # it cannot say so itself yet
        with _writable(comparison):
            _write(comparison, Progress(STOPPED, tuple(status["methods"])), process.pid)


def work(
    comparison: Comparison, names: Sequence[str], report: comparisons.Progress | None = None
) -> Iterator[Done]:
    """Compare as `pap_core.comparison.compare` does, and tell meanwhile how far it is, for pages to watch.

    To be called in the main thread: SIGTERM interrupts it.

    Args:
        comparison: begun or not.
        names: of methods.
        report: called as `compare` calls its progress.

    Raises:
        InputError: another process is at this comparison, or as `compare`.
    """
    names = tuple(names)
    with _alone(comparison), interrupted_when_asked() as asked:
        tell = _teller(comparison, names, report)
        try:
            _write(comparison, Progress("working", names, _next(comparison, names)))
            for done in comparisons.compare(comparison, names, tell):
                _write(comparison, Progress("working", names, _next(comparison, names)))
                yield done
        except BaseException as error:
            with suppress(OSError):  # no room for this much: the process is seen to be gone
                _write(comparison, _ended(comparison, names, error, asked.is_set()))
            raise
        _write(comparison, Progress(FINISHED, names))


def main(arguments: Sequence[str]) -> int:
    """Compare: the comparison's folder, then the methods; returns the exit status."""
    try:
        for done in work(Comparison(Path(arguments[0])), arguments[1:]):
            print(f"{done.name}: done", flush=True)
    except InputError as error:
        print(f"pap_core: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _teller(
    comparison: Comparison, names: tuple[str, ...], report: comparisons.Progress | None
) -> Callable[[str, str, int, int], None]:
    throttle = Throttle()

    def tell(method: str, what: str, done: int, total: int) -> None:
        if report:
            report(method, what, done, total)
        if throttle.due((method, what)):
            _write(comparison, Progress("working", names, method, what, done, total))

    return tell


def _next(comparison: Comparison, names: tuple[str, ...]) -> str:
    """Return the first method that is not done, "" where all are."""
    done = comparison.done()
    return next((name for name in names if name not in done), "")


def _ended(comparison: Comparison, names: tuple[str, ...], error: BaseException, asked: bool) -> Progress:
    """Return what is to be said of a process that ends before its time."""
    method = _next(comparison, names)
    run = run_at_hand(comparison, method)
    told = run.read_status() if run else {}
    run_asked = told.get("state") == "stopped" and told.get("pid") == os.getpid()
    if asked or run_asked or isinstance(error, KeyboardInterrupt | GeneratorExit):
        return Progress(STOPPED, names, method)
    return Progress(FAILED, names, method, error=liveness.told(error, comparison.folder))


def _read(comparison: Comparison) -> dict:
    """Return the content of the status; nothing where it is missing, or torn as the power failed."""
    try:
        found = read_as_written(comparison.folder / _STATUS, Progress, "start it again")
        fitting(found, Process, "start it again", _STATUS)  # of the process
    except (FileNotFoundError, InputError):
        return {}
    return found


def _write(comparison: Comparison, said: Progress, pid: int | None = None) -> None:
    status = vars(said) | liveness.identity(pid)
    write_whole(comparison.folder / _STATUS, json.dumps(status, indent=2).encode())


@contextmanager
def _alone(comparison: Comparison) -> Iterator[None]:
    """Keep every other process from this comparison while the context lasts."""
    lock = FileLock(comparison.folder / _LOCK, thread_local=False)
    try:
        with _writable(comparison):
            lock.acquire(timeout=0)
    except Timeout:
        raise _taken(comparison) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _writable(comparison: Comparison) -> Iterator[None]:
    try:
        yield
    except Timeout:  # an OSError, too
        raise
    except OSError as error:
        raise InputError(
            f"{comparison.folder}: the comparison cannot be written ({error.strerror}); make room there, or "
            "make it writable, and try again."
        ) from error


def _taken(comparison: Comparison) -> InputError:
    return InputError(f"{comparison.folder.name}: a process is at work for it already; stop it first.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
