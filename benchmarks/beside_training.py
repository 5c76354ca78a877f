"""What a prediction takes while a run trains on the same cores, as a page starts it and with equal rights.

python benchmarks/beside_training.py
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.data.build import BuildOptions, build
from pap_core.data.phantom import smear as phantom
from pap_core.inference.segmenter import Segmenter, fit_scale
from pap_core.jobs import background
from pap_core.model.catalogue import default
from pap_core.model.checkpoint import read
from pap_core.training.config import PRESETS
from pap_core.training.run import Run, new_folder

ROOT = Path(__file__).parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", choices=PRESETS, default="compact", help="what is trained beside")
    parser.add_argument("--rounds", type=int, default=3, help="of alone, equal, and as a page starts it")
    options = parser.parse_args()
    segmenter = Segmenter(read(default()), "cpu")
    print(f"{default().name}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    smear = phantom.smear("Metaplastic", 0).image
    ways = {"beside a run, equal rights": _as_a_terminal, "beside a run of a page": background.start}
    with tempfile.TemporaryDirectory() as space:
        os.environ["PAP_WORKSPACE"] = space
        smears, data = Path(space, "smears"), Path(space, "datasets", "phantoms")
        phantom.write(smears, 10)
        build(smears, data, BuildOptions())
        for _ in range(options.rounds):
            _tell("alone", segmenter, smear)
            for name, start in ways.items():
                run = Run.create(new_folder(options.preset), PRESETS[options.preset], [data])
                with _training(run, start):
                    _tell(name, segmenter, smear)


def _as_a_terminal(module: list[str], log: Path) -> subprocess.Popen:
    with open(log, "ab") as file:
        command = [sys.executable, "-m", *module]
        return subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, start_new_session=True)


@contextmanager
def _training(run: Run, start: Callable[[list[str], Path], subprocess.Popen]) -> Iterator[None]:
    """Have a run train while the context lasts, from its fifth step on."""
    log = run.folder / run.LOG
    process = start(["pap_core", "train", "--resume", str(run.folder)], log)
    try:
        while run.read_status().get("step", 0) < 5:
            if process.poll() is not None:
                sys.exit(f"the run ended: {log.read_text()}")
            time.sleep(0.5)
        yield
    finally:
        process.terminate()
        process.wait()


def _tell(name: str, segmenter: Segmenter, smear: np.ndarray) -> None:
    crop = smear[400:650, 600:850]
    crops = [_seconds(segmenter, crop, "crop", fit_scale(crop)) for _ in range(20)]
    whole = _seconds(segmenter, smear, "smear", 1.0)
    print(f"{name:<28}crop {1000 * statistics.median(crops):6.0f} ms   smear {whole:6.1f} s", flush=True)


def _seconds(segmenter: Segmenter, image: np.ndarray, kind: str, scale: float) -> float:
    began = time.perf_counter()
    segmenter.segment(image, kind, scale)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
