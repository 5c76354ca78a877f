"""What a run does at the end of an epoch: score the held-out crops, and draw some of them."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np
import torch
from accelerate import Accelerator

from pap_core.data.dataset import Crops
from pap_core.evaluation.metrics import compare, scores
from pap_core.labels import CLASSES
from pap_core.model.generator import ColourNetwork, to_pixels
from pap_core.model.targets import draw_targets
from pap_core.training.config import TrainConfig

_BATCH = 16
COUNTS = ("tp", "fp", "fn", "tn")


@torch.no_grad()
def generate(generator: ColourNetwork, images: torch.Tensor, autocast: Callable[[], AbstractContextManager]):
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


def validate(
    generator: ColourNetwork,
    crops: Crops,
    autocast: Callable[[], AbstractContextManager],
    accelerator: Accelerator | None = None,
    stop_asked: Callable[[], bool] = lambda: False,
) -> dict[str, float]:
    """Return the mean strict Jaccard of nucleus and of cytoplasm over the crops, and the mean of the two.

    A class of which the crops tell nothing, as cytoplasm in fields with nuclei alone, counts 0 and is left
    out of the mean.

    Several processes share the work; see `counts_of`. Nothing is returned where it was given up.
    """
    counts = counts_of(generator, crops, autocast, accelerator, stop_asked)
    # an empty crop without a false alarm is undefined; a side of nothing else scores 0
    jaccard = {name: _mean(scores(found)["jaccard"]) for name, found in counts.items()}
    if not jaccard:
        return {}
    told = [name for name, found in counts.items() if any(part.any() for part in found.values())]
    return jaccard | {"mean": float(np.mean([jaccard[name] for name in told])) if told else 0.0}


def counts_of(
    generator: ColourNetwork,
    crops: Crops,
    autocast: Callable[[], AbstractContextManager],
    accelerator: Accelerator | None = None,
    stop_asked: Callable[[], bool] = lambda: False,
) -> dict[str, dict[str, np.ndarray]]:
    """Count the strict hits and misses of each crop.

    Args:
        generator: on any device.
        crops: all of them, in every process.
        autocast: makes the context to run in.
        accelerator: of a run with several processes: each generates its own crops, no two the same.
        stop_asked: asked before each batch whether to give up, by all processes together.

    Returns:
        In every process the counts of all crops, see `pap_core.evaluation.metrics.compare`; nothing where it
        was given up.
    """
    process, processes = 0, 1
    if accelerator is not None:
        process, processes = accelerator.process_index, accelerator.num_processes
    counts = torch.zeros(len(CLASSES), len(COUNTS), len(crops), dtype=torch.int64)
    for first in range(0, len(crops), _BATCH * processes):  # as many batches in each process
        if stop_asked():
            return {}
        own = np.arange(first + process, min(first + _BATCH * processes, len(crops)), processes)
        if len(own):
            found = compare(
                generate(generator, crops.images[own], autocast), crops.labels[own].numpy(), "strict"
            )
            rows = [[found[name][count] for count in COUNTS] for name in CLASSES]
            counts[..., own] = torch.from_numpy(np.array(rows))
    if accelerator is not None and processes > 1:
        # where the others have their crops it holds zeros, so the sum has every crop once
        counts = accelerator.reduce(counts.to(accelerator.device), "sum").cpu()
    return {
        name: dict(zip(COUNTS, rows, strict=True)) for name, rows in zip(CLASSES, counts.numpy(), strict=True)
    }


def _mean(values: np.ndarray) -> float:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else 0.0


def samples(
    generator: ColourNetwork,
    crops: Crops,
    autocast: Callable[[], AbstractContextManager],
    config: TrainConfig,
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
