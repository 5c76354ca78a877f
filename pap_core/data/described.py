"""What a data set folder says of itself, read without torch: its ``dataset.json``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from pap_core.errors import InputError
from pap_core.files import Count, Damaged, FileName, Number, read_as_written
from pap_core.workspace import datasets

FILE = "dataset.json"
_Pair = Annotated[list[Count], msgspec.Meta(min_length=2, max_length=2)]  # of pictures and cells


class PseudoLabels(TypedDict):
    """Which checkpoints told what the truth left open; see `pap_core.inference.teachers`."""

    of: FileName  # digest of the data set that was copied
    checkpoints: dict[str, str]  # digests of their weights, and names
    sure: Number
    only: NotRequired[Literal["nuclei", "background"] | None]  # of the classes
    one_cell: NotRequired[bool]  # each crop is of one cell, which has one nucleus
    nuclei_only: NotRequired[bool]  # so said before
    before: NotRequired["PseudoLabels"]  # of the data set that was copied


class Described(TypedDict, total=False):
    """The content of ``dataset.json``; older versions left some of it out."""

    format: Literal[1]  # a later one may mean something else
    source: str
    path: str
    mode: str
    form: str | None
    split: str
    test_share: Number
    seed: Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    border: Count
    neighbours: bool
    size: Annotated[int, msgspec.Meta(ge=1, le=2**20)]  # px
    beside: list[str]  # digests
    reviews: list[str]  # digests
    crops: Count
    sides: dict[str, Count]
    categories: dict[str, Count]
    pictures: dict[str, Count]
    official: dict[str, _Pair]
    found: dict[str, _Pair]
    full_download: bool
    skipped: Count
    clipped: Count
    doubtful: Count
    turned: Count
    remarked: Count
    united: list[Annotated[list[str], msgspec.Meta(min_length=1)]]  # groups that share pictures
    notes: list[str]
    settled: dict[str, Count]
    pseudo_labels: PseudoLabels
    digest: FileName  # evaluations are called by it


def located(recorded: Path, digest: str) -> Path:
    """Return where a data set is that a run or a comparison recorded, though the workspace was moved since.

    Args:
        recorded: the folder it was in, as an absolute path.
        digest: of the data set.

    Returns:
        The recorded folder while a data set is there; else the folder of that name in this workspace if its
        data set has that digest; else the recorded folder again, for the caller to say that it is gone.
    """
    moved = datasets() / recorded.name
    if (recorded / FILE).exists():
        return recorded
    try:
        return moved.resolve() if read(moved, ("digest",))["digest"] == digest else recorded
    except (FileNotFoundError, InputError):
        return recorded


def describe(folder: Path, needed: Sequence[str] = ()) -> Described:
    """Return the content of a data set folder's ``dataset.json``.

    Args:
        folder: of the data set.
        needed: what it has to say.

    Raises:
        InputError: the folder is no finished data set, or of another version.
    """
    try:
        return read(folder, needed)
    except FileNotFoundError:
        raise InputError(
            f"{folder}: no dataset.json found, so this is no finished data set; make one with "
            "'python -m pap_core build SOURCE OUT'."
        ) from None
    except Damaged as error:
        raise InputError(f"{folder}/{FILE}: cannot be read ({error.reason}); build it again.") from None


def read(folder: Path, needed: Sequence[str] = ()) -> Described:
    """Return what `describe` does.

    Raises:
        FileNotFoundError: there is no ``dataset.json``.
        Damaged: it cannot be read, does not fit `Described`, or lacks what is needed.
    """
    remedy = "build it again"
    found = read_as_written(folder / FILE, Described, remedy)
    if missing := [name for name in needed if name not in found]:
        raise Damaged(str(folder / FILE), f"no {missing[0]}", remedy)
    return found
