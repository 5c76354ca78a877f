"""The training loop: the paper's algorithm, resumable at any checkpoint to the same curve."""

import math
import os
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import torch
from accelerate import Accelerator
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from pap_core.data.dataset import Crops, Draws, JitteredCrops, describe, load, mix, training_and_validation
from pap_core.data.jitter import Jitter
from pap_core.errors import InputError
from pap_core.labels import draw_targets
from pap_core.model import objective
from pap_core.model.checkpoint import read
from pap_core.model.discriminator import Discriminator
from pap_core.model.generator import Generator
from pap_core.training.config import TrainConfig
from pap_core.training.run import Run
from pap_core.training.validation import samples, validate

LOG_EVERY = 20  # steps; the only times the loop waits for the device
SAVE_EVERY = 180.0  # seconds between checkpoints within an epoch


class Divergence(RuntimeError):
    """A loss or a weight is no finite number any more; the last good checkpoint is kept."""


def train(run: Run, progress: Callable[[dict], None] | None = None, cpu: bool = False) -> dict:
    """Run or resume the training that a run folder describes, to its end or until asked to stop.

    Args:
        run: a run folder made by `Run.create`; resumed when it holds a checkpoint.
        progress: called with each row that goes into ``metrics.jsonl``.
        cpu: do not use an accelerator.

    Returns:
        The last content of ``status.json``.

    Raises:
        InputError: the data set is gone or has changed, or another process is training here.
        Divergence: a loss or a weight is NaN or infinite.
    """
    config, datasets = run.read_config()
    if run.other_process():
        raise InputError(
            f"{run.folder}: process {run.other_process()} is training here already; stop it first."
        )
    run.forget_old_stop()
    try:
        crops = load(_checked(datasets), "train")
        training, validation = training_and_validation(crops, config.validation, config.seed)
        initial = read(run.initial).generator if run.initial.exists() else None
        trainer = Trainer(config, training, cpu, initial)
        state = run.load_last()
        if state:
            trainer.load_state(state)
        run.drop_metrics_after(trainer.step)
        _to_the_end(run, trainer, validation, progress or (lambda row: None))
    except BaseException as error:
        failed = {"state": "failed", "error": f"{type(error).__name__}: {error}"}
        run.write_status(**run.read_status() | failed)
        raise
    return run.read_status()


def _to_the_end(run: Run, trainer: "Trainer", validation: Crops, progress: Callable[[dict], None]) -> None:
    config = trainer.config
    _report(run, trainer, "running")
    if trainer.step == 0:
        run.record_machine(trainer.device)
    saved = time.monotonic()
    for losses in trainer.steps():
        row = {"kind": "step", "step": trainer.step, "epoch": trainer.epoch, **losses}
        if not all(math.isfinite(value) for value in losses.values()):
            raise Divergence(f"{run.folder}: a loss is not finite at step {trainer.step}: {losses}")
        if not trainer.finite():  # the losses were taken before the last update
            raise Divergence(f"{run.folder}: a weight is not finite after step {trainer.step}")
        run.append_metrics(row)
        progress(row)
        ended = trainer.step % trainer.steps_per_epoch == 0
        if ended:
            generator = trainer.averaged
            row = {"kind": "validation", "step": trainer.step, "epoch": trainer.epoch}
            row |= validate(generator, validation, trainer.autocast)
            if row["mean"] > trainer.best:
                trainer.best = row["mean"]
                run.save_best(generator)
            run.append_metrics(row)
            progress(row)
            run.write_sample(trainer.epoch, samples(generator, validation, trainer.autocast, config))
        if ended or run.stop_asked or time.monotonic() - saved > SAVE_EVERY:
            run.save_last(trainer.state(), trainer.averaged)
            saved = time.monotonic()
        if run.stop_asked:
            run.forget_stop()
            _report(run, trainer, "stopped")
            return
        _report(run, trainer, "running")
    _report(run, trainer, "finished")


def _report(run: Run, trainer: "Trainer", state: str) -> None:
    run.write_status(
        state=state,
        epoch=trainer.epoch,
        epochs=trainer.config.epochs,
        step=trainer.step,
        steps=trainer.total,
        best=trainer.best,
        error=None,
    )


class Trainer:
    """Both networks, their optimisers, and how far they are."""

    def __init__(
        self, config: TrainConfig, crops: Crops, cpu: bool = False, initial: Generator | None = None
    ):
        self.config, self.crops = config, crops
        self.accelerator = Accelerator(cpu=cpu)
        self.device = self.accelerator.device
        torch.manual_seed(config.seed)
        generator, discriminator = Generator(config.generator), Discriminator(config.discriminator)
        generator.apply(objective.initialise)
        discriminator.apply(objective.initialise)
        if initial:
            generator.load_state_dict(initial.state_dict())
        elif config.pretrained:
            generator.encoder.load_imagenet()
        layout = {"device": self.device, "memory_format": torch.channels_last}
        self.generator, self.discriminator = generator.to(**layout), discriminator.to(**layout)
        betas = (config.beta1, config.beta2)
        self.generator_adam, self.discriminator_adam = (
            torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=betas)
            for network in (self.generator, self.discriminator)
        )
        self.average = AveragedModel(self.generator, use_buffers=True) if config.average else None
        self.step = 0
        self.best = -1.0
        self.steps_per_epoch = math.ceil(len(crops) / config.batch)
        self.total = self.steps_per_epoch * config.epochs

    @property
    def epoch(self) -> int:
        """Epochs begun, from 1."""
        return max(1, math.ceil(self.step / self.steps_per_epoch))

    @property
    def averaged(self) -> Generator:
        """The generator to validate and keep: the moving average where there is one."""
        return self.average.module if self.average else self.generator

    def steps(self):
        """Train to the end; yields the mean losses since the last yield every `LOG_EVERY` steps."""
        sums: dict[str, torch.Tensor] = {}
        since, began = 0, time.monotonic()
        for images, labels in self._loader():
            on_device = (tensor.to(self.device, non_blocking=True) for tensor in (images, labels))
            losses = self.take_step(*on_device)
            self.step += 1
            since += 1
            sums = {name: sums.get(name, 0) + value for name, value in losses.items()}
            if self.step % LOG_EVERY == 0 or self.step % self.steps_per_epoch == 0:
                means = {name: float(value) / since for name, value in sums.items()}
                seconds = time.monotonic() - began
                rate = self.learning_rate(self.step - 1)
                yield means | {"lr": rate, "images_per_second": since * self.config.batch / seconds}
                sums, since, began = {}, 0, time.monotonic()

    def take_step(self, images: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Update both networks once, from one forward of the generator.

        Args:
            images: ``(N, 3, S, S)`` float in [-1, 1].
            labels: ``(N, S, S)`` uint8 label maps.

        Returns:
            The losses, still on the device.
        """
        config = self.config
        torch.manual_seed(mix(config.seed + 2, self.step))  # dropout, the same after a resume
        for adam in (self.generator_adam, self.discriminator_adam):
            adam.param_groups[0]["lr"] = self.learning_rate(self.step)
        images = images.contiguous(memory_format=torch.channels_last)
        target = draw_targets(labels, config.border)
        target = target.contiguous(memory_format=torch.channels_last)
        losses = {}

        with self.autocast():
            raw = self.generator(images)
        output = objective.hide_ignored(self.generator.colours(raw), labels)

        losses["l1"] = objective.l1(output, target)
        generator_loss = config.l1_weight * losses["l1"]
        if config.cross_entropy:
            losses["cross_entropy"] = objective.cross_entropy(raw, labels)
            generator_loss = generator_loss + config.cross_entropy * losses["cross_entropy"]
        if config.dice:
            losses["dice"] = objective.dice(raw, labels)
            generator_loss = generator_loss + config.dice * losses["dice"]

        if config.objective == "pix2pix":
            with self.autocast():
                real_logits = self.discriminator(images, target)
                fake_logits = self.discriminator(images, output.detach())
            losses["discriminator"] = objective.discriminator_loss(real_logits, fake_logits)
            self.discriminator_adam.zero_grad()
            losses["discriminator"].backward()
            self.discriminator_adam.step()

            self.discriminator.requires_grad_(False)
            with self.autocast():
                logits = self.discriminator(images, output)
            losses["adversarial"] = objective.adversarial(logits, real=True)
            generator_loss = generator_loss + losses["adversarial"]
            self.discriminator.requires_grad_(True)

        self.generator_adam.zero_grad()
        generator_loss.backward()
        self.generator_adam.step()
        if self.average:
            self._move_average()
        losses["generator"] = generator_loss
        return {name: value.detach() for name, value in losses.items()}

    def learning_rate(self, step: int) -> float:
        """Warm up, stay constant, then run down to 0 in a line over the last share of the steps."""
        config = self.config
        warm = min(1.0, (step + 1) / (config.warmup + 1))
        left = (self.total - step) / (config.decay * self.total) if config.decay else 1.0
        return config.learning_rate * min(warm, left, 1.0)

    @torch.no_grad()
    def _move_average(self) -> None:
        """Move the averaged weights towards the current ones, fast at first, while these are still poor.

        AveragedModel.update_parameters would wait for the device, for a counter that is not needed here.
        """
        decay = min(self.config.average, (1 + self.step) / (10 + self.step)) if self.step else 0.0
        states = (self.average.module.state_dict().values(), self.generator.state_dict().values())
        pairs = list(zip(*states, strict=True))
        averaged, current = zip(*(pair for pair in pairs if pair[0].is_floating_point()), strict=True)
        torch._foreach_lerp_(averaged, current, 1 - decay)
        for counter, value in (pair for pair in pairs if not pair[0].is_floating_point()):
            counter.copy_(value)

    def finite(self) -> bool:
        """Whether all weights of both networks are finite numbers; waits for the device."""
        states = chain(self.generator.state_dict().values(), self.discriminator.state_dict().values())
        return bool(torch.stack([value.isfinite().all() for value in states]).all())

    def autocast(self):
        """The context in which networks run forward."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def state(self) -> dict:
        """Return all that a resume needs."""
        parts = self._parts()
        return {name: part.state_dict() for name, part in parts.items()} | {
            "step": self.step,
            "best": self.best,
        }

    def load_state(self, state: dict) -> None:
        """Go back to a state returned by `state`."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.step, self.best = state["step"], state["best"]

    def _parts(self) -> dict:
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_adam": self.generator_adam,
            "discriminator_adam": self.discriminator_adam,
        }
        return parts | ({"average": self.average} if self.average else {})

    def _loader(self) -> DataLoader:
        """The rest of the run's examples, from the current step on."""
        batch, seed = self.config.batch, self.config.seed
        return DataLoader(
            JitteredCrops(self.crops, Jitter(self.config.jitter), seed),
            batch_size=batch,
            sampler=Draws(len(self.crops), seed, self.step * batch, self.total * batch),
            num_workers=min(4, os.cpu_count() or 1),
            pin_memory=self.device.type == "cuda",
        )


def _checked(datasets: list[dict]) -> list[Path]:
    """Return the folders of the data sets, or say which has changed since the run began."""
    for dataset in datasets:
        found = describe(Path(dataset["folder"]))["digest"]
        if found != dataset["digest"]:
            raise InputError(
                f"{dataset['folder']}: the data set has changed since the run began (digest {found[:12]}, "
                f"expected {dataset['digest'][:12]}); build it again as it was, or start a new run."
            )
    return [Path(dataset["folder"]) for dataset in datasets]
