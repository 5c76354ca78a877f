"""The cells of a data set folder: its ``manifest.csv``, a row a crop."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec
import pandas as pd

from pap_core.data.extent import Extent
from pap_core.data.likeness import PATTERN
from pap_core.errors import InputError
from pap_core.files import Count, Damaged, FileName, Number
from pap_core.tables import read_table

FILE = "manifest.csv"


class Row(TypedDict):
    """A row of ``manifest.csv``; what is not required is not there in what other programs made."""

    id: FileName  # of the crop: its files are called by it
    category: str
    group: str
    split: Literal["train", "test"]
    source: NotRequired[str]
    x0: NotRequired[Number]
    y0: NotRequired[Number]
    scale: NotRequired[Number]
    left: NotRequired[Count]  # of the part that is picture, px of the crop; see `Extent`
    top: NotRequired[Count]
    right: NotRequired[Count]
    bottom: NotRequired[Count]
    background: NotRequired[Count]
    cytoplasm: NotRequired[Count]
    nucleus: NotRequired[Count]
    ignore: NotRequired[Count]
    digest: NotRequired[str]
    picture: NotRequired[str]  # digest of the pixels of the picture that the crop is of
    likeness: NotRequired[Annotated[str, msgspec.Meta(pattern=PATTERN)]]  # of that picture


def cells(folder: Path, needed: Sequence[str] = ()) -> pd.DataFrame:
    """Return the rows of a data set folder's ``manifest.csv``.

    Args:
        folder: of the data set.
        needed: columns that have to be there beside the required ones.

    Raises:
        InputError: it is missing or damaged, or an id cannot be that of files in the folder.
    """
    try:
        return read(folder, needed)
    except FileNotFoundError:
        raise InputError(f"{folder}: {FILE} is missing; build the data set again.") from None
    except Damaged as error:
        raise InputError(
            f"{folder}/{FILE}: cannot be read ({error.reason}), expected that of a finished data set; build "
            "it again."
        ) from None


def read(folder: Path, needed: Sequence[str] = ()) -> pd.DataFrame:
    """Return what `cells` does.

    Raises:
        FileNotFoundError: there is no ``manifest.csv``.
        Damaged: it cannot be read, or does not fit `Row`.
    """
    remedy = "build it again"
    table = read_table(folder / FILE, Row, remedy, needed=needed)
    twice = table["id"].duplicated()
    if twice.any():
        raise Damaged(str(folder / FILE), f"id {table['id'][twice].iloc[0]!r} twice", remedy)
    return table


def extent_of(folder: Path, identifier: str, shape: tuple[int, ...]) -> Extent:
    """Look up what of a crop is picture.

    Args:
        folder: of the data set.
        identifier: of the crop.
        shape: ``(H, W, …)`` of the crop.

    Raises:
        InputError: the manifest is gone or damaged, or has no such crop.
    """
    rows = cells(folder)
    rows = rows[rows["id"] == identifier].to_dict("records")
    if not rows:
        raise InputError(f"{folder}/{FILE}: no crop {identifier} in it; build the data set again.")
    return Extent.of(rows[0], shape)
