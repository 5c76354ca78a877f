"""The run folder: the only interface between a training process and whoever watches it."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pap_core.data.described import describe
from pap_core.errors import InputError
from pap_core.files import Damaged, read_as_written, write_whole
from pap_core.images import write_png
from pap_core.jobs import liveness, status
from pap_core.jobs.job import Job
from pap_core.training import state
from pap_core.training.config import from_dict, to_dict
from pap_core.training.planning.machine import machine
from pap_core.training.written import Settings, Told, parse_row
from pap_core.workspace import runs

# torch takes seconds to import, and 200 MB: who watches a run, or waits for a device, does without
if TYPE_CHECKING:
    import torch

    from pap_core.model.checkpoint import Checkpoint
    from pap_core.training.config import TrainConfig

CONFIG, METRICS = "config.json", "metrics.jsonl"
_IDENTITY = ("source", "mode", "split", "seed", "crops", "sides", "digest")  # of a data set
_MACHINE = "machine.txt"  # written as the first step comes


@dataclass(frozen=True)
class Run(Job):
    """A run folder: ``config.json``, ``status.json``, ``metrics.jsonl``, ``samples/``, ``checkpoints/``."""

    NOUN = "run"
    ACTIVE = ("queued", "running")
    LOG = "train.log"
    TOLD = Told
    REMEDY = "resume the run, and it continues from its last checkpoint, or delete it"

    @classmethod
    def create(
        cls,
        folder: Path,
        config: "TrainConfig",
        datasets: Sequence[Path],
        initial: Path | None = None,
        weights: Sequence[float] | None = None,
    ) -> "Run":
        """Make a new run folder.

        Args:
            folder: new or empty.
            config: frozen into the run.
            datasets: data set folders; their digests are kept, so that a resume can tell a change.
            initial: a checkpoint folder whose generator to start from, copied into the run.
            weights: of each data set, above 0: they share the draws of an epoch by them. None draws all crops
                equally often.

        Raises:
            InputError: the folder holds something already or cannot be written, the initial generator is
                another than the configuration's, or as `pap_core.training.checks.check`. Then nothing is left
                behind.
        """
        from pap_core.model.checkpoint import read
        from pap_core.training.checks import check

        described = [{"folder": str(one.resolve()), **_identity(one)} for one in datasets]
        for one, weight in zip(described, weights or (), strict=bool(weights)):
            one["weight"] = weight
        start = read(initial) if initial else None
        if start and start.generator.config != config.generator:
            raise InputError(
                f"{initial}: another generator than the run's; choose the settings it was made with."
            )
        if not start and (config.frozen_norms or config.keep):
            raise InputError(
                f"{folder.name}: frozen_norms and keep are of a checkpoint that a run starts from; name one, "
                "or leave them out."
            )
        taken = InputError(f"{folder}: not empty; choose a new folder, or resume it by --resume.")
        try:
            if folder.exists() and any(folder.iterdir()):
                raise taken
            check(config, datasets, weights)
            folder.mkdir(parents=True, exist_ok=True)
            try:
                (folder / "samples").mkdir()
            except FileExistsError:  # somebody else begins a run there, this very moment
                raise taken from None
        except OSError as error:
            raise InputError(
                f"{folder}: the run folder cannot be made ({error.strerror}); name a new folder at a place "
                "that can be written."
            ) from None
        run = cls(folder)
        try:
            run._fill(config, described, start)
        except OSError as error:
            run.remove()
            raise InputError(
                f"{folder}: the run folder cannot be written ({error.strerror}); make room there, and begin "
                "again."
            ) from None
        return run

    def _fill(self, config: "TrainConfig", described: list[dict], start: "Checkpoint | None") -> None:
        """Write what a new run begins with."""
        from pap_core.model.checkpoint import write_config, write_weights

        content = {"config": to_dict(config), "datasets": described}
        write_whole(self.folder / CONFIG, json.dumps(content, indent=2).encode())
        training = {"config": to_dict(config), "datasets": [_published(one) for one in described]}
        if start:
            training["initial"] = {"digest": start.digest, "training": start.config["training"]}
            write_config(self.initial, config.generator, start.config["training"])
            write_weights(self.initial, start.generator)
        for name in ("last", "best"):
            write_config(self.folder / "checkpoints" / name, config.generator, training)
        # stopped before its first step, until a process takes it up
        begun = {"state": "stopped", "epoch": 0, "epochs": config.epochs, "step": 0, "error": None}
        status.write(self.folder, begun)

    def remove(self) -> None:
        """Take back a run that cannot begin: a second one may begin in its place."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def state_in(self, told: Mapping[str, Any]) -> str:
        """Return the state by a status that was read; one that is evaluated when it has learnt is running."""
        if told.get("state") == "finished" and told.get("to_evaluate") and liveness.living(told):
            return "running"
        return super().state_in(told)

    def hasten(self) -> None:
        """Leave the process alone: it looks by itself whether it was asked to stop, and saves first."""

    @property
    def begun(self) -> bool:
        """Whether it ever came to its first step, the data read and the networks made."""
        return (self.folder / _MACHINE).exists()

    @property
    def initial(self) -> Path:
        """Where the checkpoint is kept that the run started from, if it did."""
        return self.folder / "checkpoints" / "initial"

    def read_settings(self) -> dict:
        """Return the content of ``config.json`` as it stands there, without torch.

        Raises:
            InputError: the folder is no run.
        """
        try:
            content = read_as_written(self.folder / CONFIG, Settings, "delete the run")
        except FileNotFoundError:
            raise InputError(f"{self.folder}: no readable config.json, so this is no run folder.") from None
        except Damaged as error:
            raise InputError(
                f"{self.folder}: no readable config.json ({error.reason}), so this is no run folder; "
                "delete it."
            ) from None
        return {name: content[name] for name in ("config", "datasets")}

    def read_config(self) -> tuple["TrainConfig", list[dict]]:
        """Return the frozen configuration and the data sets of the run.

        Raises:
            InputError: the folder is no run, or was made by another version.
        """
        content = self.read_settings()
        return from_dict(content["config"]), content["datasets"]

    def note(self, text: str) -> None:
        """Add a sentence to the status, once, for people to read beside a run that goes on."""
        before = self.read_status().get("note") or ""
        if text not in before:
            self.write_status(note=f"{before} {text}".strip())

    def fail(self, error: BaseException, **values: Any) -> None:
        """Write down why the process at work ends before its time; an interruption is no failure."""
        super().fail(error, phase="", **values)

    @contextmanager
    def held(self) -> Iterator[bool]:
        """Keep every other process from training here; see `pap_core.jobs.job.Job.held`.

        What a killed process left half written is removed.
        """
        with super().held() as anew:
            if anew:
                for left in self.folder.rglob(".*.part"):
                    left.unlink(missing_ok=True)
            yield anew

    def record_machine(self, device: "torch.device", precision: str) -> None:
        """Note on what machine the run began, and in what precision it computes there."""
        write_whole(self.folder / _MACHINE, machine(device, precision).encode())

    def read_machine(self) -> str:
        """Return what `record_machine` noted."""
        return (self.folder / _MACHINE).read_text()

    def minutes(self) -> float:
        """Return how long the steps took, validation left out, however often the run was resumed."""
        seconds, before = 0.0, 0
        batch = self.read_config()[0].batch
        for row in self.read_metrics():
            if row["kind"] == "step" and "images_per_second" in row:
                seconds += (row["step"] - before) * batch / row["images_per_second"]
                before = row["step"]
        return seconds / 60

    def append_metrics(self, row: dict) -> None:
        """Append a line to ``metrics.jsonl``."""
        with open(self.folder / METRICS, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def read_metrics(self) -> list[dict]:
        """Return the lines of ``metrics.jsonl``; one cut short or torn by a crash is left out."""
        path = self.folder / METRICS
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
        rows = []
        for line in lines[:-1]:
            with suppress(InputError):
                rows.append(parse_row(line))
        return rows

    def drop_metrics_after(self, step: int) -> None:
        """Forget what was logged after `step`, so that a resumed curve continues and never doubles."""
        kept = [row for row in self.read_metrics() if row["step"] <= step]
        write_whole(self.folder / METRICS, "".join(json.dumps(row) + "\n" for row in kept).encode())

    def write_sample(self, epoch: int, pixels) -> None:
        """Write the pictures of an epoch: rows of input, target, output."""
        write_png(self.folder / "samples" / f"epoch_{epoch:04d}.png", pixels)

    def save_best(self, generator: "torch.nn.Module") -> None:
        """Replace the best checkpoint's weights.

        Raises:
            InputError: there is no room; the best so far is kept.
        """
        from pap_core.model.checkpoint import write_weights

        with state.room(self.folder):
            write_weights(self.folder / "checkpoints" / "best", generator)

    def save_last(self, values: dict, generator: "torch.nn.Module") -> None:
        """Replace the state to resume from, and the last checkpoint's weights.

        Raises:
            InputError: there is no room; the last ones are kept.
        """
        from pap_core.model.checkpoint import write_weights

        folder = self.folder / "checkpoints" / "last"
        with state.room(self.folder):
            write_weights(folder, generator)  # first: a run whose state is at its end writes nothing more
            state.write(folder, values)

    def load_last(self) -> dict | None:
        """Return the state to resume from, None before the first checkpoint.

        Raises:
            InputError: the file is damaged.
        """
        return state.read(self.folder / "checkpoints" / "last")


def new_folder(preset: str) -> Path:
    """Return a run folder that is not there yet, in the workspace, named by the time and the preset."""
    stem = f"{datetime.now():%Y%m%d-%H%M%S}-{preset}"
    candidates = (runs() / f"{stem}{suffix}" for suffix in chain([""], (f"-{number}" for number in count(2))))
    return next(folder for folder in candidates if not folder.exists())


def _identity(dataset: Path) -> dict:
    described = describe(dataset, _IDENTITY)
    found = {name: cast(dict, described)[name] for name in _IDENTITY}
    return found | {name: described[name] for name in ("pseudo_labels",) if name in described}


def _published(dataset: dict) -> dict:
    """A checkpoint travels: it names its data by folder name and digest, not by a path of this machine."""
    return dataset | {"folder": Path(dataset["folder"]).name}
