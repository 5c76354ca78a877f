"""The step and the schedule: one forward serves both updates, nothing waits for the device."""

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch

from pap_core.data.dataset import Crops
from pap_core.model.generator import Generator
from pap_core.training.loop import Trainer
from pap_core.training.losses import Batch
from pap_core.training.mean_losses import MeanLosses
from pap_core.training.validation import validate
from tests.helpers.training.small_runs import examples, tiny


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
        for name in ("generator", "discriminator", "ema"):
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

    def test_each_network_works_against_the_other(self, drawn_crops):
        """One learns to tell outputs from targets, the other to have its outputs pass for them."""
        trainer = Trainer(tiny("l1_weight=0.0"), drawn_crops, cpu=True)
        batch = Batch.of(*examples(trainer, 1)[0], trainer.config.border)

        def told_apart() -> tuple[float, float]:
            """Return the mean logits, true above 0, of the pair with the target and with the output."""
            with torch.no_grad():
                pairs = batch.target, trainer._forward(batch).colours
                return tuple(trainer.discriminator(batch.images, one).mean().item() for one in pairs)

        real, fake = told_apart()
        for _ in range(5):
            trainer.discriminator_step(batch)
        judged_real, judged_fake = told_apart()
        assert judged_real - judged_fake > real - fake
        trainer._output = None  # of the last step
        for _ in range(5):
            trainer.generator_step(batch)
        assert told_apart()[0] == pytest.approx(judged_real)  # the discriminator stays as it is
        assert told_apart()[1] > judged_fake

    @pytest.mark.parametrize("average", ["0.0", "0.9"])
    def test_frozen_norms_keep_their_statistics_and_all_else_learns(self, drawn_crops, average):
        trainer = Trainer(tiny("frozen_norms=true", f"average={average}"), drawn_crops, cpu=True)
        before = copy.deepcopy(trainer.generator.state_dict())
        for batch in examples(trainer, 2):
            trainer.take_step(*batch)
            validate(trainer.averaged, drawn_crops.subset(np.arange(len(drawn_crops)) < 2), trainer.autocast)
        learnt = dict(trainer.generator.named_parameters())
        for name, value in trainer.generator.state_dict().items():
            assert torch.equal(value, before[name]) == (name not in learnt), name
        other = Trainer(tiny(), drawn_crops, cpu=True)
        other.take_step(*examples(other, 1)[0])
        assert any(
            not torch.equal(value, before[name])
            for name, value in other.generator.state_dict().items()
            if name.endswith("running_mean")
        )

    @pytest.mark.parametrize("average", ["0.0", "0.9"])
    def test_what_is_kept_lies_between_the_start_and_what_was_learnt(self, drawn_crops, average):
        start = Generator(tiny().generator)
        settings = ("frozen_norms=true", "keep=0.25", f"average={average}")
        trainer = Trainer(tiny(*settings), drawn_crops, cpu=True, initial=start)
        for batch in examples(trainer, 3):
            trainer.take_step(*batch)
            trainer.step += 1
        learnt = trainer.ema.module if trainer.ema else trainer.generator
        for name, value in trainer.averaged.state_dict().items():
            before, after = start.state_dict()[name], learnt.state_dict()[name]
            if value.is_floating_point():
                torch.testing.assert_close(value, 0.25 * before + 0.75 * after)
        moved = [not torch.equal(*pair) for pair in zip(start.parameters(), learnt.parameters(), strict=True)]
        assert all(moved)  # what is trained goes on from its own weights

    @pytest.mark.parametrize("weight", [0, 10, 100])
    def test_losses_add_up(self, drawn_crops, weight):
        settings = ["generator.head=palette", "border=0", "cross_entropy=3", "dice=5", f"l1_weight={weight}"]
        trainer = Trainer(tiny(*settings), drawn_crops, cpu=True)
        found = {name: value.item() for name, value in trainer.take_step(*examples(trainer, 1)[0]).items()}
        expected = (
            weight * found.get("l1", 0.0)
            + 3 * found["cross_entropy"]
            + 5 * found["dice"]
            + found["adversarial"]
        )
        assert found["generator"] == pytest.approx(expected, rel=1e-5)
        assert ("l1" in found) == (weight > 0)  # what has no weight is not reckoned

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
        for name in ("generator", "discriminator", "ema"):
            first, second = (getattr(one, name).state_dict() for one in (trainer, other))
            for key, value in first.items():
                assert torch.equal(value, second[key]), (name, key)

    def test_a_state_of_before_has_all_told_and_validated(self, trainer):
        state = trainer.state()
        del state["mean_losses"], state["validated"]
        trainer.load_state(state)
        assert (trainer.validated, trainer.mean_losses.steps) == (True, 0)

    def test_means_between_two_rows_and_their_time_come_back_with_the_state(self, trainer):
        values = [0.1, 0.7, 1 / 3]
        whole, first, second = (MeanLosses(trainer.accelerator) for _ in range(3))
        for value in values:
            whole.add({"l1": torch.tensor(value)})
        first.add({"l1": torch.tensor(values[0])})
        first.read()
        state = first.state_dict() | {"seconds": 60.0}
        second.load_state_dict(state)
        for value in values[1:]:
            second.add({"l1": torch.tensor(value)})
        assert second.read() == whole.read()
        assert second.steps == whole.steps == 3
        assert second.take()[1] < 3 / 60  # steps per second, those of before among them
        assert second.state_dict() == {"sums": {}, "steps": 0, "seconds": 0.0}


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
