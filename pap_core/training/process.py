"""Runs as processes of their own: started, watched, stopped and resumed through the run folder alone.

A run outlives the browser, the server that started it, and a restart of both. Nothing here imports torch.
"""

import time
from dataclasses import dataclass

from pap_core.errors import InputError
from pap_core.jobs import status as status_file
from pap_core.jobs.glance import Glances
from pap_core.jobs.job import FAILED, LOST, STOPPED, STOPPING
from pap_core.jobs.queue import QUEUED
from pap_core.training.run import CONFIG, Run
from pap_core.workspace import runs

LIVE = (*Run.ACTIVE, STOPPING)  # a process is at work
STATES = (*LIVE, STOPPED, "finished", FAILED, LOST)
_QUIET = 20.0  # s without a heartbeat, which comes every 2 s, before it is told


@dataclass(frozen=True)
class Status:
    """How a run is. Times are in seconds since the epoch."""

    state: str  # of `STATES`
    epoch: int = 0  # begun
    epochs: int = 0
    step: int = 0
    steps: int = 0  # 0 while unknown
    best: float | None = None  # validation Jaccard, mean of both classes; None before the first
    error: str = ""  # one sentence, of a failed or lost run
    heartbeat: float | None = None  # the last word of a process
    started: float | None = None  # when it first began to train, after its time in the queue
    device: str = ""  # "cpu", "cuda-0"
    queue_place: int = 0  # from 1, while it waits for runs before it; 0 while its process starts
    phase: str = ""  # "training", "evaluating"
    done: int = 0  # crops evaluated
    total: int = 0  # crops to evaluate
    note: str = ""  # what a person should know of a run that went on
    damaged: bool = False  # its status cannot be read
    silent: float | None = None  # since when a living process has said nothing: paused, or its disk hangs
    paced: int = 0  # steps that the process at work has done
    pace: float | None = None  # s a step of those took, with validation and saving; None before the first

    @property
    def left(self) -> float | None:
        """Estimate how long the steps that are left take, in s, at the pace so far; None while unknown."""
        running = self.state == "running" and self.phase != "evaluating"
        return (self.steps - self.step) * self.pace if running and self.pace is not None else None


def state(run: Run) -> str:
    """Return the state of a run, one of `STATES`; `status` tells since when a living process is silent."""
    return run.state()


def status(run: Run) -> Status:
    """Return how a run is."""
    found = run.read_status()
    now = run.state_in(found)
    live = now in LIVE
    heartbeat = found.get("heartbeat")
    silent = heartbeat if live and heartbeat and time.time() - heartbeat > _QUIET else None
    error = found.get("error") or "" if now == FAILED else ""
    damage = run.status_damage() if now == LOST and not found else ""
    if now == LOST:
        error = damage or (
            f"{run.folder.name}: its process ended without a word (it was killed, the machine went down, or "
            "the disk has no room left); resume it, and it continues from its last checkpoint."
        )
    best = found.get("best")
    return Status(
        state=now,
        epoch=found.get("epoch", 0),
        epochs=found.get("epochs", 0),
        step=found.get("step", 0),
        steps=found.get("steps", 0),
        best=best if best is not None and best >= 0 else None,
        error=error,
        heartbeat=heartbeat,
        started=found.get("started"),
        device=found.get("device", ""),
        queue_place=found.get("queue_place", 0) if now == QUEUED else 0,
        phase=found.get("phase", "") if live else "",
        done=found.get("done", 0),
        total=found.get("total", 0),
        note=_note(found, now),
        damaged=bool(damage),
        silent=silent,
        paced=max(0, found.get("step", 0) - found.get("since_step", 0)),
        pace=_pace(found),
    )


_glances = Glances(status)


def glance(run: Run) -> Status:
    """Return how a run is, as `status` does; for whoever asks every few seconds, as it is cheap to ask.

    What follows from the passing of time alone, that a process died or is silent, is told some time later.
    """
    return _glances.of(run)


def start(run: Run) -> None:
    """Start a process for a run, new or not, and return at once; it trains when its turn has come.

    Raises:
        InputError: one is at work already, the folder is no run, or it cannot be written.
    """
    run.read_settings()
    folder = run.folder.resolve()
    command = ["pap_core", "train", "--resume", str(folder), "--evaluate"]
    queued = {"state": QUEUED, "queued": time.time(), "queue_place": 0, "device": ""}
    with run.shut():
        run.launch(command, queued | {"note": "", "error": None})


def resume(run: Run) -> None:
    """Go on with a run that stopped, failed or was lost: the same run, the same curve. Raises as `start`."""
    start(run)


def stop(run: Run) -> None:
    """Ask the process of a run to write a checkpoint and end; asked again, end it at once.

    Two requests within two seconds are one: two people pressed, or one pressed twice.

    Raises:
        InputError: no process is at work.
    """
    run.stop()


def delete(run: Run) -> None:
    """Remove a run and all it holds.

    Raises:
        InputError: a process is at work for it, or the workspace cannot be written.
    """
    run.delete()


def listed() -> dict[str, Run]:
    """Return the runs of the workspace by name, the newest first; what is no readable run is left out."""
    found = []
    try:
        folders = [path for path in runs().iterdir() if not path.name.startswith(".")]
    except OSError:
        return {}
    for path in folders:
        try:
            Run(path).read_settings()
            found.append(((path / CONFIG).stat().st_mtime, path.name, path))
        except (InputError, OSError):
            continue
    return {name: Run(path) for _, name, path in sorted(found, reverse=True)}


def damaged() -> dict[str, str]:
    """Return why those folders of the workspace cannot be read that were runs once, by name."""
    found = {}
    try:
        folders = sorted(path for path in runs().iterdir() if not path.name.startswith("."))
    except OSError:
        return {}
    for path in folders:
        if (path / CONFIG).is_file() or (path / status_file.NAME).is_file():
            try:
                Run(path).read_settings()
            except InputError as error:
                found[path.name] = str(error)
    return found


def _pace(status: dict) -> float | None:
    """Return how long a step took, in s, since the process began."""
    done = status.get("step", 0) - status.get("since_step", 0)
    seconds = status.get("stepped", 0.0) - status.get("since", 0.0)
    return seconds / done if "since" in status and done > 0 and seconds >= 0 else None


def _note(status: dict, state: str) -> str:
    note = status.get("note") or ""
    if state == "finished" and status.get("to_evaluate"):
        note = f"{note} The evaluation was broken off; the Results page can make it.".strip()
    return note
