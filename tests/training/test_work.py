"""What the process of a run survives, and how it tells what it does not."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pap_core.errors import InputError
from pap_core.evaluation import store
from pap_core.jobs import job
from pap_core.model.checkpoint import read
from pap_core.training import device, process, work
from pap_core.training.loop import train
from pap_core.training.planning import machine
from pap_core.training.run import Run
from pap_core.training.state import STATE
from tests.helpers.training.forking import Forking
from tests.helpers.training.small_runs import DIVERGING, STEPS, assert_same, outcome, stop_at, tiny

pytestmark = pytest.mark.usefixtures("space")


@pytest.fixture
def small_disk(mount_disk: Callable[[str], Path]) -> Path:
    """A disk of 20 MB."""
    return mount_disk("20m")


def fill(disk: Path, leave: int) -> Path:
    """Write a file that leaves so many bytes on a disk."""
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - leave))
    return filler


@pytest.mark.slow
@pytest.mark.parametrize("leave", [300_000, 0], ids=["no room for a checkpoint", "no room at all"])
def test_a_disk_that_fills_up(small_disk: Path, drawn_dataset: Path, uninterrupted: Run, leave: int) -> None:
    run = Run.create(small_disk / "run", tiny(), [drawn_dataset])
    train(run, stop_at(run, STEPS, "validation"), cpu=True)
    state = run.folder / "checkpoints" / "last" / STATE
    kept = state.read_bytes()
    filler = fill(small_disk, leave)
    with pytest.raises(InputError, match=r"No space left on device.*resume"):
        work.work(run, cpu=True)
    assert state.read_bytes() == kept
    for name in ("last", "best"):
        read(run.folder / "checkpoints" / name)
    assert not list(run.folder.rglob("*.part"))
    if leave:  # else there is no room to say so, and its process is seen to be gone once it is
        told = process.status(run)
        assert told.state == "failed"
        assert str(run.folder) in told.error
        assert "make room" in told.error
    filler.unlink()
    assert work.work(run, cpu=True)["state"] == "finished"
    assert process.status(run).error == ""
    assert_same(outcome(run), outcome(uninterrupted))


def test_a_data_set_that_is_deleted_while_it_trains(new, drawn_dataset: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(drawn_dataset, tmp_path / "copy")
    run = Run.create(tmp_path / "run", tiny("epochs=1"), [copy])
    told = work.work(run, True, True, lambda row: shutil.rmtree(copy, ignore_errors=True))
    assert told["state"] == "finished"
    status = process.status(run)
    assert (status.state, status.phase, status.error) == ("finished", "", "")
    assert str(copy) in status.note
    assert "there is no such folder any more" in status.note
    with pytest.raises(InputError, match="no finished data set"):
        work.work(run, cpu=True)
    assert "no finished data set" in process.status(run).error
    assert process.status(run).note == ""


def test_an_evaluation_is_kept_once_and_made_once(new, drawn_dataset: Path) -> None:
    run = new("epochs=1")
    work.work(run, cpu=True, evaluate=True)
    digest = read(run.folder / "checkpoints" / "best").digest
    kept = store.find(digest, store.split_of(drawn_dataset))
    before = (kept.folder / "summary.json").stat().st_mtime_ns
    work.work(run, cpu=True, evaluate=True)
    assert (kept.folder / "summary.json").stat().st_mtime_ns == before
    assert process.status(run).note == ""


class AskedInTheEnd(Run):
    """A run that is asked to stop when its evaluation begins."""

    def write_status(self, pid: int | None = None, **values) -> None:
        super().write_status(pid, **values)
        if values.get("phase") == "evaluating":
            self.ask_to_stop()


def test_an_evaluation_is_stopped_and_the_run_is_finished(new, drawn_dataset: Path) -> None:
    run = AskedInTheEnd(new("epochs=1").folder)
    work.work(run, cpu=True, evaluate=True)
    status = process.status(run)
    assert status.state == "finished"
    assert "evaluation was stopped" in status.note
    assert not run.stop_asked
    digest = read(run.folder / "checkpoints" / "best").digest
    assert store.find(digest, store.split_of(drawn_dataset)) is None


def test_the_heart_beats_while_the_loop_is_at_something_long(new, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "BEAT", 0.02)
    run = new("epochs=1")
    beats = set()

    def progress(row: dict) -> None:
        until = time.monotonic() + 0.3
        while time.monotonic() < until:
            beats.add(run.read_status()["heartbeat"])
            assert run.read_status()["state"] == "running"  # what the loop said stays

    work.work(run, cpu=True, progress=progress)
    assert len(beats) > 5


def test_losses_that_are_no_numbers(new) -> None:
    run = new(*DIVERGING)
    with pytest.raises(InputError, match="not finite after step 20"):
        work.work(run, cpu=True)
    assert process.state(run) == "failed"
    assert "not finite" in process.status(run).error


@pytest.fixture(scope="module")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    one = Forking(tmp_path_factory.mktemp("signals"))
    yield one
    one.end()


def begun(run: Run, forking: Forking) -> psutil.Process:
    """Begin to train in a process, and wait for its first row."""
    one = forking.begin(run.folder)
    while not run.read_metrics():
        time.sleep(0.01)
    return one


@pytest.mark.parametrize("reached", ["itself", "all", "its workers first"])
@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_a_run_with_a_checkpoint(new, forking: Forking, signum: int, reached: str) -> None:
    """Ctrl-C reaches all processes; and SIGTERM does when a service or the machine is shut down."""
    run = new("epochs=200")
    one = begun(run, forking)
    workers = one.children(recursive=True)
    assert workers
    members = {"itself": [one], "all": [one, *workers], "its workers first": [*workers, one]}
    for member in members[reached]:
        member.send_signal(signum)
    psutil.wait_procs([one], timeout=60)
    assert process.state(run) == "stopped"
    assert not run.stop_asked
    assert run.load_last()["step"] == run.read_status()["step"] > 0
    _, left = psutil.wait_procs(workers, timeout=30)
    assert not left


def test_a_second_signal_ends_it_at_once(new, forking: Forking) -> None:
    obeyed = []
    for _ in range(3):
        run = new("epochs=200")
        one = begun(run, forking)
        one.suspend()
        run.ask_to_stop()
        one.terminate()
        one.resume()
        psutil.wait_procs([one], timeout=60)
        assert process.state(run) == "stopped"
        assert process.status(run).error == ""
        obeyed.append(not run.stop_asked)
    assert not all(obeyed)  # the loop mostly has no time to, before the signal comes through


@pytest.mark.parametrize(
    ("count", "visible", "expected"),
    [
        (0, None, ["cpu"]),
        (0, "0", ["cpu"]),
        (2, None, ["cuda-0", "cuda-1"]),
        (4, "3,1", ["cuda-3", "cuda-1"]),
        (4, "2,-1,1", ["cuda-2"]),
        (2, "5", ["cpu"]),
        (2, "", ["cpu"]),
        (1, "GPU-8932f937-d72c", ["cuda-GPU-8932f937-d72c"]),
    ],
)
def test_devices(monkeypatch: pytest.MonkeyPatch, count: int, visible: str | None, expected: list) -> None:
    monkeypatch.setattr(machine, "_gpus", lambda: count)
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.devices() == expected


def test_two_devices_take_two_runs_and_no_third(new, monkeypatch: pytest.MonkeyPatch) -> None:
    """The locks of GPUs, which are taken without one."""
    monkeypatch.setattr(machine, "_gpus", lambda: 2)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.delenv("CUDA_DEVICE_ORDER", raising=False)
    first, second, third = (new() for _ in range(3))
    for run in (first, second, third):
        run.write_status(state="queued", queued=time.time())
    with device.turn(first, False, print) as one:
        assert (one, os.environ.pop("CUDA_VISIBLE_DEVICES")) == ("cuda-0", "0")
        first.write_status(state="running")
        with device.turn(second, False, print) as other:
            assert (other, os.environ.pop("CUDA_VISIBLE_DEVICES")) == ("cuda-1", "1")
            second.write_status(state="running")
            said = []

            def say(text: str) -> None:
                said.append(text)
                third.ask_to_stop()

            with device.turn(third, False, say) as none:
                assert none is None
            assert said == ["waiting for cuda-0 or cuda-1: place 1 in the queue"]
        with device.turn(third, True, print) as none:  # the CPU is free, and it was asked to stop
            assert none is None
        third.forget_stop()
        with device.turn(third, True, print) as processor:
            assert processor == "cpu"
            assert "CUDA_VISIBLE_DEVICES" not in os.environ
