"""The model in use and what it finds: loaded once, run by one session at a time, results remembered.

Nothing here writes to disk: pictures and results live in memory, and the oldest give way.
"""

import hashlib
import io
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared import examples
from pap_core.errors import InputError
from pap_core.images import Picture as Read
from pap_core.images import read_picture
from pap_core.model.catalogue import CONFIG, WEIGHTS, available, default, digest_of, display_name

# torch takes seconds to import: only the functions that run the model do so, and the page is there before
if TYPE_CHECKING:
    from pap_core.inference.segmenter import Segmentation, Segmenter

IN_USE = "checkpoint_in_use"  # key of the session's choice, a name
_MOMENT = 1.5  # s; the imports hold up everything else
_MEMORY = "512MB"  # for results; the larger the pictures, the fewer are remembered


@dataclass(frozen=True)
class Picture:
    """A picture file in memory."""

    name: str
    content: bytes = field(repr=False)

    @cached_property
    def digest(self) -> str:
        """sha256 of the file."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return Path(self.name).stem

    def pixels(self) -> np.ndarray:
        """Read the file as ``(H, W, 3)`` uint8; InputError where it cannot be."""
        return self.read().pixels

    def read(self) -> Read:
        """Read the file, with what is to be said of how; raises as `pixels`."""
        return read_picture(io.BytesIO(self.content), self.name)


@dataclass(frozen=True)
class Model:
    """A checkpoint shared by all sessions, loaded when it is first needed."""

    folder: Path
    digest: str  # of its weights
    # sampling the dropout changes the network for as long as it lasts; and two at once are no faster
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def name(self) -> str:
        """What it is called where one is chosen."""
        return display_name(self.folder)

    @property
    def segmenter(self) -> "Segmenter":
        """The loaded checkpoint; the first to ask waits for it.

        Raises:
            InputError: it does not load, or is not that any more which was to be loaded.
        """
        with self.lock:
            return self._segmenter

    @cached_property
    def _segmenter(self) -> "Segmenter":
        from pap_core.inference.segmenter import Segmenter
        from pap_core.model.checkpoint import read

        segmenter = Segmenter(read(self.folder))
        if segmenter.digest != self.digest:
            raise InputError(f"{self.folder}: replaced just now, as by the run that trains it; try again.")
        return segmenter

    @property
    def loaded(self) -> bool:
        """Whether nobody has to wait for it."""
        return "_segmenter" in vars(self)

    def warm(self) -> None:
        """Load it in the background, a moment after the page that was drawn without it has its pictures."""
        if not self.loaded:
            timer = threading.Timer(_MOMENT, self._load_quietly)
            timer.daemon = True
            timer.start()

    def _load_quietly(self) -> None:
        with suppress(InputError):  # told where it is needed
            _ = self.segmenter


@dataclass(frozen=True)
class Finding:
    """What the model found in a picture."""

    kind: str  # "crop" or "smear"
    scale: float
    label: np.ndarray  # (H, W) uint8, the size of the picture
    cells: pd.DataFrame
    cells_map: np.ndarray  # (H, W) int32, each pixel's cell, 0 for none
    colours: np.ndarray  # (H, W, 3) uint8, the generated colour map, which protocols read
    remarks: tuple[str, ...]  # on how the picture was read, see `pap_core.images.Picture`
    pixel_size: float | None  # µm per px of the picture, where its file tells it


def checkpoints() -> dict[str, Path]:
    """Return the checkpoints to choose from, by name: the default first, then shipped ones, then runs."""
    return available()


def in_use() -> Path:
    """Return the checkpoint this session works with: the one chosen, while it is there, else the default.

    Raises:
        InputError: there is none.
    """
    chosen = available().get(st.session_state.get(IN_USE, ""))
    return chosen or default()


def load(folder: Path | None = None) -> Model:
    """Return a checkpoint, by default the one in use, another one only when its files have changed.

    Raises:
        InputError: there is none.
    """
    folder = folder or in_use()
    files = [folder / CONFIG, folder / WEIGHTS]
    return _model(str(folder), tuple(file.stat().st_mtime_ns for file in files if file.exists()))


def choose(model: Model, picture: Picture) -> tuple[str, float]:
    """Choose what to take a picture for, "crop" or "smear", and its scale; raises as `segment`."""
    if found := examples.known(picture.digest, model.digest):
        return found.kind, found.scale
    _await(model)
    return _chosen(picture.digest, model.digest, picture, model)


def segment(model: Model, picture: Picture, kind: str, scale: float | None = None) -> Finding:
    """Segment a picture and measure its cells.

    Args:
        model: see `load`.
        picture: the file.
        kind: "crop" or "smear".
        scale: of a smear, network px per image px. A crop is fitted to the network.

    Raises:
        InputError: the picture cannot be read, or would be too large at that scale.
    """
    return _found(picture.digest, model.digest, kind, scale if kind == "smear" else None, picture, model)


def uncertainty(model: Model, picture: Picture, finding: Finding) -> np.ndarray:
    """Return ``(H, W)`` uint8 grey levels of a picture: the lighter, the less sure the model is."""
    return _spread(picture.digest, model.digest, finding.kind, finding.scale, picture, model)


def _await(model: Model) -> None:
    if not model.loaded:
        with st.spinner("Loading the model…", show_time=True):
            _ = model.segmenter


@st.cache_resource(max_entries=3, show_spinner=False)
def _model(folder: str, changed: tuple[int, ...]) -> Model:
    return Model(Path(folder), digest_of(Path(folder, WEIGHTS)))


@st.cache_data(max_entries=256, show_spinner=False)
def _chosen(digest: str, checkpoint: str, _picture: Picture, _model: Model) -> tuple[str, float]:
    from pap_core.inference.scale import choose

    read = _picture.read()
    with _model.lock:
        return choose(_model.segmenter, read.pixels, pixel_size=read.pixel_size)


@st.cache_data(max_entries=32, max_size=_MEMORY, show_spinner=False)
def _found(
    digest: str, checkpoint: str, kind: str, scale: float | None, _picture: Picture, _model: Model
) -> Finding:
    from pap_core.measurement import measure

    read = _picture.read()
    image = read.pixels
    found = examples.result(digest, checkpoint)
    if not found or (found.kind, found.scale) != (kind, scale):
        found = _segmented(image, kind, scale, _model)
    cells, cells_map = measure(image, found.label, found.scale)
    return Finding(
        found.kind, found.scale, found.label, cells, cells_map, found.colours, read.remarks, read.pixel_size
    )


def _segmented(image: np.ndarray, kind: str, scale: float | None, model: Model) -> "Segmentation":
    from pap_core.inference.segmenter import fit_scale

    with model.lock:
        return model.segmenter.segment(image, kind, scale or fit_scale(image))


@st.cache_data(max_entries=32, max_size=_MEMORY, show_spinner=False)
def _spread(
    digest: str, checkpoint: str, kind: str, scale: float, _picture: Picture, _model: Model
) -> np.ndarray:
    from pap_core.inference.predict import uncertainty_picture

    image = _picture.pixels()
    with _model.lock:
        return uncertainty_picture(_model.segmenter.uncertainty(image, kind, scale))
