"""Cuts the crops of a whole source, on all cores, so that it can be stopped and started again."""

import hashlib
import json
import os
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import asdict
from multiprocessing import parent_process
from pathlib import Path
from typing import TypedDict

import numpy as np

from pap_core.data import digests
from pap_core.data.crop import CUTS, label_map
from pap_core.data.extent import Extent
from pap_core.data.likeness import likeness
from pap_core.data.places import FOLDERS
from pap_core.data.readers.cell import Cell, Field, Reading, Skipped
from pap_core.data.readers.fitting import doubts, fitted
from pap_core.data.tiles import name_of, stamps_of, tiles, told_of
from pap_core.errors import InputError
from pap_core.files import Count, FileName, Number, parse_as_written, write_whole
from pap_core.images import png_bytes
from pap_core.jobs.pool import spread
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS, colour_map

_JOURNAL = "unfinished.jsonl"
_VERSION = b"3"  # of what a journal tells of a picture
_LITTLE = 4_000_000  # bytes of pictures that are cut before a worker would have started, which takes seconds


class CutRow(TypedDict):
    """A row of the manifest to come, before the split; `pap_core.data.manifest.Row` has the rest of it."""

    id: FileName
    category: str
    group: str
    source: str
    x0: Number
    y0: Number
    scale: str
    left: Count
    top: Count
    right: Count
    bottom: Count
    background: Count
    cytoplasm: Count
    nucleus: Count
    ignore: Count
    digest: str
    picture: str
    likeness: str


class Entry(TypedDict):
    """A line of the journal: what came of a picture."""

    picture: str
    stamp: str
    rows: list[CutRow]
    skipped: list[Skipped]


def cut_all(
    reading: Reading, folder: Path, job: dict, progress: Callable[[int, int], None] | None
) -> tuple[list[dict], list[Skipped]]:
    """Cut every cell of every picture, or its tiles, where no earlier call has finished it.

    Args:
        reading: what the reader found.
        folder: the data set folder, with `FOLDERS` in it.
        job: mode, size, border, neighbours and mask_form; of fields also scale and glass, if chosen.
        progress: called with pictures done and pictures in all.

    Returns:
        Rows of the manifest in the order of their ids, and what was skipped or clipped.
    """
    pictures: dict[str, list[Cell] | Field] = {one.picture: one for one in reading.fields}
    cells = defaultdict(list)
    for cell in reading.cells:
        cells[cell.picture].append(cell)
    pictures |= cells
    stamps = {name: _stamp(cells) for name, cells in pictures.items()}
    journal = _read_journal(folder)
    finished = {name: found for name, found in journal.items() if found.get("stamp") == stamps.get(name, "")}
    left = {name: cells for name, cells in pictures.items() if name not in finished}
    with closing(_cut_each(left, folder, job)) as done:
        for name, found in done:
            finished[name] = found | {"stamp": stamps[name]}
            _append_journal(folder, name, finished[name])
            if progress:
                progress(len(finished), len(pictures))
    rows = [row for found in finished.values() for row in found["rows"]]
    skipped = [Skipped(**one) for found in finished.values() for one in found["skipped"]]
    return sorted(rows, key=lambda row: row["id"]), skipped


def _cut_each(
    pictures: dict[str, list[Cell] | Field], folder: Path, job: dict
) -> Generator[tuple[str, dict], None, None]:
    """Yield each picture's name with what came of it, as it is done."""
    paths = [one.image if isinstance(one, Field) else one[0].image for one in pictures.values()]
    if sum(path.stat().st_size for path in paths) < _LITTLE:
        for name, annotated in pictures.items():
            yield name, _cut(name, annotated, folder, job)
        return
    items = {name: (name, annotated, folder, job) for name, annotated in pictures.items()}
    yield from spread(_cut, items, _start_worker)


def remove_leftovers(folder: Path, kept: set[str]) -> None:
    """Remove what a killed build can leave: half-written files, and those of no cell in `kept`."""
    for kind in FOLDERS:
        for path in (folder / kind).iterdir():
            if path.suffix != ".png" or path.stem not in kept:
                path.unlink()
    for path in folder.glob("*.part"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def close_journal(folder: Path) -> None:
    """Forget how far a build was, once it is finished."""
    (folder / _JOURNAL).unlink(missing_ok=True)


def _stamp(cells: list[Cell] | Field) -> str:
    """Return what changes when a person corrects a picture, a mask or a contour between two calls."""
    stamp = hashlib.sha256(_VERSION)
    if isinstance(cells, Field):
        stamp.update("\n".join(stamps_of(cells)).encode())
        return stamp.hexdigest()[:16]
    for cell in cells:
        if cell.reviewed is not None:  # its files are named by what is in them
            pairs = [(cell.reviewed.after, cell.reviewed.before), *cell.reviewed.neighbours]
            told = [one.to_json() for pair in pairs for one in pair]
            stamp.update(" ".join([cell.id, cell.image.name, cell.reviewed.predicted.name, *told]).encode())
            continue
        for path in filter(None, (cell.image, cell.mask)):
            state = path.stat()
            stamp.update(f"{cell.id} {state.st_size} {state.st_mtime_ns}".encode())
        for contour in (cell.outline, cell.nucleus):
            stamp.update(b"" if contour is None else contour.tobytes())
    return stamp.hexdigest()[:16]


def _read_journal(folder: Path) -> dict[str, dict]:
    path = folder / _JOURNAL
    lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []  # the last one was cut short
    finished = {}
    for number, line in enumerate(lines):
        try:
            entry = parse_as_written(line, Entry, "it is cut again", _JOURNAL)
        except InputError:  # the machine went down while it was written
            lines = lines[:number]
            break
        finished[entry.pop("picture")] = entry
    write_whole(path, b"".join(line + b"\n" for line in lines))
    return finished


def _append_journal(folder: Path, picture: str, found: dict) -> None:
    with open(folder / _JOURNAL, "a", encoding="utf-8") as file:
        file.write(json.dumps({"picture": picture} | found) + "\n")


def _start_worker() -> None:
    import torch

    torch.set_num_threads(1)  # a process a core already
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this worker when the build itself is killed: left alone it would wait for work for ever."""
    build = parent_process()
    assert build is not None  # a worker has one
    build.join()
    os._exit(1)


def _cut(name: str, annotated: list[Cell] | Field, folder: Path, job: dict) -> dict:
    """Cut what there is of a picture and write the files; returns rows and what was skipped."""
    if isinstance(annotated, Field):
        return _cut_field(name, annotated, folder, job)
    return _cut_picture(name, annotated, folder, job)


def _cut_field(name: str, field: Field, folder: Path, job: dict) -> dict:
    try:
        told = told_of(field, job.get("scale"), bool(job.get("glass")))
        found = list(tiles(told, job["size"]))
    except InputError as error:
        return {"rows": [], "skipped": [{"id": field.id, "reason": str(error)}]}
    rows = []
    known = {"picture": picture_digest(told.image), "likeness": likeness(told.image)}
    for tile in found:
        identifier = name_of(field, tile)
        write_crop(folder, identifier, tile.image, tile.label, job["border"])
        place = {"x0": repr(tile.x0), "y0": repr(tile.y0), "scale": repr(told.scale)}
        told_by = {"id": identifier, "category": field.category, "group": field.group, "source": name}
        rows.append(told_by | place | of_pixels(tile.image, tile.label, tile.extent) | known)
    skipped = [asdict(one) for one in told.skipped]
    if not rows:
        reason = f"{field.image}: too little of it is known for a tile; mark more of it"
        skipped.append({"id": field.id, "reason": reason})
    return {"rows": rows, "skipped": skipped}


def _cut_picture(name: str, cells: list[Cell], folder: Path, job: dict) -> dict:
    skipped: list[Skipped] = []
    rows: list[dict] = []
    try:
        found = fitted(cells, cells[0].image, job["mask_form"])
    except InputError as error:
        return {"rows": [], "skipped": [{"id": cell.id, "reason": str(error)} for cell in cells]}
    image, drawn = found.image, found.drawn
    skipped += found.skipped
    shape = image.shape[:2]
    known = {"picture": picture_digest(image), "likeness": likeness(image)}
    doubtful = {one.id: one for one in doubts(found, cells[0].image)}
    label = label_map([one for one, _ in drawn], shape)
    for one, cut in drawn:
        truth = label if job["neighbours"] else label_map([one], shape)
        truth = truth if one.label is None else one.label
        try:
            crop = CUTS[one.cell.mode or job["mode"]](image, truth, one, job["size"])
        except InputError as error:
            skipped.append(Skipped(one.cell.id, str(error)))
            continue
        write_crop(folder, one.cell.id, crop.image, crop.label, job["border"])
        rows.append(_row(name, one.cell, crop) | known)
        if cut:
            skipped.append(Skipped(one.cell.id, cut))
        if one.cell.id in doubtful:
            skipped.append(doubtful[one.cell.id])
    return {"rows": rows, "skipped": [asdict(one) for one in skipped]}


def picture_digest(image: np.ndarray) -> str:
    """Return what two pictures share only if every pixel of theirs is the same."""
    return hashlib.sha256(repr(image.shape).encode() + np.ascontiguousarray(image).data).hexdigest()[:16]


def write_crop(folder: Path, identifier: str, image: np.ndarray, label: np.ndarray, border: int) -> None:
    for kind, pixels in zip(FOLDERS, (image, label, colour_map(label, border)), strict=True):
        (folder / kind / f"{identifier}.png").write_bytes(png_bytes(pixels))


def _row(picture: str, cell: Cell, crop) -> dict:
    return {
        "id": cell.id,
        "category": cell.category,
        "group": cell.group,
        "source": picture,
        "x0": crop.x0,
        "y0": crop.y0,
        "scale": repr(crop.scale),
        **of_pixels(crop.image, crop.label, crop.extent),
    }


def of_pixels(image: np.ndarray, label: np.ndarray, extent: Extent) -> dict:
    """Return the columns of a row that its pixels tell."""
    counts = np.bincount(label.ravel(), minlength=256).tolist()
    return {
        **extent.columns(),
        "background": counts[BACKGROUND],
        "cytoplasm": counts[CYTOPLASM],
        "nucleus": counts[NUCLEUS],
        "ignore": counts[IGNORE],
        "digest": digests.of_crop(image, label),
    }
