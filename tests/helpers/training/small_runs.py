"""Runs of seconds, how to interrupt them, and what two of them must share."""

import subprocess
import time
from collections.abc import Callable

import pytest
import torch

from pap_core.training.config import PRESETS, TrainConfig, override
from pap_core.training.loop import Trainer
from pap_core.training.run import Run

PLAIN = ["generator.head=colour", "border=2", "cross_entropy=0.0", "dice=0.0"]  # the paper's objective
SETTINGS = [*PLAIN, "batch=2", "epochs=4", "learning_rate=2e-3", "decay=0.0", "precision=fp32"]
DIVERGING = ["learning_rate=1", "beta1=0.9999", "beta2=0"]  # all momentum, divided by nearly nothing
STEPS = 31  # an epoch: 61 crops in pairs, so that epochs of steps and of crops drift apart


def tiny(*settings: str) -> TrainConfig:
    return override(PRESETS["tiny"], [*SETTINGS, *settings])


def outcome(run: Run) -> dict:
    """All that two runs to the same end must share."""
    rows = [{name: row[name] for name in row if name != "images_per_second"} for row in run.read_metrics()]
    files = ("samples/*.png", "checkpoints/*/*.safetensors", "checkpoints/*/config.json")
    contents = {
        str(path.relative_to(run.folder)): path.read_bytes()
        for pattern in files
        for path in run.folder.glob(pattern)
    }
    status = run.read_status()
    return {"rows": rows, **contents} | {name: status[name] for name in ("state", "step", "epoch", "best")}


def assert_same(first: dict, second: dict) -> None:
    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name


def examples(trainer: Trainer, count: int) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return examples without jitter."""
    size = trainer.config.batch
    crops = trainer.crops
    parts = [slice(first, first + size) for first in range(0, count * size, size)]
    return [(crops.images[part].float() / 127.5 - 1, crops.labels[part]) for part in parts]


class Crash(Exception):
    pass


def crash_at(step: int) -> Callable[[dict], None]:
    def progress(row: dict) -> None:
        if row["kind"] == "step" and row["step"] >= step:
            raise Crash

    return progress


def stop_at(run: Run, step: int, kind: str = "") -> Callable[[dict], None]:
    """Ask a run to stop as it writes a row of a step."""
    return lambda row: run.ask_to_stop() if row["step"] == step and kind in row["kind"] else None


def stop_after(run: Run, step: int, patch: pytest.MonkeyPatch) -> None:
    """Ask a run to stop while it takes the last of so many steps."""
    take_step = Trainer.take_step

    def asking(self: Trainer, *batch: torch.Tensor) -> dict:
        if self.step + 1 == step:
            run.ask_to_stop()
        return take_step(self, *batch)

    patch.setattr(Trainer, "take_step", asking)


def wait_for(ready: Callable[[], bool], process: subprocess.Popen) -> None:
    for _ in range(6000):
        if ready():
            return
        assert process.poll() is None, "the process ended early"
        time.sleep(0.05)
    raise AssertionError("the process took too long")
