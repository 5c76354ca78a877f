"""A run resumes to the same bits, whatever ended it, and obeys who asks it to stop."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pap_core.errors import InputError
from pap_core.model import checkpoint
from pap_core.model.catalogue import WEIGHTS
from pap_core.model.checkpoint import read
from pap_core.training import loop
from pap_core.training.loop import train
from pap_core.training.run import Run
from pap_core.training.state import STATE
from tests.helpers.training.small_runs import (
    SETTINGS,
    STEPS,
    Crash,
    assert_same,
    crash_at,
    outcome,
    stop_after,
    stop_at,
    tiny,
    wait_for,
)

PROJECT = Path(__file__).parents[2]


class TestResume:
    def test_stop_in_the_midst_of_an_epoch_and_resume(self, new_run, uninterrupted):
        run = new_run()
        status = train(run, stop_at(run, 40), cpu=True)
        assert (status["state"], status["step"]) == ("stopped", 40)
        assert read(run.folder / "checkpoints" / "last").digest
        assert train(run, cpu=True)["state"] == "finished"
        assert_same(outcome(run), outcome(uninterrupted))

    @pytest.mark.slow
    def test_a_stop_is_obeyed_after_the_step_and_within_a_validation(
        self, new_run, uninterrupted, monkeypatch
    ):
        """Twice between two rows of the curve, before an epoch's last step, and twice in its validation."""
        run = new_run()
        for step in (7, 13, STEPS - 1):
            with monkeypatch.context() as patch:
                stop_after(run, step, patch)
                assert train(run, cpu=True)["step"] == step
            assert run.load_last()["mean_losses"]["steps"] == step % 20
        for _ in range(2):
            status = train(run, stop_at(run, STEPS, "step"), cpu=True)
            assert (status["state"], status["step"]) == ("stopped", STEPS)
            assert [row["kind"] for row in run.read_metrics()] == ["step", "step"]
            run.ask_to_stop()  # of what is resumed with the validation
        assert not (run.folder / "checkpoints" / "best" / WEIGHTS).exists()
        run.forget_stop()
        assert train(run, cpu=True)["state"] == "finished"
        assert_same(outcome(run), outcome(uninterrupted))

    @pytest.mark.slow
    def test_crashes_before_the_first_checkpoint_and_between_two(self, new_run, uninterrupted, monkeypatch):
        run = new_run()
        with pytest.raises(Crash):
            train(run, crash_at(20), cpu=True)
        assert run.load_last() is None
        assert [row["step"] for row in run.read_metrics()] == [20]
        status = run.read_status()
        assert (status["state"], status["error"]) == ("failed", "Crash: ")
        assert (status["step"], status["steps"], status["epochs"]) == (0, 4 * STEPS, 4)

        monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
        with pytest.raises(Crash):
            train(run, crash_at(60), cpu=True)  # logged, and not yet saved
        assert run.load_last()["step"] == 40
        with open(run.folder / "metrics.jsonl", "a") as file:
            file.write('{"kind": "step", "st')  # cut short
        assert train(run, cpu=True)["state"] == "finished"
        assert_same(outcome(run), outcome(uninterrupted))

    @pytest.mark.slow
    def test_a_crash_in_the_midst_of_the_last_checkpoint(self, new_run, uninterrupted, monkeypatch):
        run = new_run()
        write_weights = checkpoint.write_weights

        def crashing(folder: Path, generator: torch.nn.Module) -> None:
            if folder.name == "last" and run.read_metrics()[-1]["step"] == 4 * STEPS:
                raise Crash
            write_weights(folder, generator)

        with monkeypatch.context() as patched:
            patched.setattr(checkpoint, "write_weights", crashing)
            with pytest.raises(Crash):
                train(run, cpu=True)
        assert train(run, cpu=True)["state"] == "finished"
        assert_same(outcome(run), outcome(uninterrupted))

    def test_without_average_and_adversary_and_in_bf16(self, tmp_path, drawn_dataset, monkeypatch):
        monkeypatch.setattr(loop, "LOG_EVERY", 5)
        settings = ["average=0.0", "objective=l1", "precision=bf16", "epochs=1", "batch=4", "decay=0.5"]
        whole, parts = (
            Run.create(tmp_path / name, tiny(*settings), [drawn_dataset]) for name in ("whole", "parts")
        )
        train(whole, cpu=True)
        for step in (5, 10):
            assert train(parts, stop_at(parts, step), cpu=True)["step"] == step
        assert train(parts, cpu=True)["state"] == "finished"
        assert_same(outcome(parts), outcome(whole))

    @pytest.mark.slow
    @pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_a_process_killed(self, tmp_path, drawn_dataset, uninterrupted, signum):
        run = Run(tmp_path / "run")
        settings = [part for setting in SETTINGS for part in ("--set", setting)]
        command = [sys.executable, "-m", "pap_core", "train", str(drawn_dataset), "--preset", "tiny", "--cpu"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        environment["PAP_WORKSPACE"] = str(tmp_path)  # with a queue of its own
        with open(tmp_path / "log", "w") as log:
            process = subprocess.Popen(
                [*command, "--run-folder", str(run.folder), *settings],
                cwd=PROJECT, env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            wait_for(lambda: any(row["step"] == 40 for row in run.read_metrics()), process)
            process.send_signal(signum)
            status = process.wait(timeout=120)
        finally:
            process.kill()
        if signum != signal.SIGKILL:
            assert status == 0
            assert run.read_status()["state"] == "stopped"
        else:
            assert status == -signum
            assert run.read_status()["state"] == "running"  # it could not tell
        assert run.load_last()["step"] < 4 * STEPS
        assert train(run, cpu=True)["state"] == "finished"
        assert_same(outcome(run), outcome(uninterrupted))

    def test_a_request_to_stop_while_still_loading_is_obeyed(self, new_run, monkeypatch):
        run = new_run()
        load = loop.load

        def loading(*arguments):
            run.ask_to_stop()
            return load(*arguments)

        monkeypatch.setattr(loop, "load", loading)
        assert train(run, cpu=True)["step"] == 1

    def test_a_request_before_the_start_is_obeyed(self, new_run):
        """A run is started and stopped at once, while Python is still importing."""
        run = new_run()
        run.ask_to_stop()
        assert train(run, cpu=True)["step"] == 1
        assert not run.stop_asked  # or a resume would stop as well

    def test_a_request_to_an_earlier_process_is_forgotten(self, new_run):
        run = new_run("epochs=1", "batch=8")
        run.ask_to_stop()
        os.utime(run.folder / "stop", (1e9, 1e9))
        assert train(run, cpu=True)["state"] == "finished"
        assert not run.stop_asked

    def test_workers_do_not_change_the_examples(self, trainer, monkeypatch):
        def first(workers: int) -> list[list[torch.Tensor]]:
            monkeypatch.setattr(os, "cpu_count", lambda: workers)
            batches = iter(trainer._loader())
            return [next(batches) for _ in range(3)]

        one, two = first(1), first(2)
        trainer.step = 2
        later = first(2)[0]
        for pair, other in zip([*one, one[2]], [*two, later], strict=True):
            assert all(torch.equal(a, b) for a, b in zip(pair, other, strict=True))

    def test_a_changed_or_lost_data_set_is_refused(self, new_run, tmp_path, drawn_dataset):
        other = tmp_path / "other"
        other.mkdir()
        for path in drawn_dataset.iterdir():
            (other / path.name).symlink_to(path)
        run = Run.create(tmp_path / "other run", tiny(), [other])
        content = json.loads((other / "dataset.json").read_text())
        (other / "dataset.json").unlink()
        with pytest.raises(InputError, match="no finished data set"):
            train(run, cpu=True)
        (other / "dataset.json").write_text(json.dumps(content | {"digest": "0" * 64}))
        with pytest.raises(InputError, match=f"{other}: the data set has changed.*000000"):
            train(run, cpu=True)
        assert run.read_status()["state"] == "failed"
        assert "has changed" in run.read_status()["error"]

    def test_two_processes_do_not_train_into_one_folder(self, new_run):
        run = new_run("epochs=1", "batch=8")
        script = """
import sys, time
from pathlib import Path
from pap_core.training.run import Run

run = Run(Path(sys.argv[1]))
with run.held():
    run.write_status(state="running", epoch=1, step=7)
    print("held", flush=True)
    time.sleep(600)
"""
        command = [sys.executable, "-c", script, str(run.folder)]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdout.readline() == "held\n"
            path = run.folder / "status.json"
            before = path.read_bytes()
            try:
                with pytest.raises(InputError, match=f"process {other.pid} is at work for it already"):
                    train(run, cpu=True)
                assert path.read_bytes() == before
            finally:
                other.kill()
        assert train(run, cpu=True)["state"] == "finished"  # it left the run unfinished, so go on

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut short", b"\x80\x02cos\nsystem\n."])
    def test_a_damaged_state_is_named(self, new_run, content):
        run = new_run()
        (run.folder / "checkpoints" / "last" / STATE).write_bytes(content)
        with pytest.raises(InputError, match=rf"{STATE}: the state to resume from is damaged.*--from"):
            train(run, cpu=True)

    def test_a_folder_that_is_no_run_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="no run folder"):
            train(Run(tmp_path), cpu=True)
