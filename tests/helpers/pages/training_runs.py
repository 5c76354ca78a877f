"""Runs for the tests of the page that trains, in every state that a run can be in."""

import dataclasses
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from pap_core.training.config import PRESETS, TrainConfig
from pap_core.training.run import Run
from tests.helpers.threshold_checkpoint import CONFIG, threshold_network

EPOCH = 10  # steps
LOSSES = ("generator", "adversarial", "l1", "discriminator", "cross_entropy", "dice")


def config(**changed: object) -> TrainConfig:
    """A configuration whose generator is the checkpoint of the tests."""
    return dataclasses.replace(PRESETS["tiny"], generator=CONFIG, epochs=3, **changed)


def logged(folder: Path, dataset: Path, rows: int = 30, every: int = 1, **status: object) -> Run:
    """Make a run that has logged some steps, with a best checkpoint and samples; finished unless told.

    Args:
        folder: of the run, new.
        dataset: its data set.
        rows: logged steps.
        every: how many steps lie between two of them.
        status: of ``status.json``.
    """
    run = Run.create(folder, config(), [dataset])
    steps = rows * every
    with open(run.folder / "metrics.jsonl", "w") as file:
        for number in range(1, rows + 1):
            step = number * every
            values = {name: 1 + place + 1 / number for place, name in enumerate(LOSSES)}
            row = {"kind": "step", "step": step, "epoch": 1, **values, "lr": 2e-3, "images_per_second": 8.0}
            file.write(json.dumps(row) + "\n")
        for epoch in range(1, 4):
            scores = {"nucleus": 0.2 * epoch, "cytoplasm": 0.3 * epoch, "mean": 0.25 * epoch}
            row = {"kind": "validation", "step": epoch * steps // 3, "epoch": epoch, **scores}
            file.write(json.dumps(row) + "\n")
            run.write_sample(epoch, np.full((32, 96, 3), 60 * epoch, dtype=np.uint8))
    run.save_best(threshold_network())
    (run.folder / "machine.txt").write_text("2 cores of a test, torch 2")
    (run.folder / "train.log").write_text("run folder: here\nall is well\n")
    told = {"state": "finished", "epoch": 3, "epochs": 3, "step": steps, "steps": steps, "best": 0.75}
    run.write_status(**told | {"started": time.time() - 60, "device": "cpu"} | status)
    return run


def gone_process() -> dict:
    """What a status says of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return {"pid": process.pid}


def lose(run: Run) -> None:
    """Make a run one whose process is gone without a word."""
    path = run.folder / "status.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"state": "running"} | gone_process()))
