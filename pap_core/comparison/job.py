"""A comparison as a process of its own, which a page starts, watches and stops through its folder alone.

It outlives the browser, the server that started it, and a restart of both. Nothing here imports torch.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pap_core.comparison import compare as comparisons
from pap_core.comparison.compare import Comparison, Done
from pap_core.errors import InputError
from pap_core.jobs.glance import Glances
from pap_core.jobs.job import STOPPING
from pap_core.jobs.signals import interrupted_when_asked
from pap_core.jobs.throttle import Throttle
from pap_core.methods.catalogue import MEMBERS
from pap_core.methods.network import run_folder
from pap_core.training.run import Run

FINISHED = "finished"


@dataclass(frozen=True)
class Progress:
    """How far the process of a comparison is."""

    state: str  # of `Comparison.ACTIVE`, or stopping, stopped, failed, lost, finished
    methods: tuple[str, ...] = ()  # asked for
    method: str = ""  # at hand
    what: str = ""  # "planning", "training" or "measuring"; "" before the first word on it
    done: int = 0  # steps or crops
    total: int = 0  # 0 while unknown
    error: str = ""  # one sentence, where it failed

    @property
    def at_work(self) -> bool:
        """Whether a process is at it."""
        return self.state in (*Comparison.ACTIVE, STOPPING)


def progress(comparison: Comparison) -> Progress | None:
    """Return how far the process of a comparison is, None where none was ever started."""
    told = comparison.read_status()
    if not told:
        return None
    return Progress(
        state=comparison.state_in(told),
        methods=tuple(told.get("methods", ())),
        method=told.get("method", ""),
        what=told.get("what", ""),
        done=told.get("done", 0),
        total=told.get("total", 0),
        error=told.get("error") or "",
    )


_glances = Glances(progress)


def glance(comparison: Comparison) -> Progress | None:
    """Return what `progress` does, cheaply; see `pap_core.training.process.glance`."""
    return _glances.of(comparison)


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
    command = ["pap_core.comparison.job", str(comparison.folder.resolve()), *names]
    with comparison.shut():
        comparison.launch(command, _said("starting", names))


def work(
    comparison: Comparison, names: Sequence[str], report: comparisons.Progress | None = None
) -> Iterator[Done]:
    """Compare as `pap_core.comparison.compare` does, and tell meanwhile how far it is, for pages to watch.

    To be called in the main thread: SIGTERM interrupts it, and a run then writes a checkpoint first.

    Args:
        comparison: begun or not.
        names: of methods.
        report: called as `compare` calls its progress.

    Raises:
        InputError: another process is at this comparison, or as `compare`.
    """
    names = tuple(names)
    with comparison.held() as anew, interrupted_when_asked() as asked:
        if not anew:
            raise InputError(f"{comparison.name}: this process is at work for it already; let it end first.")
        tell = _teller(comparison, names, report)
        comparison.write_status(**_said("working", names, _next(comparison, names)))
        try:
            with comparison.beating():
                for done in comparisons.compare(comparison, names, tell):
                    comparison.write_status(**_said("working", names, _next(comparison, names)))
                    yield done
        except BaseException as error:
            stopped = asked.is_set() or _run_stopped(comparison, names)
            if stopped or isinstance(error, GeneratorExit):
                comparison.fail(KeyboardInterrupt())
            else:
                comparison.fail(error)
            raise
        comparison.write_status(**_said(FINISHED, names))


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
            comparison.write_status(**_said("working", names, method, what, done, total))

    return tell


def _said(
    state: str, names: Sequence[str], method: str = "", what: str = "", done: int = 0, total: int = 0
) -> dict[str, Any]:
    told = {"state": state, "methods": list(names), "method": method, "what": what}
    return told | {"done": done, "total": total, "error": None}


def _next(comparison: Comparison, names: tuple[str, ...]) -> str:
    """Return the first method that is not done, "" where all are."""
    done = comparison.done()
    return next((name for name in names if name not in done), "")


def _run_stopped(comparison: Comparison, names: tuple[str, ...]) -> bool:
    """Whether the run at hand was stopped, which ends the comparison."""
    run = run_at_hand(comparison, _next(comparison, names))
    told = run.read_status() if run else {}
    return told.get("state") == "stopped" and told.get("pid") == os.getpid()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
