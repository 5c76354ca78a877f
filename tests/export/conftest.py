"""Label maps to export: of phantom smears, of what a threshold sees in them, and one drawn to be hard."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pap_core.contours import fill
from pap_core.data.phantom import smear as phantom
from pap_core.export import Origin
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS
from pap_core.measurement import measure
from pap_core.model.checkpoint import read

FIELD = (900, 700)
CHECKPOINT = Path(__file__).parents[2] / "checkpoints" / "compact"


@dataclass(frozen=True)
class Segmented:
    """A picture with the cells found in it."""

    image: np.ndarray
    label: np.ndarray
    table: pd.DataFrame = field(init=False)
    cells: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        table, cells = measure(self.image, self.label)
        object.__setattr__(self, "table", table)
        object.__setattr__(self, "cells", cells)


def true_label(smear: phantom.Smear) -> np.ndarray:
    label = np.zeros(smear.image.shape[:2], dtype=np.uint8)
    for part, value in ((0, CYTOPLASM), (1, NUCLEUS)):
        for cell in smear.cells:
            label[fill(cell[part], label.shape)] = value
    return label


def seen_label(image: np.ndarray) -> np.ndarray:
    """Take dark pixels for nuclei and the less dark for cytoplasm: ragged, full of specks and holes."""
    grey = image.mean(axis=-1)
    label = np.zeros(grey.shape, dtype=np.uint8)
    label[grey < np.quantile(grey, 0.35)] = CYTOPLASM
    label[grey < np.quantile(grey, 0.04)] = NUCLEUS
    return label


def hard_label() -> np.ndarray:
    """Draw what is lost first: holes, touching corners, several pieces, cells cut by the frame."""
    label = np.zeros((120, 150), dtype=np.uint8)
    label[0:50, 0:50] = CYTOPLASM  # in the corner of the picture
    label[10:30, 10:30] = NUCLEUS
    label[15:18, 15:18] = CYTOPLASM  # a hole in the nucleus
    label[35:40, 35:40] = label[40:44, 40:44] = 0  # holes in the cell that touch at a corner
    label[0:50, 50:100] = CYTOPLASM  # a second cell, side by side with the first
    label[12:32, 70:90] = NUCLEUS
    label[35:40, 63:68] = label[40:45, 68:73] = NUCLEUS  # two pieces more, touching at a corner
    label[100:120, 130:150] = NUCLEUS  # a nucleus in the frame, without cytoplasm
    label[80:95, 20:60] = CYTOPLASM  # belongs to no cell, and is a ring
    label[84:90, 30:50] = 0
    label[86:88, 36:40] = CYTOPLASM  # with a piece in its hole
    label[70, 5] = CYTOPLASM  # a pixel alone
    label[60:64, 120:126] = NUCLEUS  # too small for a cell
    label[110:116, 5:30] = IGNORE
    return label


@pytest.fixture(scope="session")
def segmented() -> dict[str, Segmented]:
    """Pictures by name: "hard", and for three categories its "true" and its "seen" label."""
    drawn = hard_label()
    found = {"hard": Segmented(np.repeat(np.uint8(200) - drawn[..., None] // 2, 3, axis=-1), drawn)}
    for category in ("Superficial-Intermediate", "Parabasal", "Koilocytotic"):
        smear = phantom.smear(category, 3, FIELD)
        found[f"true {category}"] = Segmented(smear.image, true_label(smear))
        part = smear.image[:200, :260]
        found[f"seen {category}"] = Segmented(part, seen_label(part))
    return found


@pytest.fixture(
    params=["hard"]
    + [
        f"{how} {kind}"
        for how in ("true", "seen")
        for kind in ("Superficial-Intermediate", "Parabasal", "Koilocytotic")
    ]
)
def one(request: pytest.FixtureRequest, segmented: dict[str, Segmented]) -> Segmented:
    """Each of the pictures in turn."""
    return segmented[request.param]


@pytest.fixture(scope="session")
def predicted(segmented: dict[str, Segmented]) -> Segmented:
    """What the checkpoint of the repository finds in a phantom smear."""
    image = segmented["true Parabasal"].image
    torch.set_num_threads(1)  # the other cores are someone else's
    return Segmented(image, Segmenter(read(CHECKPOINT), "cpu").segment(image, "smear", 1.0).label)


@pytest.fixture
def hard(segmented: dict[str, Segmented]) -> Segmented:
    return segmented["hard"]


@pytest.fixture
def origin() -> Origin:
    return Origin("smär 7.bmp", "compact", "0123456789abcdef")
