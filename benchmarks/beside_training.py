"""What a prediction takes while a run trains on the same cores, as a page starts it and with equal rights.

python benchmarks/beside_training.py
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core import background
from pap_core.data import phantom
from pap_core.data.build import BuildOptions, build
from pap_core.inference import Segmenter, fit_scale
from pap_core.model.catalogue import default
from pap_core.model.checkpoint import read
from pap_core.training import process
from pap_core.training.config import PRESETS
from pap_core.training.run import Run, new_folder


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=PRESETS, default="compact", help="what is trained beside")
    parser.add_argument("--rounds", type=int, default=3, help="of alone, equal, and as a page starts it")
    options = parser.parse_args()
    segmenter = Segmenter(read(default()), "cpu")
    print(f"{default().name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    nice = background.NICE
    with tempfile.TemporaryDirectory() as space:
        os.environ["PAP_WORKSPACE"] = space
        smears, data = Path(space, "smears"), Path(space, "datasets", "phantoms")
        phantom.write(smears, 10)
        build(smears, data, BuildOptions())
        for _ in range(options.rounds):
            _tell("alone", segmenter)
            for name, niceness in (("beside a run, equal rights", 0), ("beside a run of a page", nice)):
                background.NICE = niceness
                with _training(data, options.preset):
                    _tell(name, segmenter)


@contextmanager
def _training(data: Path, preset: str) -> Iterator[None]:
    run = Run.create(new_folder(preset), PRESETS[preset], [data])
    process.start(run)
    while process.status(run).step < 5:
        if process.state(run) not in process.LIVE:
            sys.exit(f"the run ended: {process.status(run).error}")
        time.sleep(0.5)
    try:
        yield
    finally:
        process.stop(run)
        while process.state(run) in process.LIVE:
            time.sleep(0.1)


def _tell(name: str, segmenter: Segmenter) -> None:
    smear = phantom.smear("Metaplastic", 0).image
    crop = smear[400:650, 600:850]
    crops = [_seconds(segmenter, crop, "crop", fit_scale(crop)) for _ in range(20)]
    whole = _seconds(segmenter, smear, "smear", 1.0)
    print(f"{name:<28}crop {1000 * statistics.median(crops):6.0f} ms   smear {whole:6.1f} s", flush=True)


def _seconds(segmenter: Segmenter, image, kind: str, scale: float) -> float:
    began = time.perf_counter()
    segmenter.segment(image, kind, scale)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
