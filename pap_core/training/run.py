"""The run folder: the only interface between a training process and whoever watches it."""

import json
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from pickle import UnpicklingError

import psutil
import torch

from pap_core.data.dataset import describe
from pap_core.errors import InputError
from pap_core.images import write_png, write_whole
from pap_core.model.checkpoint import read, write_config, write_weights
from pap_core.training.config import TrainConfig, from_dict, to_dict
from pap_core.workspace import runs

STATE = "state.pt"


@dataclass(frozen=True)
class Run:
    """A run folder: ``config.json``, ``status.json``, ``metrics.jsonl``, ``samples/``, ``checkpoints/``."""

    folder: Path

    @classmethod
    def create(
        cls, folder: Path, config: TrainConfig, datasets: Sequence[Path], initial: Path | None = None
    ) -> "Run":
        """Make a new run folder.

        Args:
            folder: new or empty.
            config: frozen into the run.
            datasets: data set folders; their digests are kept, so that a resume can tell a change.

            initial: a checkpoint folder whose generator to start from, copied into the run.

        Raises:
            InputError: the folder holds something already, a data set is none, or the initial generator is
                another than the configuration's.
        """
        described = [{"folder": str(one.resolve()), **_identity(describe(one))} for one in datasets]
        start = read(initial) if initial else None
        if start and start.generator.config != config.generator:
            raise InputError(
                f"{initial}: another generator than the run's; choose the settings it was made with."
            )
        if folder.exists() and any(folder.iterdir()):
            raise InputError(f"{folder}: not empty; choose a new folder, or go on with it by --resume.")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "samples").mkdir()
        run = cls(folder)
        content = {"config": to_dict(config), "datasets": described}
        write_whole(folder / "config.json", json.dumps(content, indent=2).encode())
        training = {"config": to_dict(config), "datasets": [_published(one) for one in described]}
        if start:
            training["initial"] = {"digest": start.digest, "training": start.config["training"]}
            write_config(run.initial, config.generator, start.config["training"])
            write_weights(run.initial, start.generator)
        for name in ("last", "best"):
            write_config(folder / "checkpoints" / name, config.generator, training)
        run.write_status(state="queued", epoch=0, step=0, error=None)
        return run

    @property
    def initial(self) -> Path:
        """Where the checkpoint is kept that the run started from, if it did."""
        return self.folder / "checkpoints" / "initial"

    def read_config(self) -> tuple[TrainConfig, list[dict]]:
        """Return the frozen configuration and the data sets of the run.

        Raises:
            InputError: the folder is no run.
        """
        try:
            content = json.loads((self.folder / "config.json").read_text())
            return from_dict(content["config"]), content["datasets"]
        except (OSError, json.JSONDecodeError, KeyError):
            raise InputError(f"{self.folder}: no readable config.json, so this is no run folder.") from None

    def read_status(self) -> dict:
        """Return the content of ``status.json``."""
        return json.loads((self.folder / "status.json").read_text())

    def write_status(self, **values) -> None:
        """Write ``status.json`` whole, with this process's identity and the time."""
        identity = {
            "pid": os.getpid(),
            "process_started": psutil.Process().create_time(),
            "heartbeat": time.time(),
        }
        write_whole(self.folder / "status.json", json.dumps(values | identity, indent=2).encode())

    def record_machine(self, device: torch.device) -> None:
        """Note on what machine the run began."""
        text = f"{_processor() if device.type == 'cpu' else torch.cuda.get_device_name(device)}"
        write_whole(self.folder / "machine.txt", f"{text}, torch {torch.__version__}".encode())

    def read_machine(self) -> str:
        """Return what `record_machine` noted."""
        return (self.folder / "machine.txt").read_text()

    def minutes(self) -> float:
        """Return how long the steps took, validation left out, however often the run was resumed."""
        seconds, before = 0.0, 0
        batch = self.read_config()[0].batch
        for row in self.read_metrics():
            if row["kind"] == "step":
                seconds += (row["step"] - before) * batch / row["images_per_second"]
                before = row["step"]
        return seconds / 60

    def other_process(self) -> int | None:
        """Return the id of another process of this machine that is training here, None if there is none."""
        try:
            status = self.read_status()
            started = psutil.Process(status["pid"]).create_time()
        except (OSError, ValueError, KeyError, psutil.Error):
            return None
        same = started == status["process_started"] and status["state"] == "running"
        return status["pid"] if same and status["pid"] != os.getpid() else None

    def append_metrics(self, row: dict) -> None:
        """Append a line to ``metrics.jsonl``."""
        with open(self.folder / "metrics.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def read_metrics(self) -> list[dict]:
        """Return the lines of ``metrics.jsonl``; a last one cut short by a crash is left out."""
        path = self.folder / "metrics.jsonl"
        lines = path.read_text(encoding="utf-8").split("\n") if path.exists() else []
        return [json.loads(line) for line in lines[:-1]]

    def drop_metrics_after(self, step: int) -> None:
        """Forget what was logged after `step`, so that a resumed curve continues and never doubles."""
        kept = [row for row in self.read_metrics() if row["step"] <= step]
        write_whole(self.folder / "metrics.jsonl", "".join(json.dumps(row) + "\n" for row in kept).encode())

    def write_sample(self, epoch: int, pixels) -> None:
        """Write the pictures of an epoch: rows of input, target, output."""
        write_png(self.folder / "samples" / f"epoch_{epoch:04d}.png", pixels)

    def save_best(self, generator: torch.nn.Module) -> None:
        """Replace the best checkpoint's weights."""
        write_weights(self.folder / "checkpoints" / "best", generator)

    def save_last(self, state: dict, generator: torch.nn.Module) -> None:
        """Replace the state to resume from, and the last checkpoint's weights."""
        folder = self.folder / "checkpoints" / "last"
        part = folder / f".{STATE}.part"
        torch.save(state, part)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, folder / STATE)
        write_weights(folder, generator)

    def load_last(self) -> dict | None:
        """Return the state to resume from, None before the first checkpoint.

        Raises:
            InputError: the file is damaged.
        """
        path = self.folder / "checkpoints" / "last" / STATE
        try:
            return torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except (OSError, RuntimeError, EOFError, UnpicklingError) as error:
            reason = str(error).partition("\n")[0] or type(error).__name__
            raise InputError(
                f"{path}: the state to resume from is damaged ({reason}); copy it back, or start a new "
                f"run from {self.folder / 'checkpoints' / 'best'} by --from."
            ) from None

    def ask_to_stop(self) -> None:
        """Ask the training process to write a checkpoint and end, within a few steps."""
        (self.folder / "stop").touch()

    def forget_stop(self) -> None:
        """Take back what `ask_to_stop` asked."""
        (self.folder / "stop").unlink(missing_ok=True)

    def forget_old_stop(self) -> None:
        """Take back what was asked of an earlier process that ended before it could obey.

        What was asked of this one stands, be it before the first step.
        """
        path = self.folder / "stop"
        if path.exists() and path.stat().st_mtime < psutil.Process().create_time():
            self.forget_stop()

    @property
    def stop_asked(self) -> bool:
        """Whether somebody asked the run to checkpoint and end, by a file named ``stop``."""
        return (self.folder / "stop").exists()


def new_folder(preset: str) -> Path:
    """Return a run folder that is not there yet, in the workspace, named by the time and the preset."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{preset}"
    candidates = (runs() / f"{stem}{suffix}" for suffix in chain([""], (f"-{number}" for number in count(2))))
    return next(folder for folder in candidates if not folder.exists())


def _processor() -> str:
    cores = os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{cores} cores of {name}"


def _identity(described: dict) -> dict:
    return {name: described[name] for name in ("source", "mode", "split", "seed", "crops", "sides", "digest")}


def _published(dataset: dict) -> dict:
    """A checkpoint travels: it names its data by folder name and digest, not by a path of this machine."""
    return dataset | {"folder": Path(dataset["folder"]).name}
