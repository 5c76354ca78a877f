"""The paper's algorithm: both networks, their optimisers, one update after the other."""

import math
import os
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from pap_core.data.dataset import Crops, Draws, JitteredCrops, mix
from pap_core.data.jitter import Jitter
from pap_core.jobs.signals import only_parent_ends
from pap_core.labels import IGNORE
from pap_core.model import memory, objective
from pap_core.model.discriminator import Discriminator
from pap_core.model.generator import ColourNetwork
from pap_core.model.networks import build
from pap_core.model.targets import draw_targets
from pap_core.training import processes
from pap_core.training.config import TrainConfig
from pap_core.training.keeping import freeze_norms, mixed, move_average
from pap_core.training.precision import computed_in
from pap_core.training.share import Part, Share, cross_entropy, parts_of, share_out

Losses = dict[str, torch.Tensor]


class Trainer:
    """Both networks, their optimisers, and how far they are.

    The configuration's batch is the whole one of an update. Several processes share it evenly, and one that
    is short of memory takes its share in parts, one after the other.
    """

    def __init__(
        self, config: TrainConfig, crops: Crops, cpu: bool = False, initial: ColourNetwork | None = None
    ):
        """
        Raises:
            InputError: the batch cannot be shared evenly by the processes.
        """
        self.config, self.crops = config, crops
        kinds = DistributedDataParallelKwargs(broadcast_buffers=False)  # they are the same everywhere
        self.accelerator = Accelerator(cpu=cpu, kwargs_handlers=[kinds])
        self.device = self.accelerator.device
        self.precision = computed_in(config.precision, self.device.type)
        process, several = self.accelerator.process_index, self.accelerator.num_processes
        self.share = share_out(config.batch, process, several)
        self.parts = 1  # in which this process takes its share
        self.notes: list[str] = []  # what people should hear of, not yet told
        torch.manual_seed(config.seed)
        generator, discriminator = build(config.generator), Discriminator(config.discriminator)
        generator.initialise()
        discriminator.apply(objective.initialise)
        self._start = initial
        if initial:
            generator.load_state_dict(initial.state_dict())
        elif config.pretrained:
            generator.load_imagenet()
        layout = {"device": self.device, "memory_format": torch.channels_last}
        self.generator, self.discriminator = generator.to(**layout), discriminator.to(**layout)
        betas = (config.beta1, config.beta2)
        self.generator_adam, self.discriminator_adam = (
            torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=betas)
            for network in (self.generator, self.discriminator)
        )
        self.average = AveragedModel(self.generator, use_buffers=True) if config.average else None
        # around the networks, where several processes are to have the same gradients
        self._shared: dict[str, torch.nn.Module] = {}
        if several > 1:
            with warnings.catch_warnings():  # accelerate calls broadcast_buffers by its old name
                warnings.simplefilter("ignore", FutureWarning)
                for name in ("generator", "discriminator"):
                    self._shared[name] = self.accelerator.prepare_model(getattr(self, name))
        self._said: tuple[torch.Tensor, torch.Tensor] | None = None  # by the generator, to be learnt from
        self.step = 0
        self.best = -1.0
        self.steps_per_epoch = math.ceil(len(crops) / config.batch)
        self.total = self.steps_per_epoch * config.epochs

    @property
    def epoch(self) -> int:
        """Epochs begun, from 1."""
        return max(1, math.ceil(self.step / self.steps_per_epoch))

    @property
    def averaged(self) -> ColourNetwork:
        """The generator to validate and keep: the moving average where there is one, mixed with the start."""
        found = self.average.module if self.average else self.generator
        return mixed(found, self._start, self.config.keep) if self.config.keep and self._start else found

    def steps(self, every: int) -> Iterator[dict[str, float]]:
        """Train to the end; yields the mean losses since the last yield after `every` steps and each epoch.

        These are the only times that the processes wait for the device.
        """
        sums: Losses = {}
        since, began = 0, time.monotonic()
        for images, labels in self._loader():
            on_device = (tensor.to(self.device, non_blocking=True) for tensor in (images, labels))
            losses = self.take_step(*on_device)
            self.step += 1
            since += 1
            sums = {name: sums.get(name, 0) + value for name, value in losses.items()}
            if self.step % every == 0 or self.step % self.steps_per_epoch == 0:
                everywhere = self.accelerator.reduce(torch.stack(list(sums.values())), "mean").tolist()
                means = {name: value / since for name, value in zip(sums, everywhere, strict=True)}
                seconds = time.monotonic() - began
                rate = self.learning_rate(self.step - 1)
                yield means | {"lr": rate, "images_per_second": since * self.config.batch / seconds}
                sums, since, began = {}, 0, time.monotonic()

    def take_step(self, images: torch.Tensor, labels: torch.Tensor) -> Losses:
        """Update both networks once, from one forward of the generator where memory allows.

        Args:
            images: ``(N, 3, S, S)`` float in [-1, 1]: this process's share of the batch.
            labels: ``(N, S, S)`` uint8 label maps.

        Returns:
            The losses of the share, still on the device; the batch's are their mean over the processes.

        Raises:
            InputError: the memory is too small for the smallest part.
        """
        for adam in (self.generator_adam, self.discriminator_adam):
            adam.param_groups[0]["lr"] = self.learning_rate(self.step)
        if self.config.frozen_norms:  # each time, for a validation sets the mode again
            freeze_norms(self.generator)
        images = images.contiguous(memory_format=torch.channels_last)
        target = draw_targets(labels, self.config.border)
        target = target.contiguous(memory_format=torch.channels_last)
        losses = {}
        if self.config.objective == "pix2pix":
            losses |= self._within_memory(self._judge, images, labels, target)
            self.discriminator_adam.step()
        losses |= self._within_memory(self._improve, images, labels, target)
        self.generator_adam.step()
        if self.average:
            move_average(self.average, self.generator, self.config.average, self.step)
        return losses

    def _judge(self, images: torch.Tensor, labels: torch.Tensor, target: torch.Tensor) -> Losses:
        """Gather the discriminator's gradients, and keep what the generator said if it was all at once."""
        losses: Losses = defaultdict(float)
        network = self._shared.get("discriminator", self.discriminator)
        self.discriminator_adam.zero_grad()
        for part in self._parts(images):
            image, label, truth = (tensor[part.rows] for tensor in (images, labels, target))
            if part.parts == 1:
                _, output = self._said = self._say(part, image, label)
            else:  # what it takes to learn from it would be held for all parts at once
                with torch.no_grad():
                    _, output = self._say(part, image, label, remember=False)
            with self._gradients(network, part):
                with self.autocast():  # around both: the weights are cast once
                    real, fake = (
                        self._run(network, part, image, colours) for colours in (truth, output.detach())
                    )
                loss = part.weight * objective.discriminator_loss(real, fake)
                loss.backward()
            losses["discriminator"] += loss.detach()
        return losses

    def _improve(self, images: torch.Tensor, labels: torch.Tensor, target: torch.Tensor) -> Losses:
        """Gather the generator's gradients, against the discriminator as it is now."""
        config = self.config
        losses: Losses = defaultdict(float)
        if config.cross_entropy:
            pixels = self.accelerator.reduce((labels != IGNORE).sum().float(), "mean")
        self.generator_adam.zero_grad()
        said, self._said = self._said, None
        for part in self._parts(images):
            image, label, truth = (tensor[part.rows] for tensor in (images, labels, target))
            with self._gradients(self._shared.get("generator", self.generator), part):
                raw, output = said or self._say(part, image, label)
                terms = {}
                if config.objective == "star":
                    own = self.generator.terms(raw, label)
                    terms = {name: (1.0, part.weight * term) for name, term in own.items()}
                elif config.l1_weight:
                    terms["l1"] = config.l1_weight, part.weight * objective.l1(output, truth)
                if config.cross_entropy:
                    term = cross_entropy(raw, label, pixels)
                    terms["cross_entropy"] = config.cross_entropy, term
                if config.dice:
                    terms["dice"] = config.dice, part.weight * objective.dice(raw, label)
                if config.objective == "pix2pix":
                    self.discriminator.requires_grad_(False)
                    logits = self._run(self.discriminator, part, image, output)
                    self.discriminator.requires_grad_(True)
                    terms["adversarial"] = 1.0, part.weight * objective.adversarial(logits, real=True)
                loss = sum(weight * term for weight, term in terms.values())
                loss.backward()
            for name, (_, term) in terms.items():
                losses[name] += term.detach()
            losses["generator"] += loss.detach()
        return losses

    def _say(
        self, part: Part, image: torch.Tensor, label: torch.Tensor, remember: bool = True
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the generator; returns what its last layer says, and the colours where the class is known."""
        torch.manual_seed(mix(self.config.seed + 2, self.step))  # dropout, the same after a resume
        network = self._shared.get("generator", self.generator) if remember else self.generator
        raw = self._run(network, part, image, remember=remember)
        if self.config.objective == "star":  # whose colours are drawn, and nothing is learnt from them
            return raw, raw
        return raw, objective.hide_ignored(self.generator.colours(raw), label)

    def _run(self, network: torch.nn.Module, part: Part, *inputs: torch.Tensor, remember: bool = True):
        with self.autocast(), nullcontext() if part.whole else Share(part, remember):
            return network(*inputs)

    def _parts(self, images: torch.Tensor) -> list[Part]:
        several = self.accelerator.num_processes
        return parts_of(len(images), self.parts, self.accelerator.process_index, several)

    def _gradients(self, network: torch.nn.Module, part: Part) -> AbstractContextManager:
        """The context of forward and backward: processes add up their gradients with the last part."""
        return nullcontext() if part.last else self.accelerator.no_sync(network)

    def _within_memory(self, gather: Callable[..., Losses], *batch: torch.Tensor) -> Losses:
        """Gather gradients, in more and smaller parts until the memory is enough for one."""
        examples, before = len(batch[0]), self.parts
        while True:
            try:
                losses = gather(*batch)
                break
            except (RuntimeError, MemoryError) as error:
                if not memory.is_short(error):
                    raise
            # only here is all let go that the failed attempt held
            self._said = None
            memory.release()
            self.parts = memory.smaller_parts(examples, self.parts, self.accelerator.num_processes)
        if self.parts != before:
            self.notes.append(
                f"Out of memory at step {self.step + 1}: its {examples} crops are taken in {self.parts} "
                "parts from now on, one after the other; batch norm takes its means over a part."
            )
        return losses

    def learning_rate(self, step: int) -> float:
        """Warm up, stay constant, then run down to 0 in a line over the last share of the steps."""
        config = self.config
        warm = min(1.0, (step + 1) / (config.warmup + 1))
        left = (self.total - step) / (config.decay * self.total) if config.decay else 1.0
        return config.learning_rate * min(warm, left, 1.0)

    def finite(self) -> bool:
        """Whether all weights of both networks are finite numbers; waits for the device."""
        states = chain(self.generator.state_dict().values(), self.discriminator.state_dict().values())
        return bool(torch.stack([value.isfinite().all() for value in states]).all())

    def autocast(self):
        """The context in which networks run forward."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")

    def state(self) -> dict:
        """Return all that a resume needs."""
        parts = self._stateful()
        return {name: part.state_dict() for name, part in parts.items()} | {
            "step": self.step,
            "best": self.best,
        }

    def load_state(self, state: dict) -> None:
        """Go back to a state returned by `state`."""
        for name, part in self._stateful().items():
            part.load_state_dict(state[name])
        self.step, self.best = state["step"], state["best"]

    def _stateful(self) -> dict:
        parts = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_adam": self.generator_adam,
            "discriminator_adam": self.discriminator_adam,
        }
        return parts | ({"average": self.average} if self.average else {})

    def _loader(self) -> DataLoader:
        """The rest of this process's examples, from the current step on."""
        batch, seed = self.config.batch, self.config.seed
        first, last = self.step * batch, self.total * batch
        return DataLoader(
            JitteredCrops(self.crops, Jitter(self.config.jitter), seed),
            batch_size=len(self.share),
            sampler=Draws(len(self.crops), seed, first, last, batch, self.share),
            num_workers=min(4, max(1, (os.cpu_count() or 1) // processes.on_this_machine())),
            pin_memory=self.device.type == "cuda",
            worker_init_fn=only_parent_ends,
        )
