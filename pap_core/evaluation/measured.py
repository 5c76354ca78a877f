"""What an evaluation writes: the schemas of its table by image and of its summary, without torch."""

from typing import Annotated, NotRequired, TypedDict

import msgspec

from pap_core.evaluation.published import PUBLISHED
from pap_core.files import Count, FileName

TABLE, NUCLEI, SUMMARY = "per_image.csv", "nuclei.csv", "summary.json"
PROTOCOL = "strict"  # by which checkpoints and runs are told apart
METRICS = (*PUBLISHED["nucleus"], "dice")
OUTLINES = ("boundary_mean", "boundary_95")  # px, between the outlines of pairs; which are no sums
OF_OBJECTS = ("f1", "precision", "recall", "count_error", "aji", "panoptic_quality", *OUTLINES)

_Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
_Amount = Annotated[float, msgspec.Meta(ge=0)]

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


class MatchedRow(TypedDict):
    """A row of ``nuclei.csv``: None where the truth of a crop tells nothing of nuclei."""

    id: FileName
    category: str
    group: str
    nuclei_predicted: _Amount | None
    nuclei_true: _Amount | None
    nuclei_pairs: _Amount | None
    nuclei_iou: _Amount | None  # summed over the pairs
    nuclei_intersection: _Amount | None  # px, as AJI adds it up
    nuclei_union: _Amount | None
    nuclei_boundary_mean: _Amount | None  # px
    nuclei_boundary_95: _Amount | None


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


class Objects(TypedDict):
    """All of `OF_OBJECTS`."""

    f1: Figures
    precision: Figures
    recall: Figures
    count_error: Figures
    aji: Figures
    panoptic_quality: Figures
    boundary_mean: Figures
    boundary_95: Figures


class Part(TypedDict):
    """All images, or those of a category."""

    crops: Count
    groups: Count
    protocols: dict[str, Classes]  # `PROTOCOL` among them
    nuclei: NotRequired[Objects]  # evaluations of before they were matched have none
    nuclei_together: NotRequired[dict[str, float | None]]  # of all crops added up


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
    pseudo_labels: NotRequired[bool]  # whether they are taken for truth


class Summary(Part):
    """The content of ``summary.json``."""

    checkpoint: OfCheckpoint
    dataset: OfDataset
    categories: dict[str, Part]


class OfPictures(TypedDict):
    """On which whole pictures it was measured."""

    folder: str
    side: str


class PixelFigures(TypedDict):
    """A class by pixels, over whole pictures."""

    jaccard: Figures
    dice: Figures


class FieldsSummary(TypedDict):
    """The content of ``fields.json``."""

    checkpoint: OfCheckpoint
    dataset: OfPictures
    fields: Count
    groups: Count
    nucleus: PixelFigures
    nuclei: Objects
    cell: NotRequired[dict[str, Figures]]
    nuclei_of_cells: NotRequired[dict[str, Figures]]  # evaluations of before they were counted have none
    marked_nuclei: NotRequired[dict[str, Figures]]
