"""Images a second of the training loop in each setting, against a plain step on the same networks.

    python benchmarks/training.py --preset isola

The plain step is the textbook one: fp32, one image at a time, the generator run once for each update, the
losses fetched after each step. With the networks of the preset "isola" (8 levels, 4 × 4 kernels, a 70 × 70
PatchGAN) it has the settings of the widely used PyTorch implementation of pix2pix. All steps are measured in
turn in one process, jitter and loading left out; these are measured alone, and so are several processes. The
share of the machine's peak compares the step's arithmetic with what a large matrix product reaches here, in
bf16 or, on a processor that is slow at it, in fp32.
"""

import argparse
import dataclasses
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.data.dataset import Crops
from pap_core.model import objective
from pap_core.model.targets import draw_targets
from pap_core.training import processes
from pap_core.training.config import PRESETS, TrainConfig
from pap_core.training.planning import peak
from pap_core.training.planning.arithmetic import counter
from pap_core.training.precision import computed_in
from pap_core.training.trainer import Trainer

SIZE = 256
WIDTH = 40  # of the table's first column
PAPER = 2792 * 200  # crops of the paper's whole run
Step = Callable[[], object]


def main() -> None:
    options = _options()
    preset = dataclasses.replace(PRESETS[options.preset], pretrained=False)
    if processes.count() > 1:
        _tell_rate(preset, options)
        return
    plain = _trainer(dataclasses.replace(preset, average=0.0, precision="fp32"), 1, options.cpu)
    device = plain.device
    name = "cpu" if device.type == "cpu" else torch.cuda.get_device_name()
    print(f"preset {options.preset}, {name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    flops = _flops(plain)
    precision = computed_in(preset.precision, device.type)
    most = peak.product(device, precision)
    print(f"{flops / 1e9:.0f} GFLOP an image a step; {precision} matrix product {most / 1e12:.2f} TFLOP/s\n")
    print(f"{'step':<{WIDTH}}{'images/s':>10}{'of plain':>10}{'of peak':>10}")

    rates = _rates(preset, plain, options)
    first = next(iter(rates.values()))

    def row(name: str, rate: float) -> None:
        print(f"{name:<{WIDTH}}{rate:>10.2f}{rate / first:>9.2f}×{rate * flops / most:>10.1%}", flush=True)

    for name, rate in rates.items():
        row(name, rate)
    best = max(rates, key=rates.get)
    for count in options.processes:
        batch = max(options.batches)
        if batch % count == 0:
            row(f"{count} processes, {precision}, batch {batch}", _rate_of(count, batch, options))
    loaded = _loading(preset, max(options.batches), options.cpu)
    print(f"{'loading and jitter alone':<{WIDTH}}{loaded:>10.2f}", flush=True)
    print(f"\nbest step: {best}, {rates[best] / first:.2f} × the plain one; loading alone is")
    print(f"{loaded / rates[best]:.0f} × faster than it.")
    if options.preset == "paper":
        print(
            f"The paper's whole run, {PAPER:,} crops, takes {PAPER / rates[best] / 60:,.1f} minutes at that."
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=list(PRESETS), default="paper")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--precisions", choices=["bf16", "fp32"], nargs="+", default=["bf16", "fp32"])
    parser.add_argument(
        "--compile",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also the largest batch by torch.compile, which takes minutes to begin",
    )
    parser.add_argument(
        "--processes", type=int, nargs="*", default=[2], help="also the largest batch shared by 2 or more"
    )
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is printed")
    parser.add_argument("--cpu", action="store_true", help="leave a GPU alone")
    return parser.parse_args()


def _rates(preset: TrainConfig, plain: Trainer, options: argparse.Namespace) -> dict[str, float]:
    """Measure the steps of one process in turn."""
    steps: dict[str, tuple[Step, int]] = {"plain, fp32, batch 1": (_plain_step(plain), 1)}
    largest = max(options.batches)
    trainer = _trainer(preset, largest, options.cpu)
    for precision, batch in itertools.product(options.precisions, options.batches):
        steps[f"loop, {precision}, batch {batch}"] = _loop_step(trainer, batch, precision), batch
    if options.compile:
        compiled = _trainer(preset, largest, options.cpu)
        compiled.generator.compile()
        compiled.discriminator.compile()
        step = _loop_step(compiled, largest, compiled.precision)
        steps[f"loop, {compiled.precision}, batch {largest}, compiled"] = step, largest
    found: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(options.rounds):
        for name, (step, batch) in steps.items():
            found[name].append(batch / _seconds(step, plain.device))
    return {name: statistics.median(rates) for name, rates in found.items()}


def _trainer(config: TrainConfig, batch: int, cpu: bool) -> Trainer:
    return Trainer(dataclasses.replace(config, batch=batch), _crops(max(batch, 64)), cpu)


def _crops(count: int) -> Crops:
    images = torch.randint(0, 256, (count, 3, SIZE, SIZE), dtype=torch.uint8)
    labels = torch.randint(0, 3, (count, SIZE, SIZE), dtype=torch.uint8)
    return Crops(pd.DataFrame({"id": range(count), "mode": "window"}), images, labels)


def _batch(trainer: Trainer, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    images = trainer.crops.images[:count].float() / 127.5 - 1
    return images.to(trainer.device), trainer.crops.labels[:count].to(trainer.device)


def _loop_step(trainer: Trainer, count: int, precision: str) -> Step:
    images, labels = _batch(trainer, count)

    def step() -> None:
        trainer.precision = precision
        trainer.take_step(images, labels)

    return step


def _plain_step(trainer: Trainer) -> Step:
    """The step as one would write it first, on the same networks and optimisers."""
    generator, discriminator, config = trainer.generator, trainer.discriminator, trainer.config
    generator.to(memory_format=torch.contiguous_format)
    discriminator.to(memory_format=torch.contiguous_format)
    images, labels = _batch(trainer, 1)
    target = draw_targets(labels, config.border)

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


def _loading(preset: TrainConfig, batch: int, cpu: bool, least: float = 3.0) -> float:
    """Measure how many jittered examples a second the run's own loader hands over."""
    trainer = _trainer(dataclasses.replace(preset, epochs=10**6), batch, cpu)
    batches = iter(trainer._loader())
    for _ in range(4):  # the workers have begun
        next(batches)
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < least:
        count += len(next(batches)[0])
    return count / (time.perf_counter() - began)


def _rate_of(count: int, batch: int, options: argparse.Namespace) -> float:
    """Measure the loop's step in several processes, which share the cores or have a GPU each."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    command = [__file__, "--preset", options.preset, "--batches", str(batch)]
    done = subprocess.run(
        [*launcher, *command, *(["--cpu"] if options.cpu else [])], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _tell_rate(preset: TrainConfig, options: argparse.Namespace) -> None:
    torch.set_num_threads(max(1, torch.multiprocessing.cpu_count() // processes.on_this_machine()))
    (batch,) = options.batches
    trainer = _trainer(preset, batch, options.cpu)
    images, labels = _batch(trainer, len(trainer.share))
    for trainer.step in range(2):
        trainer.take_step(images, labels)
    steps = 5  # as many in each process, or they would wait for one another
    _wait(trainer.device)
    began = time.perf_counter()
    for _ in range(steps):
        trainer.take_step(images, labels)
    _wait(trainer.device)
    seconds = time.perf_counter() - began
    if processes.is_main():
        print(json.dumps(steps * batch / seconds))


def _flops(trainer: Trainer) -> float:
    """Count the arithmetic of one step of the loop on one image."""
    with counter() as counted:
        _loop_step(trainer, 1, "fp32")()
    return counted.get_total_flops()


def _seconds(step: Step, device: torch.device, least: float = 0.5) -> float:
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
