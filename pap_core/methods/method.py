"""What a method of the comparison is, whatever is within it."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypedDict

import numpy as np

from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.labels import decode

Progress = Callable[[dict], None]

SIDE = 256  # px of a crop
FILE = "method.json"


class Saved(TypedDict):
    """The content of ``method.json``; what else decides what the method does is left to it."""

    name: str


@dataclass(frozen=True)
class About:
    """What people are told of a method."""

    name: str  # as it is called on the command line and in file names
    title: str
    citation: str
    simplified: str  # against what is cited
    row: str = ""  # of the paper's Table 5 that it stands for, "" for none


class Method(ABC):
    """Turns crops into label maps; made by its name, see `pap_core.methods.catalogue`."""

    trained: ClassVar[bool] = False  # whether there is something to fit

    def __init__(self, about: About):
        self.about = about

    @property
    def name(self) -> str:
        """As it is called on the command line."""
        return self.about.name

    def plan(  # noqa: B027 - where nothing is learnt there is nothing to plan
        self, folders: Sequence[Path], place: Path, minutes: float
    ) -> None:
        """Make the run that `fit` will train, if there is none: what it learns is decided here.

        Whoever wants several methods to have the same time plans them all on an idle machine, and then
        fits them whatever else the machine is at.

        Args:
            folders: data set folders, of whose training sides is learnt.
            place: where run folders are made: its name, followed by "-" and the method's.
            minutes: of training on this machine; they set the number of epochs.
        """

    def fit(
        self, folders: Sequence[Path], place: Path, minutes: float, progress: Progress | None = None
    ) -> bool:
        """Learn from the training sides of data sets; where there is nothing to learn, nothing happens.

        Args:
            folders: see `plan`, as are `place` and `minutes`; a run that is there is resumed.
            place: see `plan`.
            minutes: see `plan`.
            progress: called with what is logged of each step, see `pap_core.training.loop.train`, and the
                number of `steps`.

        Returns:
            Whether it came to its end; False where it was stopped, to be resumed.
        """
        return True

    def predict(self, image: np.ndarray) -> np.ndarray:
        """Return the ``(S, S)`` uint8 label map of a crop.

        Args:
            image: ``(256, 256, 3)`` uint8 RGB.

        Raises:
            InputError: a picture of another shape or kind.
        """
        return decode(self.generate(np.asarray(image)[None])[0])

    def generate(self, images: np.ndarray) -> np.ndarray:
        """Return colour maps, which the protocols read.

        Args:
            images: ``(N, 256, 256, 3)`` uint8 RGB.

        Returns:
            ``(N, 256, 256, 3)`` uint8.

        Raises:
            InputError: pictures of another shape or kind.
        """
        if images.dtype != np.uint8 or images.shape[1:] != (SIDE, SIDE, 3):
            raise InputError(
                f"{self.about.title}: got pictures of shape {images.shape[1:]} and type {images.dtype}, "
                f"expected crops of {SIDE} × {SIDE} × 3 in uint8; cut them with 'python -m pap_core build'."
            )
        return self._colours(images)

    @abstractmethod
    def _colours(self, images: np.ndarray) -> np.ndarray: ...

    @property
    def parameters(self) -> int:
        """How many numbers were learnt."""
        return 0

    @property
    def digest(self) -> str:
        """What tells this method, as it is now, from any other: 16 hex digits."""
        return hashlib.sha256(json.dumps(self._said(), sort_keys=True).encode()).hexdigest()[:16]

    def _said(self) -> dict:
        """What besides weights decides what it does."""
        return {"name": self.about.name}

    def save(self, folder: Path) -> None:
        """Write all that `pap_core.methods.catalogue.load` needs to a folder, made if missing."""
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / FILE, json.dumps(self._said(), indent=2).encode())

    def restore(self, folder: Path) -> None:  # noqa: B027 - where nothing is learnt there is nothing to take
        """Take what `save` wrote.

        Raises:
            InputError: it is missing or damaged.
        """
