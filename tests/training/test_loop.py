"""The loop: it learns, it resumes to the same bits, and it never keeps a weight that is no number."""

import copy
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from sklearn.metrics import jaccard_score

from pap_core.data.dataset import Crops, training_and_validation
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.labels import decode
from pap_core.model.catalogue import resolve
from pap_core.model.checkpoint import read
from pap_core.training import loop
from pap_core.training.config import PRESETS, TrainConfig, override
from pap_core.training.loop import Divergence, Trainer, train
from pap_core.training.run import STATE, Run
from pap_core.training.validation import samples, validate

SETTINGS = ["batch=2", "epochs=4", "learning_rate=2e-3", "precision=fp32"]
STEPS = 31  # an epoch: 61 crops in pairs, so that epochs of steps and of crops drift apart
PROJECT = Path(__file__).parents[2]


def tiny(*settings: str) -> TrainConfig:
    return override(PRESETS["tiny"], [*SETTINGS, *settings])


def outcome(run: Run) -> dict:
    """All that two runs to the same end must share."""
    rows = [{name: row[name] for name in row if name != "images_per_second"} for row in run.read_metrics()]
    files = ("samples/*.png", "checkpoints/*/*.safetensors", "checkpoints/*/config.json")
    contents = {
        str(path.relative_to(run.folder)): path.read_bytes()
        for pattern in files
        for path in run.folder.glob(pattern)
    }
    status = run.read_status()
    return {"rows": rows, **contents} | {name: status[name] for name in ("state", "step", "epoch", "best")}


def assert_same(first: dict, second: dict) -> None:
    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name


@pytest.fixture
def new_run(tmp_path: Path, drawn_dataset: Path) -> Callable[..., Run]:
    def create(*settings: str) -> Run:
        return Run.create(tmp_path / "run", tiny(*settings), [drawn_dataset])

    return create


@pytest.fixture(scope="module")
def uninterrupted(one_thread, tmp_path_factory: pytest.TempPathFactory, drawn_dataset: Path) -> Run:
    run = Run.create(tmp_path_factory.mktemp("uninterrupted") / "run", tiny(), [drawn_dataset])
    assert train(run, cpu=True)["state"] == "finished"
    return run


@pytest.fixture
def trainer(drawn_crops: Crops) -> Trainer:
    return Trainer(tiny(), drawn_crops, cpu=True)


def examples(trainer: Trainer, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return examples without jitter."""
    size = trainer.config.batch
    crops = trainer.crops
    parts = [slice(first, first + size) for first in range(0, count * size, size)]
    return [(crops.images[part].float() / 127.5 - 1, crops.labels[part]) for part in parts]


class TestLearning:
    def test_loss_falls_and_jaccard_rises_above_the_trivial_label(self, uninterrupted, drawn_crops):
        rows = uninterrupted.read_metrics()
        losses = [row["l1"] for row in rows if row["kind"] == "step"]
        assert losses[-1] < 0.5 * losses[0]
        found = [row["mean"] for row in rows if row["kind"] == "validation"]
        assert len(found) == 4

        config, _ = uninterrupted.read_config()
        training, validation = training_and_validation(drawn_crops, config.validation, config.seed)
        mean = np.stack([(training.labels == value).float().mean(dim=0) for value in range(3)])
        trivial = np.broadcast_to(mean.argmax(axis=0), validation.labels.shape)
        truth = validation.labels.numpy()
        bar = np.mean([jaccard_score((truth == k).ravel(), (trivial == k).ravel()) for k in (1, 2)])
        assert 0.1 < bar < 0.6
        assert max(found) > bar + 0.1
        assert uninterrupted.read_status()["best"] == max(found)

    def test_what_a_finished_run_leaves(self, uninterrupted):
        status = uninterrupted.read_status()
        assert (status["state"], status["step"], status["epoch"]) == ("finished", 4 * STEPS, 4)
        assert (status["steps"], status["epochs"], status["error"]) == (4 * STEPS, 4, None)
        assert status["pid"] == os.getpid()
        rows = uninterrupted.read_metrics()
        steps = [row["step"] for row in rows if row["kind"] == "step"]
        assert steps == [20, 31, 40, 60, 62, 80, 93, 100, 120, 124]
        assert [row["epoch"] for row in rows if row["kind"] == "step"] == [1, 1, 2, 2, 2, 3, 3, 4, 4, 4]
        pictures = sorted((uninterrupted.folder / "samples").iterdir())
        assert [path.name for path in pictures] == [f"epoch_000{epoch}.png" for epoch in (1, 2, 3, 4)]
        assert read_image(pictures[0]).shape == (4 * 64, 3 * 64, 3)
        for name in ("best", "last"):
            found = read(uninterrupted.folder / "checkpoints" / name)
            assert found.config["training"]["config"]["preset"] == "tiny"
            assert found.config["training"]["datasets"][0]["folder"] == "dataset"  # no path of this machine
        assert resolve(uninterrupted.folder).name == "best"
        leftovers = [path for path in uninterrupted.folder.rglob("*") if path.name.endswith(".part")]
        assert leftovers == []

    def test_a_finished_run_resumed_stays_as_it_is(self, uninterrupted):
        before = outcome(uninterrupted)
        assert train(uninterrupted, cpu=True)["state"] == "finished"
        assert_same(outcome(uninterrupted), before)

    def test_validation_is_the_mean_strict_jaccard(self, uninterrupted, drawn_crops):
        config, _ = uninterrupted.read_config()
        _, validation = training_and_validation(drawn_crops, config.validation, config.seed)
        generator = read(uninterrupted.folder / "checkpoints" / "best").generator
        by_class: dict[int, list[float]] = {1: [], 2: []}
        for image, label in zip(validation.images, validation.labels, strict=True):
            with torch.no_grad():
                colours = generator.generate(image[None].float() / 127.5 - 1)[0]
            pixels = ((colours + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
            for kind, values in by_class.items():
                values.append(
                    jaccard_score((label == kind).numpy().ravel(), (decode(pixels) == kind).ravel())
                )
        best = max(
            (row for row in uninterrupted.read_metrics() if row["kind"] == "validation"),
            key=lambda row: row["mean"],
        )
        # other batches, other roundings: a pixel or two
        assert best["cytoplasm"] == pytest.approx(np.mean(by_class[1]), abs=2e-3)
        assert best["nucleus"] == pytest.approx(np.mean(by_class[2]), abs=4e-3)
        assert best["mean"] == pytest.approx((best["nucleus"] + best["cytoplasm"]) / 2)

    def test_validation_leaves_the_generator_as_it_was(self, trainer, drawn_crops):
        some = drawn_crops.subset(np.arange(len(drawn_crops)) < 3)
        before = copy.deepcopy(trainer.generator.state_dict())
        trainer.generator.train()
        first = validate(trainer.generator, some, trainer.autocast)
        drawn = samples(trainer.generator, some, trainer.autocast, trainer.config)
        assert trainer.generator.training
        assert validate(trainer.generator, some, trainer.autocast) == first
        assert drawn.shape == (3 * 64, 3 * 64, 3)
        assert np.array_equal(drawn[:64, :64], some.images[0].permute(1, 2, 0).numpy())
        for name, value in trainer.generator.state_dict().items():
            assert torch.equal(value, before[name]), name

    def test_validation_of_empty_crops(self, trainer, drawn_crops):
        empty = Crops(drawn_crops.table[:2], drawn_crops.images[:2], torch.zeros_like(drawn_crops.labels[:2]))
        found = validate(trainer.generator, empty, trainer.autocast)
        assert all(math.isfinite(value) for value in found.values())


class Crash(Exception):
    pass


def crash_at(step: int) -> Callable[[dict], None]:
    def progress(row: dict) -> None:
        if row["kind"] == "step" and row["step"] >= step:
            raise Crash

    return progress


def stop_at(run: Run, step: int) -> Callable[[dict], None]:
    return lambda row: run.ask_to_stop() if row["step"] == step else None


class TestResume:
    def test_stop_in_the_midst_of_an_epoch_and_resume(self, new_run, uninterrupted):
        run = new_run()
        status = train(run, stop_at(run, 40), cpu=True)
        assert (status["state"], status["step"]) == ("stopped", 40)
        assert read(run.folder / "checkpoints" / "last").digest
        assert train(run, cpu=True)["state"] == "finished"
        assert_same(outcome(run), outcome(uninterrupted))

    def test_crashes_before_the_first_checkpoint_and_between_two(self, new_run, uninterrupted, monkeypatch):
        run = new_run()
        with pytest.raises(Crash):
            train(run, crash_at(20), cpu=True)
        assert run.load_last() is None
        assert [row["step"] for row in run.read_metrics()] == [20]
        status = run.read_status()
        assert (status["state"], status["error"]) == ("failed", "Crash: ")

        monkeypatch.setattr(loop, "SAVE_EVERY", 0.0)
        with pytest.raises(Crash):
            train(run, crash_at(60), cpu=True)  # logged, and not yet saved
        assert run.load_last()["step"] == 40
        with open(run.folder / "metrics.jsonl", "a") as file:
            file.write('{"kind": "step", "st')  # cut short
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

    @pytest.mark.parametrize("signum", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
    def test_a_process_killed(self, tmp_path, drawn_dataset, uninterrupted, signum):
        run = Run(tmp_path / "run")
        settings = [part for setting in SETTINGS for part in ("--set", setting)]
        command = [sys.executable, "-m", "pap_core", "train", str(drawn_dataset), "--preset", "tiny", "--cpu"]
        environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
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
        if signum == signal.SIGTERM:
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
        assert train(run, cpu=True)["step"] == 20

    def test_a_request_before_the_start_is_obeyed(self, new_run):
        """A run is started and stopped at once, while Python is still importing."""
        run = new_run()
        run.ask_to_stop()
        assert train(run, cpu=True)["step"] == 20
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
        with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
            status = {"pid": other.pid, "process_started": psutil.Process(other.pid).create_time()}
            run.write_status(state="running", epoch=1, step=7, error=None)
            path = run.folder / "status.json"
            path.write_text(json.dumps(json.loads(path.read_text()) | status))
            before = path.read_bytes()
            with pytest.raises(InputError, match=f"process {other.pid} is training here already"):
                train(run, cpu=True)
            assert path.read_bytes() == before
            other.kill()
        assert train(run, cpu=True)["state"] == "finished"  # it left the run unfinished, so go on

    def test_a_folder_that_is_no_run_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="no run folder"):
            train(Run(tmp_path), cpu=True)


def wait_for(ready: Callable[[], bool], process: subprocess.Popen) -> None:
    for _ in range(6000):
        if ready():
            return
        assert process.poll() is None, "the process ended early"
        time.sleep(0.05)
    raise AssertionError("the process took too long")


class TestDivergence:
    def test_an_infinite_loss_stops_the_run(self, new_run):
        run = new_run("l1_weight=Infinity")
        with pytest.raises(Divergence, match="not finite at step 20"):
            train(run, cpu=True)
        status = run.read_status()
        assert status["state"] == "failed"
        assert "Divergence" in status["error"]
        assert "not finite" in status["error"]
        assert run.load_last() is None
        assert not list(run.folder.rglob("*.safetensors"))
        assert run.read_metrics() == []  # NaN is no JSON

    @pytest.mark.parametrize(
        ("step", "message"),
        [(34, "a loss is not finite at step 40"), (61, "a weight is not finite after step 62")],
        ids=["seen in the losses", "after the last loss of an epoch"],
    )
    def test_the_last_good_weights_are_kept(self, new_run, uninterrupted, monkeypatch, step, message):
        run = new_run()
        assert train(run, stop_at(run, STEPS), cpu=True)["step"] == STEPS
        kept = [path for path in (run.folder / "checkpoints").rglob("*") if path.is_file()]
        before = {path: path.read_bytes() for path in kept}
        assert {path.name for path in kept} >= {STATE, "generator.safetensors"}
        take_step = Trainer.take_step

        def poisoned(self: Trainer, *batch: torch.Tensor) -> dict:
            losses = take_step(self, *batch)
            if self.step == step:
                with torch.no_grad():
                    next(self.generator.parameters())[0, 0, 0, 0] = math.nan
            return losses

        with monkeypatch.context() as patched:
            patched.setattr(Trainer, "take_step", poisoned)
            with pytest.raises(Divergence, match=message):
                train(run, cpu=True)
        assert run.read_status()["state"] == "failed"
        assert {path: path.read_bytes() for path in kept} == before
        for name in ("best", "last"):
            assert all(
                v.isfinite().all()
                for v in read(run.folder / "checkpoints" / name).generator.state_dict().values()
            )
        if step > 40:  # once is enough
            assert train(run, cpu=True)["state"] == "finished"
            assert_same(outcome(run), outcome(uninterrupted))


class TestStep:
    def test_one_generator_forward_serves_both_updates(self, trainer):
        calls = {"generator": 0, "discriminator": 0}

        def count(name: str) -> Callable:
            def hook(*_) -> None:
                calls[name] += 1

            return hook

        trainer.generator.register_forward_hook(count("generator"))
        trainer.discriminator.register_forward_hook(count("discriminator"))
        networks = (trainer.generator, trainer.discriminator)
        before = [copy.deepcopy(list(network.parameters())) for network in networks]
        trainer.take_step(*examples(trainer, 1)[0])
        assert calls == {"generator": 1, "discriminator": 3}
        for network, parameters in zip(networks, before, strict=True):
            moved = [
                not torch.equal(old, new) for old, new in zip(parameters, network.parameters(), strict=True)
            ]
            assert all(moved)
            assert all(parameter.requires_grad for parameter in network.parameters())

    def test_the_step_reads_nothing_back_from_the_device(self, trainer):
        """On the meta device there are no values: whoever asks for one fails."""
        for name in ("generator", "discriminator", "average"):
            setattr(trainer, name, getattr(trainer, name).to("meta"))
        for kind in ("generator", "discriminator"):
            adam = torch.optim.Adam(getattr(trainer, kind).parameters(), lr=1e-3)
            setattr(trainer, f"{kind}_adam", adam)
        for trainer.step in range(2):
            images = torch.empty(2, 3, 64, 64, device="meta")
            labels = torch.empty(2, 64, 64, dtype=torch.uint8, device="meta")
            losses = trainer.take_step(images, labels)
        assert all(value.device.type == "meta" for value in losses.values())

    @pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
    def test_the_step_does_not_wait_for_a_gpu(self, drawn_crops):
        trainer = Trainer(tiny(), drawn_crops)
        steps = [[tensor.cuda() for tensor in batch] for batch in examples(trainer, 3)]
        trainer.take_step(*steps[0])  # the first may set things up
        torch.cuda.set_sync_debug_mode("error")
        try:
            for trainer.step, batch in enumerate(steps[1:], start=1):
                trainer.take_step(*batch)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    def test_l1_alone_leaves_the_adversary_out(self, drawn_crops):
        trainer = Trainer(tiny("objective=l1"), drawn_crops, cpu=True)
        before = copy.deepcopy(trainer.discriminator.state_dict())
        losses = trainer.take_step(*examples(trainer, 1)[0])
        assert losses.keys() == {"l1", "generator"}
        assert losses["generator"].item() == pytest.approx(100 * losses["l1"].item())
        for name, value in trainer.discriminator.state_dict().items():
            assert torch.equal(value, before[name]), name

    @pytest.mark.parametrize("weight", [0, 10, 100])
    def test_losses_add_up(self, drawn_crops, weight):
        settings = ["generator.head=palette", "border=0", "cross_entropy=3", "dice=5", f"l1_weight={weight}"]
        trainer = Trainer(tiny(*settings), drawn_crops, cpu=True)
        found = {name: value.item() for name, value in trainer.take_step(*examples(trainer, 1)[0]).items()}
        expected = (
            weight * found["l1"] + 3 * found["cross_entropy"] + 5 * found["dice"] + found["adversarial"]
        )
        assert found["generator"] == pytest.approx(expected, rel=1e-5)
        assert found["l1"] > 0

    def test_the_average_of_the_weights(self, trainer):
        """Against its definition, by hand: copied at first, then by a decay that grows to its value."""
        averaged: dict[str, torch.Tensor] = {}
        for step, batch in enumerate(examples(trainer, 6)):
            trainer.step = step
            trainer.take_step(*batch)
            decay = min(0.95, (1 + step) / (10 + step)) if step else 0.0
            for name, value in trainer.generator.state_dict().items():
                moving = value.is_floating_point() and step
                averaged[name] = decay * averaged[name] + (1 - decay) * value if moving else value.clone()
        found = trainer.averaged.state_dict()
        assert found.keys() == averaged.keys()
        for name, value in averaged.items():
            assert torch.allclose(found[name].double(), value.double(), rtol=1e-4, atol=1e-6), name
        assert trainer.averaged is not trainer.generator

    def test_without_average_the_generator_itself_is_kept(self, drawn_crops):
        trainer = Trainer(tiny("average=0.0"), drawn_crops, cpu=True)
        assert trainer.averaged is trainer.generator

    def test_the_state_brings_a_trainer_back(self, trainer, drawn_crops):
        batches = examples(trainer, 4)
        for trainer.step, batch in enumerate(batches[:2]):
            trainer.take_step(*batch)
        trainer.step, trainer.best = 2, 0.25
        other = Trainer(tiny("seed=9"), drawn_crops, cpu=True)
        other.load_state(copy.deepcopy(trainer.state()))
        other.config = trainer.config
        assert (other.step, other.best) == (2, 0.25)
        for one in (trainer, other):
            for one.step, batch in enumerate(batches[2:], start=2):
                one.take_step(*batch)
        for name in ("generator", "discriminator", "average"):
            first, second = (getattr(one, name).state_dict() for one in (trainer, other))
            for key, value in first.items():
                assert torch.equal(value, second[key]), (name, key)


class TestSchedule:
    def make(self, crops: Crops, *settings: str) -> Trainer:
        return Trainer(tiny("learning_rate=1.0", "epochs=10", *settings), crops, cpu=True)

    def test_steps_of_an_epoch(self, drawn_crops):
        for batch, steps in ((1, 66), (2, 33), (4, 17), (66, 1), (100, 1)):
            trainer = self.make(drawn_crops, f"batch={batch}")
            assert (trainer.steps_per_epoch, trainer.total) == (steps, 10 * steps)
            epochs = []
            for trainer.step in (0, 1, steps, steps + 1, 10 * steps):
                epochs.append(trainer.epoch)
            assert epochs == [1, 1, 1, 2, 10]

    def test_constant(self, drawn_crops):
        trainer = self.make(drawn_crops)
        assert {trainer.learning_rate(step) for step in range(trainer.total)} == {1.0}

    def test_constant_then_linear(self, drawn_crops):
        trainer = self.make(drawn_crops, "decay=0.5")
        total = trainer.total
        rates = [trainer.learning_rate(step) for step in range(total)]
        assert rates[: total // 2 + 1] == [1.0] * (total // 2 + 1)
        assert np.allclose(np.diff(rates[total // 2 :]), -2 / total)
        assert rates[3 * total // 4] == pytest.approx(0.5, abs=2 / total)
        assert 0 < rates[-1] <= 2 / total + 1e-9
        assert trainer.learning_rate(total) == 0

    def test_linear_all_the_way(self, drawn_crops):
        trainer = self.make(drawn_crops, "decay=1.0")
        assert trainer.learning_rate(0) == 1
        assert trainer.learning_rate(trainer.total // 2) == pytest.approx(0.5)

    def test_warm_up(self, drawn_crops):
        trainer = self.make(drawn_crops, "warmup=9", "decay=0.5")
        rates = [trainer.learning_rate(step) for step in range(11)]
        assert rates == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0])

    def test_both_optimisers_follow(self, drawn_crops):
        trainer = self.make(drawn_crops, "decay=1.0")
        trainer.step = trainer.total // 2
        trainer.take_step(*examples(trainer, 1)[0])
        for adam in (trainer.generator_adam, trainer.discriminator_adam):
            assert adam.param_groups[0]["lr"] == pytest.approx(0.5)
            assert adam.param_groups[0]["betas"] == (0.5, 0.999)
