"""A run killed at any moment: no checkpoint is ever unreadable, little is lost, and the curve is the same."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pap_core.model.catalogue import CONFIG, WEIGHTS
from pap_core.model.checkpoint import read
from pap_core.training import process
from pap_core.training.loop import train
from pap_core.training.run import Run
from pap_core.training.state import STATE
from tests.helpers.training.forking import Forking
from tests.helpers.training.small_runs import STEPS, assert_same, outcome, tiny

SMALL = ["generator.width=2", "generator.levels=3", "discriminator.width=2", "epochs=8"]
LAST = 8 * STEPS


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def forking(workspace: Path) -> Iterator[Forking]:
    one = Forking(workspace)
    yield one
    one.end()


@pytest.fixture(scope="module")
def undisturbed(workspace: Path, drawn_dataset: Path) -> dict:
    run = Run.create(workspace / "undisturbed", tiny(*SMALL), [drawn_dataset])
    train(run, cpu=True)
    return outcome(run)


def gone(one: psutil.Process) -> bool:
    try:
        return one.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait(ready: Callable[[], bool], one: psutil.Process, pause: float) -> bool:
    """Wait until something is so; False where the process ended before."""
    while not ready():
        if gone(one):
            return False
        time.sleep(pause)
    return True


def kill_somewhere(run: Run, one: psutil.Process, chance: random.Random) -> str | None:
    """Kill a process while it begins, trains, validates, or writes; None where it ended before.

    Returns:
        What it was seen at.
    """
    last, best = run.folder / "checkpoints" / "last", run.folder / "checkpoints" / "best"
    kind = chance.choice(["any", "any", "state", "weights", "best", "status"])
    if kind == "any":
        until = time.monotonic() + chance.uniform(0, 1.0)
        caught = wait(lambda: time.monotonic() > until, one, 0.001)
    else:
        # a few writes are let pass, so that not only the first is caught
        folder, name = {
            "state": (last, f".{STATE}.part"),
            "weights": (last, f".{WEIGHTS}.{one.pid}.part"),
            "best": (best, f".{WEIGHTS}.{one.pid}.part"),
            "status": (run.folder, f".status.json.{one.pid}.part"),
        }[kind]
        earliest = time.monotonic() + chance.uniform(0, 0.5)
        part = folder / name
        caught = wait(lambda: part.exists() and time.monotonic() > earliest, one, 0.0)
    if not caught:
        return None
    with suppress(psutil.NoSuchProcess):  # it ended just now
        one.kill()
    while not gone(one):
        time.sleep(0.001)
    return kind if process.state(run) == "lost" else None


def check(run: Run) -> None:
    """See that all that was kept can be read, and how far it is."""
    state = run.load_last()
    for name in ("last", "best"):
        folder = run.folder / "checkpoints" / name
        assert (folder / CONFIG).exists()
        if (folder / WEIGHTS).exists():
            read(folder)
    saved = state["step"] if state else 0
    logged = max((row["step"] for row in run.read_metrics()), default=0)
    assert logged - saved <= STEPS  # not more than an epoch is lost
    told = process.status(run)
    assert told.step <= logged
    assert "resume it" in told.error


def killed(times: int, seed: int, forking: Forking, folder: Path, dataset: Path, expected: dict) -> list[str]:
    """Kill runs until it has been done so many times; each is then left to its end."""
    chance = random.Random(seed)
    kills: list[str] = []
    number = 0
    while len(kills) < times:
        number += 1
        run = Run.create(folder / f"run-{seed}-{number}", tiny(*SMALL), [dataset])
        while process.state(run) != "finished":
            one = forking.begin(run.folder)
            seen = kill_somewhere(run, one, chance) if len(kills) < times else None
            if seen:
                kills.append(seen)
                check(run)
            else:
                wait(lambda: False, one, 0.01)
        assert_same(outcome(run), expected)
        assert not list(run.folder.rglob("*.part"))
    return kills


@pytest.mark.slow
def test_killed_fifty_times(forking, workspace, drawn_dataset, undisturbed):
    kills = killed(50, 2, forking, workspace, drawn_dataset, undisturbed)
    print({kind: kills.count(kind) for kind in sorted(set(kills))})
    assert len(kills) == 50
    assert {"any", "state"} <= set(kills)


@pytest.mark.slow
def test_no_worker_is_left(forking, workspace, drawn_dataset):
    run = Run.create(workspace / "orphans", tiny(), [drawn_dataset])
    one = forking.begin(run.folder)
    assert wait(lambda: bool(run.read_metrics()), one, 0.01)
    workers = one.children(recursive=True)
    assert workers
    one.kill()
    assert psutil.wait_procs(workers, timeout=30)[1] == []
