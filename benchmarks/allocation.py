"""Images a second of the training loop when the process keeps what it frees, and when it gives it back.

python benchmarks/allocation.py [--preset compact] [--rounds 3]

Each is measured in turn, in processes of their own: how memory is handled cannot be taken back.
"""

import argparse
import dataclasses
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

SIZE, WARM, MEASURED = 256, 3, 12.0  # px; steps before, and seconds of steps
HOW = ("given back", "kept")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--rounds", type=int, default=3, help="the median of so many is printed")
    parser.add_argument("--of", choices=HOW, help="measure it in this process")
    options = parser.parse_args()
    if options.of:
        print(rate(options.preset, options.of))
        return
    rates: dict[str, list[float]] = {how: [] for how in HOW}
    for _ in range(options.rounds):
        for how, found in rates.items():
            command = [sys.executable, __file__, "--preset", options.preset, "--of", how]
            found.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    medians = {how: statistics.median(found) for how, found in rates.items()}
    for how, median in medians.items():
        print(f"{how:<12}{median:>8.2f} images/s{median / medians[HOW[0]]:>8.2f} ×")


def rate(preset: str, how: str) -> float:
    """Return how many images a second the loop takes."""
    from pap_core.training.allocation import keep_freed

    if how == "kept":
        keep_freed()
    import pandas as pd
    import torch

    from pap_core.data.dataset import Crops
    from pap_core.training.config import PRESETS
    from pap_core.training.trainer import Trainer

    config = dataclasses.replace(PRESETS[preset], pretrained=False)
    images = torch.randint(0, 256, (64, 3, SIZE, SIZE), dtype=torch.uint8)
    labels = torch.randint(0, 3, (64, SIZE, SIZE), dtype=torch.uint8)
    crops = Crops(pd.DataFrame({"id": range(64), "mode": "window"}), images, labels)
    trainer = Trainer(config, crops, cpu=True)
    batch = images[: config.batch].float() / 127.5 - 1, labels[: config.batch]
    for _ in range(WARM):
        trainer.take_step(*batch)
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < MEASURED:
        trainer.take_step(*batch)
        steps += 1
    return steps * config.batch / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
