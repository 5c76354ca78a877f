"""Reads pictures of many cells with truth beside them: masks, outlines or points, of nuclei, cells or both.

A picture's truth is found by its name, ``<id>_nucleus.png`` or ``<id>_cells.png`` beside ``<id>.jpg``, by its
folder, ``masks/<id>.png`` beside ``images/<id>.jpg``, or in a file that names its pictures.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from pap_core.data.readers.beside import passed_over, size, worth
from pap_core.data.readers.categories import UNKNOWN, united
from pap_core.data.readers.cell import Field, Reading, Skipped, Truth, visible
from pap_core.data.split import FIELDS
from pap_core.data.truth import documents
from pap_core.data.truth.areas import CORE
from pap_core.data.truth.naming import Assigned, assign, listed
from pap_core.data.truth.points import Row, picture_of, table
from pap_core.data.truth.read import MASKS_OF
from pap_core.errors import InputError
from pap_core.images import SUFFIXES
from pap_core.mask_forms import CELLS, NUCLEI

NO_TRUTH = "none"  # of pictures of which nothing is known
_PARTS = {"nucleus": NUCLEI, "nuclei": NUCLEI, "nuc": NUCLEI, "cell": CELLS, "cells": CELLS}
_KINDS = ("label", "labels", "mask", "masks", "seg", "segmentation", "gt", "truth", "instance", "instances")
_PICTURES = ("image", "images", "picture", "pictures", "img", "imgs", "raw")
_KIND_FOLDERS = (*_KINDS, "annotation", "annotations", "ground_truth", "groundtruth")
_LAST = re.compile(r"(?P<stem>.+)[ _.-](?P<word>[A-Za-z]+)")
_CATEGORY, _GROUP = ("category", "class", "diagnosis"), ("group", "slide", "smear", "patient")  # columns

Key = tuple[PurePosixPath, str]  # folder without those that tell what is in them, and the name of a picture


@dataclass(frozen=True)
class _File:
    """A file below the source, as its names tell it."""

    path: Path
    plain: Key  # by its own name
    key: Key  # by the name of the picture that it would tell of
    tells: bool  # that its name or its folder says that it is truth
    form: str | None  # of a mask, by its name or its folder
    kind: str = ""  # of a file of areas
    paths: tuple[str, ...] = ("",)  # what a file of areas calls the picture


@dataclass
class _Found:
    """Pictures, what tells of them, and what tables say of them."""

    pictures: dict[Key, Path]
    beside: dict[Key, list[_File]]
    rows: dict[Key, Row] = field(default_factory=dict)  # of tables

    def tell(self, file: _File, document: documents.Document) -> Iterator[str]:
        """Give a file of areas to the pictures it tells of; yield what it holds besides."""
        if document.names_pictures:
            told = assign(filter(document.areas.get, document.areas), self.pictures)
        else:  # by its own name
            keys = [key for key in (file.plain, file.key) if key in self.pictures]
            told = Assigned({key: [""] for key in keys[:1]})
        for key, paths in told.paths.items():
            self.beside[key].append(replace(file, paths=tuple(paths)))
        yield from self._left(told, document.kind)

    def say(self, table: dict[str, Row]) -> Iterator[str]:
        """Keep what a table says of pictures; yield what it holds besides."""
        told = assign(table, self.pictures)
        self.rows |= {key: table[paths[-1]] for key, paths in told.paths.items()}
        if told.paths:
            yield from self._left(told, "a table")

    def _left(self, told: Assigned, kind: str) -> Iterator[str]:
        if not told.paths and not told.unclear:
            yield f"{kind} of no picture here; put them together"
        elif told.nowhere:
            count = (
                f"{len(told.nowhere)} of the pictures that it names are"
                if told.nowhere[1:]
                else "a picture is"
            )
            yield f"{count} not here, {listed(told.nowhere)}; put them together, or leave them out"
        for path, keys in told.unclear.items():
            pictures = listed(
                [self.pictures[key].parent.name + "/" + self.pictures[key].name for key in keys]
            )
            yield f"{path} may be {pictures}, expected one; name it with its folder"


def recognise(source: Path) -> bool:
    """Tell whether a folder holds pictures with truth beside them."""
    files = [_file(path, source) for path in visible(source) if _is_picture(path)]
    pictures = {one.plain for one in files if not one.tells}
    if any(one.tells and one.key in pictures for one in files):
        return True
    return bool(files) and any(_is_document(path) for path in filter(documents.is_one, visible(source)))


def read(source: Path, truth: str | None = None, groups: str | None = None) -> Reading:
    """Read the pictures below `source` that have truth.

    The category is the folder, or the column of a table of the pictures (``image``, ``category``, ``slide``);
    the group is that table's column, the inner of two folders, what a pattern finds in the picture's name, or
    else the picture itself.

    Args:
        source: folder.
        truth: "nucleus" or "cell": what masks and areas are of where nothing tells it; "none": the pictures
            have none, and are taken all the same.
        groups: regular expression, whose first group in a picture's name is the slide; one with a slash is
            searched in its path, as ``Metaplastic/012_03``.

    Raises:
        InputError: a pattern that is none.
    """
    source = source.resolve()
    reading = Reading(source=FIELDS, default_mode="tiles", official={})
    pattern = _pattern(groups)
    files = list(reading.files(source))
    found = _pairs([_file(path, source) for path in files if _is_picture(path)], reading)
    for path in filter(documents.is_one, files):
        _read_document(path, source, truth, found, reading)
    if truth == NO_TRUTH:
        found.beside = {key: [] for key in found.pictures}
    names = {key: _category(key, found.rows.get(key, {})) for key in found.beside}
    categories, reading.notes = united(names.values(), ())
    how_grouped: Counter[str] = Counter()
    for key in sorted(found.beside, key=lambda one: (one[0].as_posix(), one[1])):
        group, how = _group(key, found.rows.get(key, {}), pattern)
        how_grouped[how] += 1
        identifier = "_".join([*key[0].parts, key[1]])
        truths = tuple(
            Truth(one.path, one.form or MASKS_OF.get(truth or ""), one.kind, one.paths)
            for one in sorted(found.beside[key], key=lambda one: one.path)
        )
        reading.fields.append(
            Field(identifier, categories[names[key]], group or identifier, found.pictures[key], truths)
        )
    reading.skipped += [
        Skipped(path.stem, f"{path}: no truth found, by its name or in a file that names it")
        for key, path in found.pictures.items()
        if key not in found.beside
    ]
    reading.drop_twins()
    counted = [one.category for one in reading.fields]
    reading.count(counted, counted)
    reading.notes += [*_said(reading.fields), *_said_of_groups(how_grouped)]
    return reading


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


def _file(path: Path, source: Path) -> _File:
    """Tell by its names what a picture may be the truth of."""
    folders, form, tells = [], None, False
    for folder in path.relative_to(source).parts[:-1]:
        word = folder.casefold()
        if word in _PARTS or word in _KIND_FOLDERS:
            form, tells = _PARTS.get(word, form), True
        elif word not in _PICTURES:
            folders.append(folder)
    stem, below = path.stem, PurePosixPath(*folders)
    for words in (_KINDS, _PARTS):  # as in 12_nucleus_mask
        match = _LAST.fullmatch(stem)
        if match and match["word"].casefold() in words:
            stem, tells = match["stem"], True
            form = _PARTS.get(match["word"].casefold(), form)
    return _File(path, (below, path.stem), (below, stem), tells, form)


def _pairs(files: Sequence[_File], reading: Reading) -> _Found:
    """Tell pictures from their masks; where several files have a picture's name the largest is it."""
    named = {one.plain for one in files if not one.tells}
    beside: dict[Key, list[_File]] = defaultdict(list)
    candidates: dict[Key, list[Path]] = defaultdict(list)
    for one in files:
        if one.tells and one.key in named:
            beside[one.key].append(one)
        else:
            candidates[one.plain].append(one.path)
    pictures = {}
    for key, paths in candidates.items():
        sizes = {path: size(path) for path in paths} if len(paths) > 1 else {}
        chosen = max(paths, key=lambda path: worth(path, sizes[path])) if sizes else paths[0]
        reading.skipped += passed_over(paths, chosen, sizes) if sizes else []
        pictures[key] = chosen
    return _Found(pictures, beside)


def _read_document(path: Path, source: Path, truth: str | None, found: _Found, reading: Reading) -> None:
    """Give a file's areas to the pictures it tells of, or keep what a table says of them."""
    name = path.relative_to(source).as_posix()
    try:
        document = documents.parse_file(path, truth)
        left: list[str] = []
        if document is not None:
            left += found.tell(replace(_file(path, source), kind=document.kind), document)
        if path.suffix.lower() == ".csv":
            left += found.say(_table(path))
        reading.skipped += [Skipped(name, f"{path}: {one}") for one in dict.fromkeys(left)]
    except InputError as error:
        reading.skipped.append(Skipped(name, str(error)))


def _table(path: Path) -> dict[str, Row]:
    """Return what a table says of pictures, by their paths: what all rows of a picture say alike."""
    found: dict[str, Row] = {}
    for _, row in table(path.read_bytes(), path.name):
        said = {name: row[name] for name in (*_CATEGORY, *_GROUP) if name in row}
        if (picture := picture_of(row)) and said:
            before = found.setdefault(picture, said)
            found[picture] = {name: text for name, text in before.items() if said.get(name) == text}
    return found


def _is_document(path: Path) -> bool:
    """Tell whether a file is one of areas, or meant to be one: what is wrong with it the reading tells."""
    try:
        return path.is_file() and documents.parse_file(path, CORE) is not None
    except InputError:
        return True
    except OSError:
        return False


def _category(key: Key, row: dict[str, str]) -> str:
    told = next((row[name].strip() for name in _CATEGORY if row.get(name, "").strip()), None)
    return told or (key[0].parts[0] if key[0].parts else UNKNOWN)


def _group(key: Key, row: dict[str, str], pattern: re.Pattern | None) -> tuple[str | None, str]:
    """Return the slide of a picture, None for its own, and by what it is known."""
    if told := next((row[name].strip() for name in _GROUP if row.get(name, "").strip()), None):
        return told, "by the table"
    if pattern:
        match = pattern.search((key[0] / key[1]).as_posix() if "/" in pattern.pattern else key[1])
        if match and match[1]:
            return match[1].replace("/", "_"), "by the pattern"
        return None, "without the pattern"
    if len(key[0].parts) > 1:
        return "_".join(key[0].parts[1:]), "by their folder"
    return None, "of their own"


def _pattern(text: str | None) -> re.Pattern | None:
    if text is None:
        return None
    try:
        pattern = re.compile(text)
        if pattern.groups:
            return pattern
        reason = "no group in it"
    except re.error as error:
        reason = str(error)
    raise InputError(
        f"groups {text!r}: {reason}, expected a regular expression with a group, as '^(\\d+)_'; correct it."
    )


def _said(fields: Sequence[Field]) -> Iterator[str]:
    """Say back what was recognised."""
    counts = Counter(tuple(sorted({_told(truth) for truth in one.truths})) for one in fields)
    if none := counts.pop((), 0):
        yield f"{none} pictures without truth: pseudo-label tells what a checkpoint is sure of in them"
    for told, count in sorted(counts.items()):
        kinds, rest = zip(*told, strict=True)
        yield f"{count} pictures with {' and '.join(kinds)}" + "".join(
            f"; {one}" for one in dict.fromkeys(rest) if one and len(told) == 1
        )


def _told(truth: Truth) -> tuple[str, str]:
    """Return what a truth is called, and what is known of the rest of its picture."""
    if truth.kind:
        points = truth.kind == documents.POINTS
        return (truth.kind, "all else is unknown") if points else (f"outlines in {truth.kind}", "")
    kind = {NUCLEI: "nucleus masks", CELLS: "cell masks"}.get(truth.form or "", "masks of classes")
    rest = {
        NUCLEI: "the rest of each is 'not a nucleus'",
        CELLS: "in a cell, nucleus and cytoplasm are not told apart",
    }
    return kind, rest.get(truth.form or "", "")


def _said_of_groups(how: Counter[str]) -> Iterator[str]:
    for name, count in sorted(how.items()):
        if name in ("of their own", "without the pattern"):
            yield f"{count} pictures are taken for slides of their own, since nothing tells their slide"
        else:
            yield f"the slides of {count} pictures are known {name}"
