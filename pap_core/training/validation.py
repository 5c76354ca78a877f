"""What a run does at the end of an epoch: score the held-out crops, and draw some of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import torch

from pap_core.data.dataset import Crops
from pap_core.labels import draw_targets
from pap_core.metrics import compare, scores
from pap_core.model.generator import Generator, to_pixels
from pap_core.training.config import TrainConfig

_BATCH = 16


@torch.no_grad()
def generate(generator: Generator, images: torch.Tensor, autocast: Callable[[], AbstractContextManager]):
    """Generate colour maps in eval mode, then put the generator back into the mode it was in.

    Args:
        generator: on any device.
        images: ``(N, 3, S, S)`` uint8.
        autocast: makes the context to run in.

    Returns:
        ``(N, S, S, 3)`` uint8.
    """
    device = next(generator.parameters()).device
    was_training = generator.training
    generator.eval()
    colours = []
    for batch in images.split(_BATCH):
        pixels = batch.to(device).float() / 127.5 - 1
        with autocast():
            raw = generator(pixels.contiguous(memory_format=torch.channels_last))
        colours.append(to_pixels(generator.colours(raw)))
    generator.train(was_training)
    return np.concatenate(colours)


def validate(generator: Generator, crops: Crops, autocast: Callable[[], AbstractContextManager]) -> dict:
    """Return the mean strict Jaccard of nucleus and of cytoplasm over the crops, and the mean of the two."""
    counts = compare(generate(generator, crops.images, autocast), crops.labels.numpy(), "strict")
    # an empty crop without a false alarm is undefined; a side of nothing else scores 0
    jaccard = {name: _mean(scores(found)["jaccard"]) for name, found in counts.items()}
    return jaccard | {"mean": float(np.mean(list(jaccard.values())))}


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else 0.0


def samples(
    generator: Generator, crops: Crops, autocast: Callable[[], AbstractContextManager], config: TrainConfig
) -> np.ndarray:
    """Draw rows of input, target and output for some crops, spread over the held-out ones.

    Returns:
        ``(rows × S, 3 × S, 3)`` uint8.
    """
    chosen = torch.linspace(0, len(crops) - 1, min(config.samples, len(crops))).long()
    images, labels = crops.images[chosen], crops.labels[chosen]
    columns = [
        images.permute(0, 2, 3, 1).numpy(),
        to_pixels(draw_targets(labels, config.border)),
        generate(generator, images, autocast),
    ]
    return np.concatenate(np.concatenate(columns, axis=2), axis=0)
