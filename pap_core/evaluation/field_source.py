"""Which whole pictures are measured, and that those of a data set are still what it was built from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd

from pap_core.data import places
from pap_core.data.cutting import picture_digest
from pap_core.data.described import describe
from pap_core.data.manifest import cells as manifest
from pap_core.data.options import BuildOptions
from pap_core.data.readers.cell import Field, Skipped
from pap_core.data.readers.masks import NO_TRUTH
from pap_core.data.readers.open import below, read_source
from pap_core.data.split import TRAIN
from pap_core.data.tiles import name_of, tiles, told_of
from pap_core.errors import InputError
from pap_core.labels import NUCLEUS, OF_CELL
from pap_core.masks import read_label
from pap_core.tiling import SIZE

_DRAWN = (NUCLEUS, OF_CELL)  # which no option of a build changes


@dataclass(frozen=True)
class FieldSource:
    """Whole pictures with their truth.

    Attributes:
        name: of the folder.
        side: of the data set, "" for a folder of pictures.
        fields: the pictures.
        skipped: what lies beside them and is none.
    """

    name: str
    side: str
    fields: list[Field]
    skipped: list[Skipped] = field(default_factory=list)
    _built: Path | None = None
    _size: int = 0  # px of its tiles
    _rows: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def check(self, one: Field) -> None:
        """See that a picture and its truth are what its data set was built from.

        Raises:
            InputError: either is another one, or cannot be read.
        """
        if self._built is None:
            return
        rows = self._rows[one.id].set_index("id")
        told = told_of(one, float(rows["scale"].iloc[0]))
        if "picture" in rows and picture_digest(told.image) != rows["picture"].iloc[0]:
            raise _changed(one.image, self.name)
        for tile in tiles(told, self._size) if self.side != TRAIN else ():
            name = name_of(one, tile)
            if name in rows.index:
                built = read_label(places.label(self._built, name))
                if not np.array_equal(np.isin(tile.label, _DRAWN), np.isin(built, _DRAWN)):
                    raise _changed(one.truths[0].path, self.name)


def field_source(folder: Path, side: str | None = None, truth: str | None = None) -> FieldSource:
    """Return the fields of a data set's side, or all those of a folder of pictures with truth beside them.

    Args:
        folder: of either.
        side: of a data set, "test" or "train"; by default the former.
        truth: of a folder of pictures, as `BuildOptions.truth`.

    Raises:
        InputError: neither of both, no field on that side, the source of the data set is gone or lacks a
            picture, or what is asked of one kind of folder and is not there in the other.
    """
    if not (folder / "dataset.json").is_file():
        return _of_pictures(folder, side, truth)
    if truth:
        raise InputError(f"{folder}: a data set, whose truth is known; leave --truth out.")
    described, table = describe(folder), manifest(folder)
    asked = cast(dict, described)
    if asked.get("truth") == NO_TRUTH:
        raise InputError(f"{folder}: built without truth, expected one to measure by; name another.")
    source = Path(described["path"])
    if not source.is_dir():
        lost = f"its source {source} is gone, expected its whole pictures there; bring it back"
        if " + " in described["path"]:
            lost = f"built from several sources, {source}, expected one; measure each of these folders"
        raise InputError(f"{folder}: {lost}.")
    side = side or "test"
    options = BuildOptions(truth=asked.get("truth"), groups=asked.get("groups"))
    by_picture = dict(list(table[table["split"] == side].groupby("source")))
    source = source.resolve()
    found = {below(one, source): one for one in read_source(source, options).fields}
    if not by_picture:
        raise InputError(
            f"{folder}: no field on its {side} side; give a data set of fields, or the other side."
        )
    if gone := sorted(by_picture.keys() - found.keys()):
        raise InputError(
            f"{source / gone[0]}: gone, or without its truth, expected what {folder} was built from; bring "
            "it back, or build anew."
        )
    fields = [found[name] for name in sorted(by_picture)]
    rows = {found[name].id: one for name, one in by_picture.items()}
    return FieldSource(folder.resolve().name, side, fields, [], folder, described.get("size", SIZE), rows)


def _of_pictures(folder: Path, side: str | None, truth: str | None) -> FieldSource:
    if side:
        raise InputError(f"{folder}: pictures, which have no sides, expected a data set; leave --side out.")
    reading = read_source(folder, BuildOptions(truth=truth))
    if not reading.fields:
        reason = f" ({reading.skipped[0].reason})" if reading.skipped else ""
        raise InputError(
            f"{folder}: no pictures with truth of many cells found{reason}, expected a folder of fields."
        )
    return FieldSource(folder.resolve().name, "", reading.fields, reading.skipped)


def _changed(path: Path, name: str) -> InputError:
    return InputError(
        f"{path}: changed since {name} was built from it; bring back what it was, or build the data set anew."
    )
