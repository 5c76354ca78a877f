"""Milliseconds a crop and seconds a smear of 2048 × 1536, with the checkpoint in use, after loading.

python benchmarks/inference.py
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.data.phantom.smear import smear
from pap_core.inference.scale import choose
from pap_core.inference.segmenter import Segmenter, fit_scale
from pap_core.model.catalogue import default, resolve
from pap_core.model.checkpoint import read


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint", help="folder, run, or name; default: the one in use")
    parser.add_argument("--device", help="default: a GPU where there is one")
    parser.add_argument("--rounds", type=int, default=5, help="the median of so many is printed")
    options = parser.parse_args()
    began = time.perf_counter()
    folder = resolve(options.checkpoint) if options.checkpoint else default()
    segmenter = Segmenter(read(folder), options.device)
    print(f"{folder.name}, {segmenter.device}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"loading             {time.perf_counter() - began:8.2f} s")

    whole = smear("Metaplastic", 0).image
    crop = whole[400:650, 600:850]
    timed = {
        "crop": (lambda: segmenter.segment(crop, "crop", fit_scale(crop)), 1000, "ms"),
        "crop, kind chosen": (lambda: segmenter.segment(crop, *choose(segmenter, crop)), 1000, "ms"),
        "smear at scale 1": (lambda: segmenter.segment(whole, "smear", 1.0), 1, "s"),
        "smear, scale chosen": (lambda: segmenter.segment(whole, *choose(segmenter, whole)), 1, "s"),
    }
    for name, (task, factor, unit) in timed.items():
        print(f"{name:<20}{factor * _median(task, options.rounds):8.2f} {unit}")


def _median(task: Callable[[], object], rounds: int) -> float:
    task()
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


if __name__ == "__main__":
    main()
