"""What an evaluation writes: the schemas of its table by image and of its summary, without torch."""

from typing import Annotated, NotRequired, TypedDict

import msgspec

from pap_core.evaluation.published import PUBLISHED
from pap_core.files import Count, FileName

TABLE, SUMMARY = "per_image.csv", "summary.json"
PROTOCOL = "strict"  # by which checkpoints and runs are told apart
METRICS = (*PUBLISHED["nucleus"], "dice")

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]

Row = TypedDict(
    "Row",
    {
        "id": FileName,  # of the crop: its prediction is called by it
        "category": str,
        "group": str,
        "protocol": str,
        "class": str,
        "tp": Count,
        "fp": Count,
        "fn": Count,
        "tn": Count,
        "accuracy": _Share | None,  # None where it is undefined, as of all `METRICS`
        "precision": _Share | None,
        "sensitivity": _Share | None,
        "specificity": _Share | None,
        "jaccard": _Share | None,
        "dice": NotRequired[_Share | None],  # evaluations of before it was measured have none
        "nucleus_area": Count,
    },
)
"""A row of ``per_image.csv``."""


class Figures(TypedDict):
    """One metric of one class over images."""

    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    undefined: Count


class Metrics(TypedDict):
    """All `METRICS` of one class."""

    accuracy: Figures
    precision: Figures
    sensitivity: Figures
    specificity: Figures
    jaccard: Figures
    dice: NotRequired[Figures]


class Classes(TypedDict):
    """Each class, and both together."""

    nucleus: Metrics
    cytoplasm: Metrics
    both: Metrics


class Part(TypedDict):
    """All images, or those of a category."""

    crops: Count
    groups: Count
    protocols: dict[str, Classes]  # `PROTOCOL` among them


class OfCheckpoint(TypedDict):
    """What was measured."""

    folder: str
    digest: FileName


class OfDataset(TypedDict):
    """On what it was measured."""

    folder: str
    source: str
    digest: FileName
    split: str
    seed: int
    side: str


class Summary(Part):
    """The content of ``summary.json``."""

    checkpoint: OfCheckpoint
    dataset: OfDataset
    categories: dict[str, Part]
