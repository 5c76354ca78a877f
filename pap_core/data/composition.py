"""What a finished data set is made of: counts, sides, what was skipped, and each cell's crop."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd

from pap_core.data import described as description
from pap_core.data import manifest
from pap_core.data.split import TEST, TRAIN
from pap_core.errors import InputError
from pap_core.files import Damaged
from pap_core.images import read_image
from pap_core.masks import read_label
from pap_core.tables import read_table

_NEEDED = ("source", "path", "mode", "split", "seed", "found", "official", "full_download", "skipped")
_COLUMNS = ("source", "background", "cytoplasm", "nucleus", "ignore")


class SkippedRow(TypedDict):
    """A row of ``skipped.csv``."""

    id: str  # of a cell, or the name of a file
    reason: str


@dataclass(frozen=True)
class Composition:
    """A finished data set folder, its pictures left where they are."""

    folder: Path
    described: description.Described  # dataset.json
    cells: pd.DataFrame  # manifest.csv, a row a crop
    skipped: pd.DataFrame  # skipped.csv: id, reason; with the reason's kind

    @property
    def name(self) -> str:
        """The name of the folder."""
        return self.folder.name

    @property
    def group_word(self) -> str:
        """What a group of cells is: a smear, or a slide that several pictures were taken of."""
        return "slide" if self.described["source"] == "herlev" else "smear"


def read(folder: Path) -> Composition:
    """Read a data set folder.

    Raises:
        InputError: it is gone, no finished data set, or of another version.
    """
    try:
        described = description.read(folder)
        cells = manifest.read(folder)
        skipped = read_table(folder / "skipped.csv", SkippedRow, "build it again")
    except FileNotFoundError as error:
        what = f"{Path(error.filename).name} is missing in it" if folder.is_dir() else "it is no longer there"
        raise InputError(
            f"{folder.name}: {what}, so this is no finished data set; choose another, or build it again."
        ) from None
    except Damaged as error:
        raise InputError(
            f"{folder.name}: cannot be read ({error.file}: {error.reason}); build it again."
        ) from None
    missing = [name for name in (*_NEEDED, "digest") if name not in described]
    missing += [name for name in _COLUMNS if name not in cells]
    if missing or cells.empty:
        found = f"without {missing[0]}" if missing else "without a crop"
        raise InputError(f"{folder.name}: a data set {found}, as this version makes none; build it again.")
    prefix = described["path"].rstrip("/") + "/"
    reasons = [reason.replace(prefix, "") for reason in skipped["reason"]]
    kinds = [kind(identifier, reason) for identifier, reason in zip(skipped["id"], reasons, strict=True)]
    return Composition(folder, described, cells, skipped.assign(reason=reasons, kind=kinds))


def counts(composition: Composition) -> pd.DataFrame:
    """Return a row a category: what the source holds beside the official numbers, and what became of it.

    Columns `pictures`, `cells`, and the same with ``official_`` before where the source has official
    numbers; `crops`, `train`, `test`. Pictures and cells are counted usable or not.
    """
    found, official = composition.described["found"], composition.described["official"]
    sides = pd.crosstab(composition.cells["category"], composition.cells["split"])
    rows = []
    for category in [*official, *(name for name in found if name not in official)]:
        train, test = (int(sides[side].get(category, 0)) if side in sides else 0 for side in (TRAIN, TEST))
        row: dict[str, str | int] = {"category": category}
        for number, what in enumerate(("pictures", "cells")):
            row[what] = found.get(category, (0, 0))[number]
            if official:
                row[f"official_{what}"] = official.get(category, (0, 0))[number]
        rows.append(row | {"crops": train + test, "train": train, "test": test})
    return pd.DataFrame(rows)


def groups(cells: pd.DataFrame) -> pd.DataFrame:
    """Return a row a smear or slide, the largest first: `group`, and its crops in `train` and `test`."""
    sides = pd.crosstab(cells["group"], cells["split"]).reindex(columns=[TRAIN, TEST], fill_value=0)
    order = sides.sum(axis=1).sort_values(ascending=False, kind="stable").index
    return sides.loc[order].rename_axis(columns=None).reset_index()


def kind(identifier: str, reason: str) -> str:
    """Return what a reason has in common with others: without the file, the cell, and the figures.

    >>> kind("im_001_02", "im/001.bmp: the 256 × 256 window around the nucleus of im_001_02 leaves the "
    ...      "600 × 500 image; mode fit would keep the cell.")
    'the … × … window around the nucleus of this cell leaves the … × … image'
    """
    said = reason.replace(identifier, "this cell") if identifier else reason
    place, separator, rest = said.partition(": ")
    if separator and ("/" in place or "." in place or place == "this cell"):
        said = rest
    said = said.partition(";")[0].rstrip(".")
    said = re.sub(r"(?<!\w)'[^']*'|\S+\.\w{2,4}(?=[\s:,]|$)", "…", said)
    return re.sub(r"\d+(?:[.,]\d+)*%?", "…", said)


def crop(composition: Composition, identifier: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the crop of a cell.

    Returns:
        ``(S, S, 3)`` uint8 picture and ``(S, S)`` uint8 label map.

    Raises:
        InputError: a file is missing or damaged, or the data set is gone.
    """
    if Path(identifier).name != identifier:
        raise InputError(f"{identifier!r}: no id of a cell; build {composition.name} again.")
    if not composition.folder.is_dir():
        raise InputError(f"{composition.name}: the data set is no longer there; choose another.")
    file = f"{identifier}.png"
    image = read_image(composition.folder / "images" / file, f"{composition.name}/images/{file}")
    label = read_label(composition.folder / "labels" / file, f"{composition.name}/labels/{file}")
    if label.shape != image.shape[:2]:
        raise InputError(f"{composition.name}: {file} has a label of another size; build it again.")
    return image, label
