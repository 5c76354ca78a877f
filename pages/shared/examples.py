"""The examples: synthetic smears that come with the program, and what the shipped checkpoint finds in them.

A result is of one picture and of one checkpoint, told by their digests; for any other there is none here.
``checkpoints/examples.py`` makes them.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

from pap_core.errors import InputError
from pap_core.files import Number, read_json
from pap_core.images import read_image
from pap_core.masks import read_label

FOLDER = Path(__file__).parents[1] / "examples"
RESULTS = FOLDER / "results.json"
SEEDS = {  # of fields in which the category shows well
    "Parabasal": 11,
    "Superficial-Intermediate": 6,
    "Koilocytotic": 4,
    "Metaplastic": 19,
    "Dyskeratotic": 12,
}


@dataclass(frozen=True)
class Found:
    """How one example was read."""

    picture: str  # digest of its file
    kind: Literal["crop", "smear"]
    scale: Number


@dataclass(frozen=True)
class Results:
    """What was found in all examples."""

    checkpoint: str  # digest of its weights
    found: dict[str, Found]  # by category


@dataclass(frozen=True)
class Result:
    """What was found in one example."""

    kind: str  # "crop" or "smear"
    scale: float
    label: np.ndarray  # (H, W) uint8
    colours: np.ndarray  # (H, W, 3) uint8, the generated colour map


def picture_file(category: str) -> Path:
    """Return where the picture of a category lies."""
    return FOLDER / f"{category}.jpg"


def label_file(category: str) -> Path:
    """Return where the label map found in it lies."""
    return FOLDER / f"{category}_label.png"


def colours_file(category: str) -> Path:
    """Return where the colour map generated of it lies."""
    return FOLDER / f"{category}_map.png"


def known(picture: str, checkpoint: str) -> Found | None:
    """Tell how a checkpoint reads a picture, if that is known; both by their digests."""
    return _seek(picture, checkpoint)[1]


def result(picture: str, checkpoint: str) -> Result | None:
    """Return what a checkpoint finds in a picture, if that is known; None where it has to be segmented."""
    category, one = _seek(picture, checkpoint)
    if one is None:
        return None
    try:
        label, colours = read_label(label_file(category)), read_image(colours_file(category))
    except InputError:  # lost, or damaged: the model will say
        return None
    return Result(one.kind, one.scale, label, colours)


def _seek(picture: str, checkpoint: str) -> tuple[str, Found | None]:
    results = _results()
    found = results.found if results and results.checkpoint == checkpoint else {}
    return next((pair for pair in found.items() if picture.startswith(pair[1].picture)), ("", None))


@cache
def _results() -> Results | None:
    try:
        return read_json(RESULTS, Results, "run checkpoints/examples.py")
    except (OSError, InputError):
        return None
