"""What every reader yields: cells of pictures or whole fields, and what could not be used."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from pap_core.outlines import Outlines

_FILE_NAME = re.compile(r"[^/\\\x00-\x1f\x7f]+")  # as `pap_core.files.FileName`
_LONGEST_ID = 180  # bytes: of a file's 255, and of the 200 of `FileName`, with the source's name before it
_CLUTTER = ("__macosx",)  # folders that systems make


def visible(source: Path) -> Iterator[Path]:
    """Yield what lies below a folder but for what systems hide there."""
    for path in source.rglob("*"):
        parts = path.relative_to(source).parts
        if not any(part.startswith(".") or part.casefold() in _CLUTTER for part in parts):
            yield path


def _names_a_file(identifier: str) -> bool:
    return len(os.fsencode(identifier)) <= _LONGEST_ID and _FILE_NAME.fullmatch(identifier) is not None


@dataclass(frozen=True)
class Reviewed:
    """What reviewers and a model said of a picture: the truth of a cell that was reviewed."""

    after: Outlines  # of the cell, as the latest decision left it
    before: Outlines  # of the cell, as predicted
    # after and before, of other reviewed cells that reach into the picture
    neighbours: tuple[tuple[Outlines, Outlines], ...]
    predicted: Path  # label map of the whole picture


@dataclass(frozen=True)
class Cell:
    """One annotated cell of one picture, its truth given by two contours, a drawn mask or a review."""

    id: str  # unique in its source, fit for a file name
    category: str
    group: str  # the smear or slide: what a leak-free split keeps on one side
    image: Path
    outline: np.ndarray | None = None  # (V, 2) contour of the whole cell, nucleus included
    nucleus: np.ndarray | None = None  # (V, 2) contour of the nucleus
    mask: Path | None = None  # colour-coded mask (Herlev)
    reviewed: Reviewed | None = None
    picture: str = ""  # what the manifest calls the picture; its path from the source where that is empty
    mode: str = ""  # how to cut it, where the build leaves that to the source


@dataclass(frozen=True)
class Truth:
    """A file that tells what of a field is nucleus, cell or neither."""

    path: Path
    form: str | None = None  # of a mask, see `pap_core.mask_forms.FORMS`; None to recognise it
    kind: str = ""  # of a file of areas, see `pap_core.data.truth.documents`
    paths: tuple[str, ...] = ("",)  # in a file of areas: what it calls the picture, "" where it names none


@dataclass(frozen=True)
class Field:
    """A picture of many cells, with truth that may tell a part: it is cut into tiles."""

    id: str  # unique in its source, fit for a file name
    category: str
    group: str  # the smear or slide
    image: Path
    truths: tuple[Truth, ...]  # that tell together; without any nothing is known of it
    picture: str = ""  # as of a `Cell`


@dataclass(frozen=True)
class Skipped:
    """Something a source holds that could not be used as it is, and why."""

    id: str
    reason: str


_Annotated = TypeVar("_Annotated", Cell, Field)


@dataclass
class Reading:
    """All that a reader found in a source."""

    source: str  # "sipakmed", "herlev", "phantom", "reviews" or "mixed"
    default_mode: str  # "window", "fit", "whole" or, of fields, "tiles"
    official: dict[str, tuple[int, int]]  # category: (pictures, cells) of the published data set
    cells: list[Cell] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    found: dict[str, tuple[int, int]] = field(default_factory=dict)  # as `official`; usable or not
    sides: dict[str, str] = field(default_factory=dict)  # side of a group that has one already
    notes: list[str] = field(default_factory=list)  # what was read otherwise than it stands there

    @property
    def categories(self) -> list[str]:
        """The category of each cell and of each field."""
        return [*(one.category for one in self.cells), *(one.category for one in self.fields)]

    @property
    def groups(self) -> set[str]:
        """The smears or slides of all cells and fields."""
        return {*(one.group for one in self.cells), *(one.group for one in self.fields)}

    def files(self, source: Path) -> Iterator[Path]:
        """Yield the regular files below `source` in order; list the links that are not followed.

        What systems leave beside a person's files, as ``._001.bmp``, is passed over. A link to a file
        within `source` is that file. One that leads out of it is not read: a source that someone else
        packed must not bring in files of the machine it is unpacked on.
        """
        for path in sorted(visible(source)):
            name = path.relative_to(source).as_posix()
            if not name.isprintable():  # undecodable bytes are not printable either
                self.skipped.append(Skipped(ascii(name), f"{source}/{name!a}: rename it to plain text"))
            elif path.is_symlink() and not path.exists():
                self.skipped.append(Skipped(name, f"{path}: a link to nothing; copy the file there"))
            elif path.is_symlink() and (path.is_dir() or not path.resolve().is_relative_to(source.resolve())):
                reason = "a link to a folder or out of the source is not followed; copy what it leads to"
                self.skipped.append(Skipped(name, f"{path}: {reason}"))
            elif path.is_file():
                yield path

    def count(self, pictures: Iterable[str], cells: Iterable[str]) -> None:
        """Note what the source holds: the category of each picture and of each cell, usable or not."""
        by_picture, by_cell = Counter(pictures), Counter(cells)
        self.found = {name: (by_picture[name], by_cell[name]) for name in sorted(by_picture | by_cell)}

    def drop_twins(self) -> None:
        """Keep the first of cells, or of fields, that share an id, as a source unpacked twice has.

        The others are listed, and so are those whose id is no name of a file.
        """
        self.cells, self.fields = self._first_of_each(self.cells), self._first_of_each(self.fields)

    def _first_of_each(self, several: list[_Annotated]) -> list[_Annotated]:
        first: dict[str, _Annotated] = {}
        for one in several:
            if not _names_a_file(one.id):
                reason = "its name and its folder's make no name of a file; rename it shorter and plainer"
                self.skipped.append(Skipped(one.id, f"{one.image}: {reason}"))
                continue
            if (taken := first.setdefault(one.id, one)) is not one:
                reason = f"{one.image}: {taken.image} has a cell {one.id} too; rename or remove one of them"
                self.skipped.append(Skipped(one.id, reason))
        return list(first.values())
