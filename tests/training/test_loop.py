"""The loop: it learns, validates as it measures, and never keeps a weight that is no number."""

import copy
import math
import os

import numpy as np
import pytest
import torch
from sklearn.metrics import jaccard_score

from pap_core.data.dataset import Crops, training_and_validation
from pap_core.images import read_image
from pap_core.labels import decode
from pap_core.model.catalogue import resolve
from pap_core.model.checkpoint import read
from pap_core.training.loop import Divergence, Trainer, train
from pap_core.training.state import STATE
from pap_core.training.validation import samples, validate
from tests.helpers.training.small_runs import DIVERGING, STEPS, assert_same, outcome, stop_after, stop_at


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


def poison_at(step: int, patch: pytest.MonkeyPatch) -> None:
    """Make a weight no number in the midst of a run."""
    take_step = Trainer.take_step

    def poisoned(self: Trainer, *batch: torch.Tensor) -> dict:
        losses = take_step(self, *batch)
        if self.step == step:
            with torch.no_grad():
                next(self.generator.parameters())[0, 0, 0, 0] = math.nan
        return losses

    patch.setattr(Trainer, "take_step", poisoned)


class TestDivergence:
    @pytest.mark.parametrize(("stop", "what"), [(4, "weight"), (5, "loss")])
    def test_a_stop_between_two_rows_keeps_nothing_that_is_no_number(self, new_run, monkeypatch, stop, what):
        run = new_run()
        poison_at(3, monkeypatch)
        stop_after(run, stop, monkeypatch)
        with pytest.raises(Divergence, match=f"a {what} is not finite .* step {stop}"):
            train(run, cpu=True)
        assert run.load_last() is None

    def test_what_is_no_number_stops_the_run(self, new_run):
        run = new_run(*DIVERGING)
        with pytest.raises(Divergence, match="not finite after step 20"):
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
        [
            pytest.param(34, "a loss is not finite at step 40", id="seen in the losses"),
            pytest.param(
                61, "a weight is not finite after step 62", id="after the last", marks=pytest.mark.slow
            ),
        ],
    )
    def test_the_last_good_weights_are_kept(self, new_run, uninterrupted, monkeypatch, step, message):
        run = new_run()
        assert train(run, stop_at(run, STEPS, "validation"), cpu=True)["step"] == STEPS
        kept = [path for path in (run.folder / "checkpoints").rglob("*") if path.is_file()]
        before = {path: path.read_bytes() for path in kept}
        assert {path.name for path in kept} >= {STATE, "generator.safetensors"}
        with monkeypatch.context() as patched:
            poison_at(step, patched)
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
