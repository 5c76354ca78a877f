"""What is in the files of a run folder, for whoever writes and whoever reads them."""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

import msgspec

from pap_core.data.described import PseudoLabels
from pap_core.files import Count, Moment, PathText, fitting, parse_as_written
from pap_core.jobs import status

_Positive = Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]


class OfDataset(TypedDict):
    """A data set that a run learns from, as it was when the run was made."""

    folder: PathText
    digest: str
    source: NotRequired[str]
    mode: NotRequired[str | None]
    split: NotRequired[str]
    seed: NotRequired[int]
    crops: NotRequired[Count]
    sides: NotRequired[dict[str, Count]]
    weight: NotRequired[Annotated[float, msgspec.Meta(gt=0)]]  # by which data sets share the draws
    pseudo_labels: NotRequired[PseudoLabels]


class Chosen(TypedDict, total=False):
    """What is read of a run's configuration without torch; all of it is `TrainConfig`'s."""

    preset: str
    epochs: _Positive
    batch: _Positive


class Settings(TypedDict):
    """The content of ``config.json``."""

    config: Chosen
    datasets: Annotated[list[OfDataset], msgspec.Meta(min_length=1)]


class Told(status.Told, total=False):
    """The content of ``status.json``."""

    state: Literal["queued", "running", "stopped", "finished", "failed"]
    epoch: Count
    epochs: Count
    step: Count
    steps: Count
    best: Annotated[float, msgspec.Meta(ge=-1, le=1)] | None  # below 0 before the first
    note: str | None
    started: Moment
    since: Moment  # when the process at work began to train, and the step from which
    since_step: Count
    stepped: Moment  # when its step was told
    phase: str
    to_evaluate: bool


class Row(TypedDict):
    """A line of ``metrics.jsonl``; what else is in it is a number, NaN where that is what was computed."""

    kind: str  # "step", "validation", "note"
    step: Count
    text: NotRequired[str]
    images_per_second: NotRequired[Annotated[float, msgspec.Meta(gt=0)]]


def parse_row(line: bytes | str) -> dict[str, Any]:
    """Return a line of ``metrics.jsonl``; raises InputError where it is none."""
    name, remedy = "metrics.jsonl", "it is left out"
    row = parse_as_written(line, Row, remedy, name)
    fitting({key: row[key] for key in row.keys() - {"kind", "text"}}, dict[str, float], remedy, name)
    return row
