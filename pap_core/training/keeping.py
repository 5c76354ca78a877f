"""Which weights of a run are kept: their moving average, and of a fine-tuned one what it knew before."""

import copy
from collections.abc import Iterator

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from pap_core.model.generator import ColourNetwork

# settings to mend a trained generator with a few corrections, so that it forgets little of what else it knew:
# the statistics of batch norm stay, and half of the way that the weights went is gone back (Wortsman et al.,
# Robust fine-tuning of zero-shot models, CVPR 2022), where the new is learnt and the old hardly lost
FINE_TUNING = {
    "epochs": 8,
    "learning_rate": 1e-4,
    "warmup": 20,
    "decay": 1.0,
    "frozen_norms": True,
    "keep": 0.5,
    "jitter.zoom": (0.7, 1.4),
    "jitter.shift": 0.12,
    "jitter.colour": 0.6,
    "jitter.blur": 1.5,
    "jitter.noise": 6.0,
}


def freeze_norms(generator: ColourNetwork) -> None:
    """Have batch norm use the statistics it has, until the generator's mode is set again."""
    for module in generator.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()


@torch.no_grad()
def mixed(generator: ColourNetwork, start: ColourNetwork, keep: float) -> ColourNetwork:
    """Return a generator with weights between those of two.

    Args:
        generator: as it was trained; not changed.
        start: what that began from.
        keep: share of the start's weights, 0 to 1.
    """
    found = copy.deepcopy(generator)
    for value, before in _floating(found, start):
        value.lerp_(before.to(value), keep)
    return found


@torch.no_grad()
def update_ema(ema: AveragedModel, generator: ColourNetwork, decay: float, step: int) -> None:
    """Move the exponential moving average towards the current weights, fast at first, while these are poor.

    AveragedModel.update_parameters would wait for the device, for a counter that is not needed here.

    Args:
        ema: of the generator's weights and buffers.
        generator: as it is now.
        decay: how much of the average stays.
        step: how many came before this one.
    """
    decay = min(decay, (1 + step) / (10 + step)) if step else 0.0
    averaged, current = zip(*_floating(ema.module, generator), strict=True)
    torch._foreach_lerp_(averaged, current, 1 - decay)
    states = zip(ema.module.state_dict().values(), generator.state_dict().values(), strict=True)
    for counter, value in (pair for pair in states if not pair[0].is_floating_point()):
        counter.copy_(value)


def _floating(first: nn.Module, second: nn.Module) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return (pair for pair in pairs if pair[0].is_floating_point())
