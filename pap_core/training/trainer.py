"""The paper's algorithm: both networks, their optimisers, one update after the other."""

import math
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import cast

import torch
from accelerate import Accelerator
from accelerate.utils import DistributedDataParallelKwargs
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from pap_core.data.dataset import Crops, JitteredCrops
from pap_core.data.draws import Draws, Uniform, Weighted, mix
from pap_core.data.jitter import Jitter
from pap_core.jobs.signals import only_parent_ends
from pap_core.model import objective
from pap_core.model.discriminator import Discriminator
from pap_core.model.generator import ColourNetwork
from pap_core.model.networks import build
from pap_core.training import processes
from pap_core.training.accumulation import Accumulation, Values
from pap_core.training.config import TrainConfig
from pap_core.training.keeping import freeze_norms, mixed, update_ema
from pap_core.training.losses import Batch, Losses, Output
from pap_core.training.mean_losses import MeanLosses
from pap_core.training.precision import computed_in
from pap_core.training.share import share_out


class Trainer:
    """Both networks, their optimisers, and how far they are.

    The configuration's batch is the whole one of an update. Several processes share it evenly, and one that
    is short of memory takes its share in micro-batches, one after the other.
    """

    def __init__(
        self,
        config: TrainConfig,
        crops: Crops,
        cpu: bool = False,
        initial: ColourNetwork | None = None,
        weights: Mapping[str, float] | None = None,
    ):
        """
        Args:
            config: of the run.
            crops: to learn from.
            cpu: leave an accelerator alone.
            initial: where the generator's weights start.
            weights: by which the data sets, of the folders in the crops' table, share the draws of an epoch;
                None to draw all crops equally often.

        Raises:
            InputError: the batch cannot be shared evenly by the processes.
        """
        self.config, self.crops = config, crops
        self.order = (
            Weighted(crops.table["folder"].tolist(), weights, config.seed)
            if weights
            else Uniform(len(crops), config.seed)
        )
        kinds = DistributedDataParallelKwargs(broadcast_buffers=False)  # they are the same everywhere
        self.accelerator = Accelerator(cpu=cpu, kwargs_handlers=[kinds])
        self.device = self.accelerator.device
        self.precision = computed_in(config.precision, self.device.type)
        process, several = self.accelerator.process_index, self.accelerator.num_processes
        self.share = share_out(config.batch, process, several)
        self.accumulation = Accumulation(process, several)
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
        # the exponential moving average of the generator's weights
        self.ema = AveragedModel(self.generator, use_buffers=True) if config.average else None
        self.losses = Losses(config, self.generator, self.discriminator, self.autocast, self._synchronised)
        self._output: Output | None = None  # one forward of the generator, that serves both updates
        self.step = 0
        self.best = -1.0
        self.validated = True  # that the epoch which ended last is
        self.mean_losses = MeanLosses(self.accelerator)
        self.steps_per_epoch = math.ceil(len(crops) / config.batch)
        self.total = self.steps_per_epoch * config.epochs

    @property
    def epoch(self) -> int:
        """Epochs begun, from 1."""
        return max(1, math.ceil(self.step / self.steps_per_epoch))

    @property
    def averaged(self) -> ColourNetwork:
        """The generator to validate and keep: the moving average where there is one, mixed with the start."""
        found = cast(ColourNetwork, self.ema.module) if self.ema else self.generator
        return mixed(found, self._start, self.config.keep) if self.config.keep and self._start else found

    def steps(self, every: int) -> Iterator[dict[str, float] | None]:
        """Train to the end; after an epoch's last step `validated` is False, until the caller has done it.

        Yields:
            After each step None, or the mean losses since they were last told where `every` steps are done or
            an epoch ends: the only times that the processes wait for the device. First None where a resumed
            run has an epoch to validate.
        """
        if not self.validated:
            yield None
        self.mean_losses.start_clock()
        for images, labels in self._loader():
            on_device = (tensor.to(self.device, non_blocking=True) for tensor in (images, labels))
            self.mean_losses.add(self.take_step(*on_device))
            self.step += 1
            self.validated = self.step % self.steps_per_epoch != 0
            if self.step % every and self.validated:
                yield None
                continue
            means, pace = self.mean_losses.take()
            rate = self.learning_rate(self.step - 1)
            yield means | {"lr": rate, "images_per_second": pace * self.config.batch}
            self.mean_losses.start_clock()

    def take_step(self, images: torch.Tensor, labels: torch.Tensor) -> Values:
        """Update the discriminator, the generator, and the average of the generator's weights.

        Args:
            images: ``(N, 3, S, S)`` float in [-1, 1]: this process's share of the batch.
            labels: ``(N, S, S)`` uint8 label maps.

        Returns:
            The losses of the share, still on the device; the batch's are their mean over the processes.

        Raises:
            InputError: the memory is too small for the smallest micro-batch.
        """
        for adam in (self.generator_adam, self.discriminator_adam):
            adam.param_groups[0]["lr"] = self.learning_rate(self.step)
        if self.config.frozen_norms:  # each time, for a validation sets the mode again
            freeze_norms(self.generator)
        batch = Batch.of(images, labels, self.config.border)
        losses: Values = {}
        if self.config.objective == "pix2pix":
            losses |= self.discriminator_step(batch)
        losses |= self.generator_step(batch)
        if self.ema:
            update_ema(self.ema, self.generator, self.config.average, self.step)
        return losses

    def discriminator_step(self, batch: Batch) -> Values:
        """Update the discriminator to tell the target from what the generator makes."""

        def gradients(micro: Batch) -> Values:
            whole = micro.weight == 1
            with torch.set_grad_enabled(whole):  # or all micro-batches would be held for the generator's step
                output = self._forward(micro)
            loss = self.losses.of_discriminator(micro, output)
            loss.backward()
            self._output = output if whole else None
            return {"discriminator": loss}

        losses = self.accumulation.backward(self.discriminator_adam, batch, gradients, self.step)
        self.discriminator_adam.step()
        return losses

    def generator_step(self, batch: Batch) -> Values:
        """Update the generator to make the target, and against the discriminator as it is now."""
        if self.config.cross_entropy:
            batch = replace(batch, known=self.accelerator.reduce(batch.known, "mean"))

        def gradients(micro: Batch) -> Values:
            output, self._output = self._output or self._forward(micro), None
            losses = self.losses.of_generator(micro, output)
            losses["generator"].backward()
            return losses

        losses = self.accumulation.backward(self.generator_adam, batch, gradients, self.step)
        self.generator_adam.step()
        return losses

    def _forward(self, batch: Batch) -> Output:
        torch.manual_seed(mix(self.config.seed + 2, self.step))  # dropout, the same after a resume
        return self.losses.forward(batch)

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
        numbers = {name: getattr(self, name) for name in ("step", "best", "validated")}
        own = {name: one.state_dict() for name, one in self._stateful().items()}
        return own | numbers | {"mean_losses": self.mean_losses.state_dict()}

    def load_state(self, state: dict) -> None:
        """Go back to a state returned by `state`."""
        for name, one in self._stateful().items():
            one.load_state_dict(state[name])
        self.step, self.best = state["step"], state["best"]
        # not in states of before, which were written where all losses were told and all epochs validated
        self.validated = state.get("validated", True)
        if "mean_losses" in state:
            self.mean_losses.load_state_dict(state["mean_losses"])

    def _stateful(self) -> dict:
        found = {
            "generator": self.generator,
            "discriminator": self.discriminator,
            "generator_adam": self.generator_adam,
            "discriminator_adam": self.discriminator_adam,
        }
        return found | ({"average": self.ema} if self.ema else {})

    def _synchronised(self, network: torch.nn.Module) -> torch.nn.Module:
        """Wrap a network so that backward averages its gradients over several processes."""
        if self.accelerator.num_processes == 1:
            return network
        with warnings.catch_warnings():  # accelerate calls broadcast_buffers by its old name
            warnings.simplefilter("ignore", FutureWarning)
            return self.accelerator.prepare_model(network)

    def _loader(self) -> DataLoader:
        """The rest of this process's examples, from the current step on."""
        batch, seed = self.config.batch, self.config.seed
        first, last = self.step * batch, self.total * batch
        return DataLoader(
            JitteredCrops(self.crops, Jitter(self.config.jitter), seed),
            batch_size=len(self.share),
            sampler=Draws(self.order, first, last, batch, self.share),
            num_workers=min(4, max(1, (os.cpu_count() or 1) // processes.on_this_machine())),
            pin_memory=self.device.type == "cuda",
            worker_init_fn=only_parent_ends,
        )
