"""What a run will cost, before it is started: parameters, memory, arithmetic, its pace on this machine."""

import dataclasses
import resource
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from pap_core.data import places
from pap_core.data.described import describe
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.jobs.call import answer, call
from pap_core.masks import read_label
from pap_core.training.allocation import keep_freed
from pap_core.training.config import TrainConfig, from_dict, to_dict
from pap_core.training.planning import peak
from pap_core.training.planning.machine import CPU, devices
from pap_core.training.planning.states import States, states
from pap_core.training.precision import computed_in

_ENOUGH = 3.0  # s of steps that tell the pace
_PATIENCE = 180.0  # s, for a network whose one step takes a minute, too
_FREE = {  # what changes the result but neither memory nor pace, and what stands for it
    "epochs": 1,
    "seed": 0,
    "learning_rate": 1e-3,
    "beta1": 0.5,
    "beta2": 0.999,
    "warmup": 0,
    "decay": 0.0,
    "l1_weight": 1.0,
    "validation": 0.5,
    "samples": 1,
    "preset": "",
    "pretrained": False,
}


@dataclass(frozen=True)
class Costs:
    """What a step takes, counted and not measured."""

    states: States
    activations: int  # bytes that wait for the backward pass, when they are the most
    flops: float  # floating point operations of one step, for one crop

    @property
    def memory(self) -> int:
        """Bytes in all; what libraries work in comes on top."""
        return self.states.bytes + self.activations


@dataclass(frozen=True)
class Pace:
    """What a few steps took on this machine."""

    crops_per_second: float
    memory: int  # bytes of the process (CPU) or of the GPU, when they were the most
    device: str
    precision: str  # in which it was computed, "bf16" or "fp32"


def costs(config: TrainConfig, size: int = 256) -> Costs:
    """Count what a step takes, by going through one with tensors that have shapes and no content.

    Args:
        config: of the run.
        size: side of a crop, px.

    Raises:
        InputError: crops of that size do not go through the networks.
    """
    import torch
    from torch._subclasses.fake_tensor import FakeTensorMode

    from pap_core.model.discriminator import Discriminator
    from pap_core.model.networks import build
    from pap_core.training.planning.arithmetic import counter

    weights = states(config, size)
    with FakeTensorMode(allow_non_fake_inputs=True), torch.random.fork_rng(devices=[]):
        generator, discriminator = build(config.generator), Discriminator(config.discriminator)
        kept = _Kept([generator, discriminator])
        with counter() as counted:
            _step(config, generator, discriminator, kept, size)
    return Costs(weights, kept.most, counted.get_total_flops() / config.batch)


class _Kept:
    """Counts the bytes that autograd keeps, each storage once, weights left out."""

    def __init__(self, networks: Sequence):
        self.own = {one.untyped_storage()._cdata for net in networks for one in net.parameters()}
        self.tensors: list = []  # alive, so that no storage gets the address of another
        self.bytes: dict[int, int] = {}
        self.total = self.most = 0

    def pack(self, tensor):
        storage = tensor.untyped_storage()
        if storage._cdata not in self.own:
            self.tensors.append(tensor)
            if storage._cdata not in self.bytes:
                self.bytes[storage._cdata] = storage.nbytes()
                self.total += storage.nbytes()
                self.most = max(self.most, self.total)
        return tensor

    def forget_after(self, count: int) -> None:
        """Let go of what was kept after the first `count` tensors."""
        del self.tensors[count:]
        left = {one.untyped_storage()._cdata for one in self.tensors}
        self.bytes = {key: value for key, value in self.bytes.items() if key in left}
        self.total = sum(self.bytes.values())


def _step(config: TrainConfig, generator, discriminator, kept: _Kept, size: int) -> None:
    """Go through what a step of the trainer does: one forward of the generator, both updates."""
    import torch

    from pap_core.training.keeping import freeze_norms
    from pap_core.training.losses import Batch, Losses

    if config.frozen_norms:
        freeze_norms(generator)
    device = devices()[0].partition("-")[0]
    bf16 = computed_in(config.precision, device) == "bf16"

    def autocast():
        return torch.autocast("cpu", torch.bfloat16, enabled=bf16)

    losses = Losses(config, generator, discriminator, autocast)
    images = torch.zeros(config.batch, 3, size, size)
    labels = torch.zeros(config.batch, size, size, dtype=torch.uint8)
    batch = Batch.of(images, labels, config.border)
    with torch.autograd.graph.saved_tensors_hooks(kept.pack, lambda tensor: tensor):
        output = losses.forward(batch)
        if config.objective == "star":  # the geometry of its terms is none of torch's
            output.raw.square().mean().backward()
            return
        if config.objective == "pix2pix":
            of_generator = len(kept.tensors)
            losses.of_discriminator(batch, output).backward()
            kept.forget_after(of_generator)
        losses.of_generator(batch, output)["generator"].backward()


def comparable(config: TrainConfig) -> TrainConfig:
    """Return the configuration that stands for all of the same memory and pace."""
    weights = {name: float(bool(getattr(config, name))) for name in ("cross_entropy", "dice")}
    weights["average"] = 0.5 if config.average else 0.0
    changes: dict[str, Any] = _FREE | weights
    return dataclasses.replace(config, **changes)


def measure(config: TrainConfig, folders: Sequence[Path]) -> Pace:
    """Take a few steps of a run on this machine, in a process of its own, and tell their pace.

    Args:
        config: of the run.
        folders: data sets that hold its crops.

    Raises:
        InputError: a data set is gone, memory is short, or a few steps take longer than three minutes.
    """
    order = {"config": to_dict(comparable(config)), "folders": [str(one.resolve()) for one in folders]}
    return Pace(**call(__name__, order, _PATIENCE))


def _work(order: dict) -> dict:
    if devices()[0] == CPU:
        keep_freed()  # as the run will
    import torch

    from pap_core.data.dataset import JitteredCrops
    from pap_core.data.jitter import Jitter
    from pap_core.training.planning.timing import seconds
    from pap_core.training.trainer import Trainer

    config = from_dict(order["config"])
    crops = _some(Path(order["folders"][0]), max(16, 2 * config.batch))
    trainer = Trainer(config, crops)
    examples = JitteredCrops(crops, Jitter(config.jitter), config.seed)
    draws = count()

    def step() -> None:
        drawn = [examples[draw % len(crops), draw] for draw in islice(draws, config.batch)]
        images, labels = (torch.stack(part).to(trainer.device) for part in zip(*drawn, strict=True))
        trainer.take_step(images, labels)

    rate = config.batch / seconds(step, trainer.device, _ENOUGH)
    if trainer.device.type == "cuda":
        memory = torch.cuda.max_memory_allocated(trainer.device)
    else:
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    peak.keep(trainer.device, trainer.precision)
    return asdict(Pace(rate, memory, trainer.device.type, trainer.precision))


def _some(folder: Path, count: int):
    """Read some crops of a data set's training side."""
    import torch

    from pap_core.data.dataset import Crops
    from pap_core.data.manifest import cells

    mode = describe(folder).get("mode")
    table = cells(folder)
    table = table[table["split"] == "train"].head(count).assign(folder=str(folder), mode=mode)
    if table.empty:
        raise InputError(f"{folder}: no crop on the train side; build with another split or more cells.")
    images = [read_image(places.image(folder, name)) for name in table["id"]]
    labels = [read_label(places.label(folder, name)) for name in table["id"]]
    pixels = torch.stack([torch.from_numpy(one) for one in images]).permute(0, 3, 1, 2).contiguous()
    return Crops(table.reset_index(drop=True), pixels, torch.stack([torch.from_numpy(one) for one in labels]))


if __name__ == "__main__":
    answer(_work)
