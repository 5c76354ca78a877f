"""An evaluation as a process of its own: ``python -m pap_core.evaluation.job FOLDER``, started by a page.

Its folder lies in the workspace's ``evaluating`` and goes when it is done: what was measured is kept where
all evaluations are. It outlives the browser, the server that started it, and a restart of both.
"""

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from pap_core.errors import InputError
from pap_core.evaluation.store import TestSplit, evaluate_and_keep, find, split_of
from pap_core.files import Count, Moment, PathText, read_json, write_whole
from pap_core.jobs import status
from pap_core.jobs.job import LOST, STOPPED, STOPPING, Job
from pap_core.jobs.queue import QUEUED, turn
from pap_core.jobs.removal import remove, unwritable
from pap_core.jobs.signals import interrupted_when_asked, put_off
from pap_core.jobs.throttle import Throttle
from pap_core.workspace import workspace

STARTING, WORKING = "starting", "working"
_ORDER = "order.json"
_DEVICE = "evaluation"  # what evaluations wait for


@dataclass(frozen=True)
class Order:
    """What to evaluate, and what it was when somebody asked for it."""

    checkpoint: PathText
    digest: str  # of its weights
    dataset: PathText
    split: str  # digest of the data set
    crops: Count


@dataclass(frozen=True)
class Progress:
    """How far an evaluation is."""

    state: str  # of `Evaluation.ACTIVE`, or stopping, stopped, failed, lost
    done: int = 0  # crops
    total: int = 0
    begun: float = 0.0  # s since the epoch, when it began to work
    error: str = ""
    queue_place: int = 0  # from 1, while it waits for evaluations before it

    @property
    def at_work(self) -> bool:
        """Whether a process is at it."""
        return self.state in (*Evaluation.ACTIVE, STOPPING)


class Told(status.Told, total=False):
    """The content of ``status.json``."""

    state: Literal["starting", "queued", "working", "stopped", "failed"]
    begun: Moment


class Evaluation(Job):
    """One evaluation on its way, by its folder."""

    NOUN = "evaluation"
    ACTIVE = (STARTING, QUEUED, WORKING)
    LOG = "log.txt"
    TOLD = Told
    REMEDY = "evaluate again"

    def progress(self) -> Progress | None:
        """Return how far it is, None where it was never begun, is done, or was stopped."""
        told = self.read_status()
        state = self.state_in(told)
        if not self.folder.is_dir() or state == STOPPED:
            return None
        error = told.get("error") or ""
        if state == LOST:
            error = (
                "The evaluation ended without a word (its process was killed, the machine went down, or the "
                "disk has no room left); evaluate again."
            )
        numbers = {name: told.get(name, 0) for name in ("done", "total", "begun", "queue_place")}
        return Progress(state, error=error, **numbers)

    def order(self) -> Order:
        """Return what is to be evaluated; raises InputError where it is damaged."""
        return read_json(self.folder / _ORDER, Order, "evaluate again")


def of(checkpoint: str, split: TestSplit) -> Evaluation:
    """Return the evaluation of the checkpoint of that digest on a test split, begun or not."""
    return Evaluation(_place() / f"{checkpoint}_{split.digest}")


def start(checkpoint: Path, digest: str, split: TestSplit) -> Evaluation:
    """Start to evaluate a checkpoint on a test split, unless a process is at it, and return at once.

    Args:
        checkpoint: its folder.
        digest: of its weights; another by the time the process reads them is refused there.
        split: see `pap_core.evaluation.store.split_of`.

    Raises:
        InputError: the workspace cannot be written, or a process is at it already.
    """
    evaluation = of(digest, split)
    order = Order(str(checkpoint.resolve()), digest, str(split.folder.resolve()), split.digest, split.crops)
    try:
        evaluation.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(error) from error
    with evaluation.shut():
        write_whole(evaluation.folder / _ORDER, json.dumps(asdict(order), indent=2).encode())
        evaluation.launch(
            ["pap_core.evaluation.job", str(evaluation.folder.resolve())],
            {"state": STARTING, "done": 0, "total": split.crops, "error": None, "queue_place": 0},
        )
    return evaluation


def main(folder: Path) -> int:
    """Evaluate as a folder orders, unless another process is at it; returns the exit status."""
    evaluation = Evaluation(folder)
    try:
        with evaluation.held(), interrupted_when_asked() as asked:
            try:
                with evaluation.beating():
                    _work(evaluation)
            except BaseException as error:
                if not (asked.is_set() or isinstance(error, KeyboardInterrupt)):
                    evaluation.fail(error)
                    raise
            with put_off():  # asked a second time
                remove(folder)
            return 0
    except InputError as error:
        print(error, file=sys.stderr)  # to the log
        return 1
    except KeyboardInterrupt:  # before there was anything to end
        return 130


def _work(evaluation: Evaluation) -> None:
    order = evaluation.order()
    evaluation.write_status(state=QUEUED, queued=time.time(), queue_place=0)
    with turn(evaluation, [_DEVICE], _listed) as device:
        if device is None:
            raise KeyboardInterrupt
        evaluation.write_status(state=WORKING, queue_place=0)
        _evaluate(evaluation, order)


def _evaluate(evaluation: Evaluation, order: Order) -> None:
    from pap_core.inference.segmenter import Segmenter  # torch: not before it is this one's turn
    from pap_core.model.checkpoint import read

    split = split_of(Path(order.dataset))
    if split.digest != order.split:
        raise InputError(
            f"{order.dataset}: was built anew since the evaluation was asked for; evaluate again."
        )
    checkpoint = read(Path(order.checkpoint))
    if checkpoint.digest != order.digest:
        raise InputError(
            f"{order.checkpoint}: its run replaced the checkpoint since the evaluation was asked for; "
            "evaluate again."
        )
    if find(order.digest, split):
        return
    throttle = Throttle()

    def progress(done: int, total: int) -> None:
        if throttle.due(done == total):
            evaluation.write_status(done=done, total=total)

    segmenter = Segmenter(checkpoint)
    evaluation.write_status(begun=time.time())
    evaluate_and_keep(segmenter, split, progress)


def _listed() -> list[Evaluation]:
    return [Evaluation(path) for path in _place().glob("[!.]*")]


def _place() -> Path:
    return workspace() / "evaluating"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
