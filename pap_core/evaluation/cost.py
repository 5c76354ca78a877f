"""What a prediction takes: the time of one crop, and the numbers that were learnt for it."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from pap_core.errors import InputError
from pap_core.files import Count, read_json, write_whole
from pap_core.labels import decode

if TYPE_CHECKING:
    from pap_core.evaluation.evaluate import Predictor

FILE = "cost.json"
TIMED = 20  # crops


@dataclass(frozen=True)
class Cost:
    """What was measured; NaN where nothing was."""

    milliseconds: float = float("nan")  # for one crop, by itself: the median
    parameters: int | float = float("nan")  # how many


class Written(TypedDict):
    """The content of ``cost.json``: what was measured."""

    milliseconds: float
    parameters: Count


def measure(predictor: "Predictor", images: np.ndarray) -> Cost:
    """Time crops one at a time, on the machine as it is; the first does not count.

    Args:
        predictor: a checkpoint or a method.
        images: ``(N, 256, 256, 3)`` uint8 RGB, at least one; `TIMED` are enough.
    """
    taken = []
    for image in (images[0], *images):
        began = time.perf_counter()
        decode(predictor.generate(image[None])[0])
        taken.append(time.perf_counter() - began)
    return Cost(1000 * float(np.median(taken[1:])), predictor.parameters)


def write(folder: Path, cost: Cost) -> None:
    """Keep a cost beside what was measured; raises OSError where there is no room."""
    write_whole(folder / FILE, json.dumps(asdict(cost), indent=2).encode())


def read(folder: Path) -> Cost:
    """Return the cost that was kept; one that is missing or damaged was not measured."""
    try:
        return Cost(**read_json(folder / FILE, Written, "evaluate again"))
    except (FileNotFoundError, InputError):
        return Cost()
