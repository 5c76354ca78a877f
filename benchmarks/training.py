"""Images a second of the training loop against a plain step, same network, same process, in turn.

    python benchmarks/training.py --preset paper

The plain step is the textbook one: fp32, one image at a time, the generator run once for each update, the
loss fetched after each step. The share of the machine's peak compares the loop's arithmetic with what a
large bf16 matrix product reaches here. Jitter and data loading are left out of both.
"""

import argparse
import dataclasses
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.data.dataset import Crops
from pap_core.labels import draw_targets
from pap_core.model import objective
from pap_core.training.config import PRESETS
from pap_core.training.loop import Trainer

SIZE = 256
PRODUCT = 4096  # side of the matrices whose product gives the peak


def main() -> None:
    options = _options()
    preset = PRESETS[options.preset]
    device = "cpu" if options.cpu or not torch.cuda.is_available() else torch.cuda.get_device_name()
    print(f"preset {options.preset}, {device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    trainers = {batch: _trainer(preset, batch, options.cpu) for batch in options.batches}
    plain = _trainer(dataclasses.replace(preset, precision="fp32", average=0.0), 1, options.cpu)

    flops = _flops(plain)
    peak = _peak(plain.device)
    print(f"{flops / 1e9:.0f} GFLOP an image a step; matrix product in bf16 {peak / 1e12:.2f} TFLOP/s\n")
    print(f"{'step':<24}{'images/s':>10}{'of plain':>10}{'of peak':>10}")

    steps: dict[str, tuple[Callable[[], None], int]] = {"plain, fp32, batch 1": (_plain_step(plain), 1)}
    for batch, trainer in trainers.items():
        steps[f"loop, {preset.precision}, batch {batch}"] = (_loop_step(trainer), batch)
    rates: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, (step, batch) in steps.items():
            rates[name].append(batch / _seconds(step, plain.device))
    first = statistics.median(next(iter(rates.values())))
    for name, found in rates.items():
        rate = statistics.median(found)
        print(f"{name:<24}{rate:>10.2f}{rate / first:>9.2f}×{rate * flops / peak:>10.0%}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=list(PRESETS), default="paper")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is printed")
    parser.add_argument("--cpu", action="store_true", help="leave a GPU alone")
    return parser.parse_args()


def _trainer(preset, batch: int, cpu: bool) -> Trainer:
    images = torch.randint(0, 256, (batch, 3, SIZE, SIZE), dtype=torch.uint8)
    labels = torch.randint(0, 3, (batch, SIZE, SIZE), dtype=torch.uint8)
    config = dataclasses.replace(preset, batch=batch, pretrained=False)
    return Trainer(config, Crops(pd.DataFrame({"id": range(batch)}), images, labels), cpu)


def _loop_step(trainer: Trainer) -> Callable[[], None]:
    images = (trainer.crops.images.float() / 127.5 - 1).to(trainer.device)
    labels = trainer.crops.labels.to(trainer.device)

    def step() -> None:
        trainer.take_step(images, labels)

    return step


def _plain_step(trainer: Trainer) -> Callable[[], None]:
    """The step as one would write it first, on the same networks and optimisers."""
    generator, discriminator, config = trainer.generator, trainer.discriminator, trainer.config
    generator.to(memory_format=torch.contiguous_format)
    discriminator.to(memory_format=torch.contiguous_format)
    images = (trainer.crops.images.float() / 127.5 - 1).to(trainer.device)
    target = draw_targets(trainer.crops.labels, config.border).to(trainer.device)

    def step() -> None:
        trainer.discriminator_adam.zero_grad()
        fake = generator.generate(images).detach()
        loss = objective.discriminator_loss(discriminator(images, target), discriminator(images, fake))
        loss.backward()
        trainer.discriminator_adam.step()

        trainer.generator_adam.zero_grad()
        output = generator.generate(images)
        adversarial = objective.adversarial(discriminator(images, output), real=True)
        loss = adversarial + config.l1_weight * objective.l1(output, target)
        loss.backward()
        trainer.generator_adam.step()
        loss.item()

    return step


def _flops(trainer: Trainer) -> float:
    """Count the arithmetic of one step of the loop on one image."""
    with FlopCounterMode(display=False) as counter:
        _loop_step(trainer)()
    return counter.get_total_flops()


def _peak(device: torch.device) -> float:
    """Measure the best of several large bf16 matrix products, in FLOP/s."""
    left, right = (torch.randn(PRODUCT, PRODUCT, device=device, dtype=torch.bfloat16) for _ in range(2))
    return 2 * PRODUCT**3 / min(_seconds(lambda: left @ right, device) for _ in range(5))


def _seconds(step: Callable[[], object], device: torch.device, least: float = 0.5) -> float:
    """Time a step, the mean of as many as fill `least` seconds, after one that does not count."""
    step()
    _wait(device)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < least:
        step()
        count += 1
        if count % 10 == 0:
            _wait(device)  # else a GPU's queue would fill with steps that nobody timed
    _wait(device)
    return (time.perf_counter() - began) / count


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


if __name__ == "__main__":
    main()
