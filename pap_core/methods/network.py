"""Methods that are networks, trained through the same loop as the generator: same run folder, same resume."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pap_core.data.described import describe
from pap_core.errors import InputError
from pap_core.methods.method import About, Method, Progress
from pap_core.training.planning import estimate
from pap_core.training.run import CONFIG, Run
from pap_core.training.work import work

if TYPE_CHECKING:
    from pap_core.inference.segmenter import Segmenter
    from pap_core.training.config import TrainConfig


class Network(Method):
    """A network and how it is trained."""

    trained: ClassVar[bool] = True

    def __init__(self, about: About, config: "TrainConfig"):
        super().__init__(about)
        self.config = config
        self.segmenter: Segmenter | None = None  # once it is fitted or loaded

    def plan(self, folders: Sequence[Path], place: Path, minutes: float) -> None:
        """See `Method.plan`.

        Raises:
            InputError: as `pap_core.training.run.Run.create` and
                `pap_core.training.planning.estimate.measure`.
        """
        folder = run_folder(place, self.name)
        if not (folder / CONFIG).exists():
            Run.create(folder, self.within(minutes, folders), folders)

    def fit(
        self, folders: Sequence[Path], place: Path, minutes: float, progress: Progress | None = None
    ) -> bool:
        """See `Method.fit`.

        Raises:
            InputError: as `pap_core.training.work.work`.
        """
        self.plan(folders, place, minutes)
        run = Run(run_folder(place, self.name))
        status = run.read_status()
        if status.get("state") != "finished":
            status = work(run, progress=_with_steps(run, progress) if progress else None)
        if status["state"] != "finished":
            return False
        self.restore(run.folder / "checkpoints" / "best")
        return True

    def within(self, minutes: float, folders: Sequence[Path]) -> "TrainConfig":
        """Return the configuration with the whole epochs nearest to the time, by the pace of a few steps."""
        learnt = sum(_training_crops(folder) for folder in folders) * (1 - self.config.validation)
        pace = estimate.measure(self.config, folders).crops_per_second
        return dataclasses.replace(self.config, epochs=max(1, round(60 * minutes * pace / learnt)))

    @property
    def parameters(self) -> int:
        """How many weights the network has."""
        return self._ready().parameters

    @property
    def digest(self) -> str:
        """The digest of the weights."""
        return self._ready().digest

    def _colours(self, images: np.ndarray) -> np.ndarray:
        return self._ready().generate(images)

    def save(self, folder: Path) -> None:
        """See `Method.save`: a checkpoint folder, too."""
        from pap_core.model.checkpoint import write_config, write_weights

        checkpoint = self._ready().checkpoint
        write_config(folder, checkpoint.generator.config, checkpoint.config["training"])
        write_weights(folder, checkpoint.generator)
        super().save(folder)

    def restore(self, folder: Path) -> None:
        """Take the weights of a checkpoint folder."""
        from pap_core.inference.segmenter import Segmenter
        from pap_core.model.checkpoint import read

        self.segmenter = Segmenter(read(folder))

    def _ready(self) -> "Segmenter":
        if self.segmenter is None:
            raise InputError(f"{self.about.title}: not fitted yet; fit it, or load one that was saved.")
        return self.segmenter


def _with_steps(run: Run, progress: Progress) -> Progress:
    """Say beside what is logged of a step of how many steps it is one."""
    return lambda row: progress(row | {"steps": run.read_status().get("steps", 0)})


def run_folder(place: Path, name: str) -> Path:
    """Return the run folder of a method; see `Method.fit`."""
    return place.with_name(f"{place.name}-{name}")


def _training_crops(folder: Path) -> int:
    return describe(folder, ("sides",))["sides"].get("train", 0)
