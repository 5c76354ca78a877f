"""Cells and decisions drawn for a test, and processes that save them: many at once, or killed at any moment.

Run as a script it forks such processes; it has imported what they need, so that they begin at once.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import psutil
from sqlalchemy import create_engine

from pap_core.contours import fill
from pap_core.errors import InputError
from pap_core.outlines import Outlines
from pap_core.reviews.records import Decision, Place, ReviewCell
from pap_core.reviews.store import Reviews

PROJECT = Path(__file__).parents[3]
SIDE = 96  # px


def circle(x: float, y: float, radius: float) -> np.ndarray:
    """Return a polygon of 24 vertices."""
    turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1)


def outlines(radius: float = 30.0, x: float = SIDE / 2) -> Outlines:
    """Return a round cell with a nucleus of a third of its radius."""
    return Outlines((circle(x, SIDE / 2, radius),), (circle(x, SIDE / 2, radius / 3),))


def drawn_cell(number: int, **changed) -> ReviewCell:
    """Return a drawn cell on a grainy ground, another picture for each number."""
    picture = np.random.default_rng(number).integers(200, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    label = np.zeros((SIDE, SIDE), dtype=np.uint8)
    drawn = outlines()
    for value, ring, colour in ((1, drawn.cell[0], (120, 160, 200)), (2, drawn.nucleus[0], (60, 40, 90))):
        picture[fill(ring, label.shape)] = colour
        label[fill(ring, label.shape)] = value
    cell = {
        "id": f"{number:064x}",
        "picture": picture,
        "label": label,
        "before": drawn,
        "checkpoint": "c0ffee",
        "source": "dataset",
        "name": "f" * 64,
        "group": f"smear {number % 3}",
        "side": "train",
        "dataset": "d" * 64,
        "category": "Parabasal",
        "place": Place(10.0, 20.5, 0.5),
    }
    return ReviewCell(**cell | changed)


def decided(cell: ReviewCell, reviewer: str = "Ada", verdict: str = "accepted", **changed) -> Decision:
    """Return a decision of a cell, by default one that leaves it as it was."""
    given = {"before": cell.before, "after": cell.before, "checkpoint": cell.checkpoint}
    return Decision(cell.id, reviewer, verdict, **given | changed)


def save_until_refused(reviews: Reviews) -> tuple[list[Decision], Decision, str]:
    """Save one decision after another; return what was saved, what was not, and what was said of it."""
    saved = []
    for number in range(2000):
        cell = drawn_cell(number)
        decision = decided(cell)
        try:
            saved.append(reviews.save(cell, decision, None).decision)
        except InputError as error:
            return saved, decision, str(error)
    raise AssertionError("there was room for all of it")


class Saving:
    """The process that forks those who save."""

    def __init__(self, log: Path):
        path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(log, "ab"),  # noqa: SIM115
            text=True,
            env=os.environ | {"PYTHONPATH": path},
        )
        assert self.process.stdout.readline().strip() == "ready"

    def begin(self, url: str, said: Path, reviewer: str, cells: list[int], times: int) -> psutil.Process:
        """Fork a process that saves decisions.

        Args:
            url: of the database, which it prepares.
            said: the file to which it writes a JSON line about each decision once that is saved.
            reviewer: its name.
            cells: numbers of the cells it decides on, in turn.
            times: how many decisions it saves.
        """
        print(json.dumps([url, str(said), reviewer, cells, times]), file=self.process.stdin, flush=True)
        return psutil.Process(int(self.process.stdout.readline()))

    def end(self) -> None:
        """End it; those it forked go on."""
        self.process.kill()
        self.process.wait()


def _save(url: str, said: str, reviewer: str, numbers: list[int], times: int) -> None:
    answers = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    reviews = Reviews(create_engine(url))
    reviews.prepare()
    os.write(answers, b'{"prepared": true}\n')
    seen = None
    for time in range(times):
        cell = drawn_cell(numbers[time % len(numbers)])
        saved = reviews.save(cell, decided(cell, reviewer, remark=f"{reviewer} {time}"), seen)
        about = {"key": saved.decision.key, "number": saved.decision.number, "seen": seen}
        about |= {"reviewer": reviewer, "since": [one.number for one in saved.since]}
        os.write(answers, json.dumps(about).encode() + b"\n")  # whole lines, though others write as well
        seen = saved.decision.number


def _serve() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    print("ready", flush=True)
    for line in sys.stdin:
        forked = os.fork()
        if not forked:
            try:
                _save(*json.loads(line))
            except BaseException as error:
                print(repr(error), file=sys.stderr, flush=True)
            finally:
                os._exit(0)
        print(forked, flush=True)


if __name__ == "__main__":
    _serve()
