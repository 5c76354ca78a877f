"""Runs in processes of their own: started once, queued, watched, stopped, resumed, deleted."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pap_core.errors import InputError
from pap_core.evaluation import store
from pap_core.jobs import background, job
from pap_core.model.checkpoint import read
from pap_core.training import process, work
from pap_core.training.process import state, status
from pap_core.training.run import Run
from tests.helpers.jobs import PATIENCE, busy, until
from tests.helpers.training.watching import processes, waits

PROJECT = Path(__file__).parents[2]
pytestmark = pytest.mark.usefixtures("space")


@pytest.mark.slow
def test_a_run_from_start_to_stop_to_the_evaluation(new, drawn_dataset: Path) -> None:
    run = new("epochs=3")
    assert state(run) == "stopped"
    process.start(run)
    assert state(run) == "queued"
    with pytest.raises(InputError, match="a process is at work for it already"):
        process.start(run)
    until(lambda: run.read_metrics(), run)
    (one,) = processes(run)
    now = status(run)
    assert (now.state, now.phase, now.device, now.epochs) == ("running", "training", "cpu", 3)
    assert now.started < now.heartbeat
    assert os.getsid(one.pid) == one.pid  # a signal to this process is none to it
    process.stop(run)
    process.stop(run)  # somebody else did, at the same time
    until(lambda: state(run) == "stopped", run)
    before = status(run)
    assert 0 < before.step < before.steps
    assert run.load_last()["step"] == before.step
    until(lambda: not processes(run), run)
    with pytest.raises(InputError, match="nothing to stop"):
        process.stop(run)

    process.resume(run)
    seen = set()
    until(lambda: seen.add(status(run).phase) or state(run) == "finished", run)
    steps = [row["step"] for row in run.read_metrics()]
    assert steps == sorted(steps)
    assert steps[-1] == before.steps
    assert "evaluating" in seen
    assert status(run).note == ""
    digest = read(run.folder / "checkpoints" / "best").digest
    assert store.find(digest, store.split_of(drawn_dataset))
    assert "finished" in (run.folder / run.LOG).read_text()
    assert [*process.listed()] == [run.folder.name]


def test_a_queue_goes_on_by_itself(new, space: Path) -> None:
    first, second, third = (new() for _ in range(3))
    for run in (first, second, third):
        process.start(run)
    until(lambda: state(first) == "running" and waits(second, 1) and waits(third, 2), third)
    assert [status(run).queue_place for run in (first, second, third)] == [0, 1, 2]
    (waiting,) = processes(second)
    assert not any("torch" in part.path for part in waiting.memory_maps())
    (one,) = processes(first)
    one.kill()
    until(lambda: state(second) == "running" and waits(third, 1), second)
    assert state(first) == "lost"
    assert "resume it" in status(first).error
    process.stop(third)
    until(lambda: state(third) == "stopped", third)
    assert "waiting for cpu: place 2" in (third.folder / third.LOG).read_text()
    assert [*process.listed()] == [run.folder.name for run in (third, second, first)]


@pytest.mark.slow
def test_a_lone_run_waits_for_nobody(new) -> None:
    run = new("epochs=1")
    process.start(run)
    seen = set()

    def looked() -> bool:
        seen.add((state(run), status(run).queue_place))
        return state(run) == "finished"

    until(looked, run)
    assert ("queued", 0) in seen
    assert {place for _, place in seen} == {0}
    assert "waiting" not in (run.folder / run.LOG).read_text()


def test_a_run_begins_once_however_often_it_is_resumed(new) -> None:
    run = new("epochs=2")
    work.work(run, cpu=True, progress=lambda row: run.ask_to_stop())
    begun = status(run).started
    assert status(run).state == "stopped"
    work.work(run, cpu=True)
    assert status(run).state == "finished"
    assert status(run).started == begun < status(run).heartbeat


def test_who_waits_is_passed_by_nobody_and_holds_up_nobody_when_dead(new, space: Path) -> None:
    first, second, third = (new() for _ in range(3))
    with busy(space, "cpu"):
        for place, run in enumerate((first, second, third), start=1):
            process.start(run)
            until(lambda run=run, place=place: waits(run, place), run)
        (one,) = processes(first)
        one.kill()
        until(lambda: waits(second, 1) and waits(third, 2), third)
        assert state(first) == "lost"
        process.resume(first)  # to the end of the queue
        until(lambda: waits(first, 3), first)
    until(lambda: state(second) == "running", second)
    assert [state(third), state(first)] == ["queued", "queued"]


_ACTOR = """
import sys, time
from pathlib import Path
from pap_core.errors import InputError
from pap_core.training import process
from pap_core.training.run import Run

print("ready", flush=True)
sys.stdin.readline()
try:
    getattr(process, sys.argv[1])(Run(Path(sys.argv[2])))
    print("done", flush=True)
except InputError as error:
    print(error, flush=True)
time.sleep(float(sys.argv[3]))
"""


def at_once(
    action: str, run: Run, number: int, stay: float = 0.0
) -> tuple[list[str], list[subprocess.Popen]]:
    """Let several processes do the same to a run at the same moment; return what each was told."""
    command = [sys.executable, "-c", _ACTOR, action, str(run.folder), str(stay)]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    actors = [
        subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(number)
    ]
    for actor in actors:
        assert actor.stdout.readline() == "ready\n"
    for actor in actors:
        print(file=actor.stdin, flush=True)
    return [actor.stdout.readline().strip() for actor in actors], actors


@pytest.mark.slow
def test_many_press_at_once(new, space: Path) -> None:
    run = new()
    with busy(space, "cpu"):
        for action in ("start", "resume"):
            told, actors = at_once(action, run, 4)
            assert told.count("done") == 1, told
            assert sum("at work for it already" in text for text in told) == 3
            until(lambda: waits(run, 1), run)
            assert len(processes(run)) == 1
            told, _ = at_once("stop", run, 3)
            assert "done" in told
            assert all(text == "done" or "nothing to stop" in text for text in told)
            until(lambda: state(run) == "stopped" and not processes(run), run)
            for actor in actors:
                actor.wait(timeout=60)
    told, _ = at_once("delete", run, 3)
    assert "done" in told
    assert not run.folder.exists()
    assert process.listed() == {}


def test_a_run_outlives_who_started_it(new, space: Path) -> None:
    run = new("epochs=1")
    with busy(space, "cpu"):
        told, (server,) = at_once("start", run, 1, stay=600)
        assert told == ["done"]
        until(lambda: waits(run, 1), run)
        server.send_signal(signal.SIGKILL)
        server.wait()
        assert state(run) == "queued"
    until(lambda: state(run) == "running", run)
    with pytest.raises(InputError, match="already"):
        process.delete(run)


def test_by_hand_into_a_folder_in_use_changes_nothing(new, space: Path) -> None:
    run = new()
    command = [sys.executable, "-m", "pap_core", "train", "--resume", str(run.folder), "--cpu"]
    with busy(space, "cpu"):
        process.start(run)
        until(lambda: waits(run, 1), run)
        (one,) = processes(run)
        before = {path: path.read_bytes() for path in run.folder.rglob("config.json")}
        refused = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE)
        assert refused.returncode == 1
        assert f"process {one.pid} is at work for it already" in refused.stderr
        assert {path: path.read_bytes() for path in before} == before
        assert (state(run), [other.pid for other in processes(run)]) == ("queued", [one.pid])


def test_a_second_stop_ends_a_process_that_does_not_obey(new, space: Path, monkeypatch) -> None:
    run = new()
    with busy(space, "cpu"):
        process.start(run)
        until(lambda: waits(run, 1), run)
        (one,) = processes(run)
        one.suspend()
        monkeypatch.setattr(process, "_QUIET", 0.5)
        until(lambda: status(run).silent, run)
        assert state(run) == "queued"  # it may wake at any time
        process.stop(run)
        assert state(run) == "stopping"
        with pytest.raises(InputError, match="already"):
            process.resume(run)
        monkeypatch.setattr(job, "_AT_ONCE", 0.0)
        monkeypatch.setattr(background, "_TIME_TO_END", 0.3)
        process.stop(run)
        until(lambda: not processes(run), run)
        assert state(run) == "stopped"  # as somebody wanted, though it could not say so itself
        process.resume(run)
        until(lambda: waits(run, 1), run)  # the old request is forgotten
        assert state(run) == "queued"


def test_what_is_no_run_is_not_listed(new, space: Path) -> None:
    run = new()
    for name, content in (("empty", None), ("damaged", "{"), ("strange", "[]"), (".hidden", "{}")):
        (space / "runs" / name).mkdir()
        if content:
            (space / "runs" / name / "config.json").write_text(content)
    (space / "runs" / "file").write_text("")
    assert process.listed() == {run.folder.name: run}
    with pytest.raises(InputError, match="no run folder"):
        process.start(Run(space / "runs" / "empty"))


def test_watching_costs_no_torch(new) -> None:
    new()
    script = (
        "import sys; from pap_core.training import process; print(process.listed(), 'torch' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert told.stdout.strip().endswith("False"), told.stderr
