"""Segments files: for each picture a label map, a colour map, an overlay, and the cells in one table."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from pap_core.errors import InputError
from pap_core.export import Origin, cells_png, cells_table, label_png, map_png, nuclei_png, overlay_png
from pap_core.export.formats import FORMATS, Result
from pap_core.export.pictures import SOURCE
from pap_core.files import write_whole
from pap_core.images import png_bytes, read_picture
from pap_core.inference.found import Found, Wanted, find_pictures
from pap_core.inference.names import apart, readable, writable
from pap_core.inference.scale import choose
from pap_core.inference.segmenter import Segmenter
from pap_core.inference.table import CELLS, CellsTable, opened
from pap_core.jobs.signals import put_off
from pap_core.measurement import measure
from pap_core.model.catalogue import display_name
from pap_core.model.memory import is_short, release

__all__ = [
    "CELLS",
    "Found",
    "Outcome",
    "Wanted",
    "Wishes",
    "find_pictures",
    "predict",
    "readable",
    "uncertainty_picture",
]

_PARTS = ("label", "map", "overlay", "nuclei", "cells", "uncertainty")
_ENDINGS = (*(f"_{part}.png" for part in _PARTS), *(ending for ending, _ in FORMATS.values()))
_OF_ALL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # with these no other picture can be written either


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    path: Path
    kind: str | None = None  # "crop" or "smear"
    scale: float | None = None
    cells: int | None = None
    error: str | None = None
    results: str | None = None  # how the names of its result files begin, and what `cells.csv` calls it by
    remarks: tuple[str, ...] = ()  # what a person should know of how it was read
    pixel_size: float | None = None  # µm per px, where the file or a person tells it


@dataclass(frozen=True)
class Wishes:
    """How a person wants pictures read, and what is to be written of them."""

    kind: str | None = None  # "crop" or "smear"; None decides by the picture
    scale: float | None = None  # network px per image px, which reads a picture as a smear; None to choose it
    pixel_size: float | None = None  # µm per px, in place of what a file tells
    uncertainty: bool = False  # also sample the dropout
    exports: tuple[str, ...] = ()  # of `FORMATS`


def predict(
    segmenter: Segmenter,
    pictures: Sequence[Wanted],
    output: Path,
    wishes: Wishes | None = None,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Segment pictures into a folder, new or with the results of others.

    For each ``<stem>.<ext>``: ``<stem>_label.png`` (0, 1, 2, the size of the picture), ``<stem>_map.png``,
    ``<stem>_overlay.png``, ``<stem>_nuclei.png`` and ``<stem>_cells.png`` (16 bit, 0 for none, else the
    number in the table); on request ``<stem>_uncertainty.png`` and what other programs read, the same bytes
    as the Segment page's; and one ``cells.csv`` for all. Those of a picture that was done before are
    replaced. Where results of another one have the name already, or a name cannot be written as it is, a
    digest is added to it. Whatever is wrong with one picture is told in its outcome, and the others are done.

    Args:
        segmenter: the model.
        pictures: see `find_pictures`.
        output: made if missing.
        wishes: see `Wishes`.
        progress: called with each outcome.

    Raises:
        InputError: the output cannot be written, or would overwrite one of the pictures.
    """
    _keep_apart(pictures, output)
    outcomes = []
    try:
        output.mkdir(parents=True, exist_ok=True)
        if not os.access(output, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "no right to write there")
        with opened(output) as table:
            for picture in pictures:
                outcomes.append(_outcome(segmenter, picture, output, table, wishes or Wishes()))
                if progress:
                    progress(outcomes[-1])
    except OSError as error:
        raise InputError(
            f"{output}: could not be written ({error.strerror}); make room there or choose another folder."
        ) from error
    return outcomes


def _outcome(
    segmenter: Segmenter,
    picture: Wanted,
    output: Path,
    table: CellsTable,
    wishes: Wishes,
) -> Outcome:
    """Segment a picture, whatever comes of it; raises OSError where no other could be written either."""
    name = readable(picture.path)
    try:
        return _segment(segmenter, picture, output, table, wishes)
    except InputError as error:
        said = str(error)
    except Exception as error:  # one picture never ends a batch
        if isinstance(error, OSError) and error.errno in _OF_ALL:
            raise
        if is_short(error):
            release()
            said = "needs more memory than there is; cut it into parts or reduce it."
        elif isinstance(error, OSError):
            said = f"could not be read, or its results written ({error.strerror}); give it another place."
        else:
            reason = (str(error).splitlines() or [""])[0]
            said = (
                f"could not be segmented ({type(error).__name__}: {reason}); save or copy the picture again."
            )
    return Outcome(picture.path, error=said if said.startswith(name) else f"{name}: {said}")


def _segment(
    segmenter: Segmenter,
    picture: Wanted,
    output: Path,
    table: CellsTable,
    wishes: Wishes,
) -> Outcome:
    path, name = picture.path, readable(picture.path)
    if picture.fault:
        raise InputError(f"{name}: {picture.fault}")
    if path.exists() and not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
        raise InputError(f"{name}: no regular file, expected a picture; copy it into one.")
    read = read_picture(path, name)
    image = read.pixels
    pixel_size = wishes.pixel_size or read.pixel_size
    kind, scale = choose(segmenter, image, wishes.kind, wishes.scale, pixel_size)
    found = segmenter.segment(image, kind, scale)
    rows, cells = measure(image, found.label, found.scale)
    source = _source(path)
    results, remarks = _results(output, picture, source), read.remarks
    if results != (plain := _plain(picture)):
        remarks = (*remarks, f"results of another picture are called {plain} here, its own {results}")
    shown = readable("/".join([*picture.folder, path.name]))
    origin = Origin(shown, display_name(segmenter.checkpoint.folder), segmenter.digest, source)
    parts = {
        "label": label_png(found.label, origin),
        "map": map_png(found.label, origin),
        "overlay": overlay_png(image, found.label, origin),
        "nuclei": nuclei_png(found.label, cells, origin),
        "cells": cells_png(cells, origin),
    }
    if wishes.uncertainty:
        parts["uncertainty"] = png_bytes(uncertainty_picture(segmenter.uncertainty(image, kind, scale)))
    files = {f"_{part}.png": content for part, content in parts.items()}
    result = Result(image, found.label, cells, rows, replace(origin, source=""), path.stem)
    for ending, write in (FORMATS[name] for name in wishes.exports):
        files[ending] = write(result)
    with put_off():  # all of a picture, or none
        (output / results).parent.mkdir(parents=True, exist_ok=True)
        for ending, content in files.items():
            write_whole(output / f"{results}{ending}", content)
        table.put(results, cells_table(rows, origin))
    return Outcome(path, kind, scale, len(rows), None, results, remarks, pixel_size)


def _plain(picture: Wanted) -> str:
    """Return how a picture's results are called where nothing is in the way."""
    return "/".join(writable(part) for part in (*picture.folder, picture.path.stem))


def _source(path: Path) -> str:
    """Return what tells a picture from others: the digests of its content and of where it lies."""
    with open(path, "rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    place = hashlib.sha256(os.fsencode(os.path.abspath(path))).hexdigest()
    return f"{content[:16]} {place[:16]}"


def _results(output: Path, picture: Wanted, source: str) -> str:
    """Return how the results of a picture are called, so that none of another picture are written over."""
    plain = results = _plain(picture)
    folder, _, stem = plain.rpartition("/")
    attempt = 0
    while _of_another(output, results, picture, source):
        digest = hashlib.sha256(f"{source.split()[0]} {attempt}".encode()).hexdigest()
        results = f"{folder}/{apart(stem, digest)}" if folder else apart(stem, digest)
        attempt += 1
    return results


def _of_another(output: Path, results: str, picture: Wanted, source: str) -> bool:
    """Tell whether there are files of a name already that are not of this picture as it is or was."""
    label = output / f"{results}_label.png"
    if not any(os.path.lexists(output / f"{results}{ending}") for ending in _ENDINGS):
        return False
    try:
        with Image.open(label, formats=["PNG"]) as written:
            told = {name: text for name, text in written.info.items() if isinstance(text, str)}
    except (OSError, SyntaxError, ValueError):
        return True
    if SOURCE not in told:  # an earlier version went by the name alone
        return told.get("Picture") != picture.path.name
    return not set(told[SOURCE].split()) & set(source.split())


def _keep_apart(pictures: Sequence[Wanted], output: Path) -> None:
    """Refuse to write over what is to be read."""
    written = {
        os.path.realpath(output / f"{_plain(picture)}{ending}"): picture.path
        for picture in pictures
        for ending in _ENDINGS
    }
    for path in (picture.path for picture in pictures):
        if (other := written.get(os.path.realpath(path))) is not None:
            raise InputError(
                f"{readable(path)}: the results of {readable(other)} would overwrite it; choose another "
                "output folder."
            )


def uncertainty_picture(spread: np.ndarray) -> np.ndarray:
    """Turn a standard deviation of 0 to 0.5 into grey levels of 0 to 255."""
    return (spread * 510).round().clip(0, 255).astype(np.uint8)
