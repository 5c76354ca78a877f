"""Builds a data set folder: crops, labels, targets and a manifest, from any known source."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pap_core.data import digests
from pap_core.data.crop import CLIPPED, CUTS
from pap_core.data.cutting import FOLDERS, close_journal, cut_all, remove_leftovers
from pap_core.data.described import describe
from pap_core.data.extent import COLUMNS as EXTENT
from pap_core.data.likeness import same_pictures
from pap_core.data.readers import sipakmed
from pap_core.data.readers.cell import Reading, Skipped
from pap_core.data.readers.fitting import DOUBTFUL, READ, TURNED
from pap_core.data.readers.open import Opened, Source, mixed, open_source
from pap_core.data.sides import Settled, known_pictures, known_sides, strictest
from pap_core.data.split import SPLITS, TEST, TRAIN, qualified, split
from pap_core.data.twins import first_of_each, united
from pap_core.errors import InputError
from pap_core.export.spreadsheet import harmless
from pap_core.files import read_as_written, write_whole
from pap_core.mask_forms import BOTH_CLASSES
from pap_core.reviews.exchange import copy_pixels

FORMAT = 1
SIZE = 256
MODES = tuple(CUTS)
MANIFEST = [*digests.COLUMNS, "picture", "likeness", *EXTENT]  # what came later is not in the digest
_USED = {  # what is listed and used all the same
    "clipped": CLIPPED,
    "doubtful": DOUBTFUL,
    "turned": TURNED,
    "remarked": READ,
}
_UNFINISHED = "unfinished.json"
_PIXELS = "reviews-{}.part"  # what was copied out of a database, until the data set is finished


@dataclass(frozen=True)
class BuildOptions:
    """How to build. What is None is decided by the source."""

    mode: str | None = None  # "window", "field", "fit" or "whole"
    form: str | None = None  # SIPaKMeD only: "smear" or "cropped"
    mask_form: str | None = None  # of masks beside pictures: one of `BOTH_CLASSES`; None to recognise each
    split: str = "grouped"  # or "paper"
    test_share: float = 0.3  # of all crops
    seed: int = 0  # of the split
    border: int = 2  # px, of the target's black border
    neighbours: bool = True  # draw other annotated cells that reach into a crop; reviewed ones always are
    beside: tuple[str, ...] = ()  # data set folders whose smears and slides keep the side they have there


def build(
    source: Source | Sequence[Source],
    folder: Path,
    options: BuildOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict:
    """Build a data set folder; started again after an interruption, it goes on where it was.

    Several sources become one data set with one split over all of them, each cut in its own way unless the
    options say how. Ids and groups then begin with the source's kind, as in ``herlev:153958345``, so that a
    slide which comes from two of them, as its own and as one that was reviewed, stays on one side.

    A reviewed cell's smear or slide keeps the side that it had in the data set it was reviewed in. Smears or
    slides that hold the same picture, be it in another format, turned or mirrored, are one, by the first of
    their names.

    Args:
        source: a SIPaKMeD, Herlev or phantom folder; reviews, as the file or the URL of their database or
            as a folder of `pap_core.reviews.exchange`; or several of these.
        folder: where the data set goes; new, empty, or left unfinished by the same call.
        options: see `BuildOptions`.
        progress: called with pictures done and pictures in all.

    Returns:
        The content of ``dataset.json``.

    Raises:
        InputError: a source or options that cannot be used, a folder that holds something else, a full
            disk.
    """
    options = options or BuildOptions()
    _check(options)
    sources = [source] if isinstance(source, Path | str) else list(source)
    for one in sources:
        if "://" not in str(one) and folder.resolve().is_relative_to(Path(one).resolve()):
            raise InputError(f"{folder}: lies within the source {one}; choose a folder beside it.")
    opened = [
        open_source(one, folder.resolve() / _PIXELS.format(number), options.mode, options.form)
        for number, one in enumerate(sources)
    ]
    reading = opened[0].reading if len(opened) == 1 else mixed([one.reading for one in opened], options.mode)
    job = _job(opened, reading, options)
    settled = Settled(_settled(reading, options), known_pictures([Path(one) for one in options.beside]))
    created = not folder.exists()
    try:
        if _claim(folder, job):
            return describe(folder)
        for number, one in enumerate(opened):
            if one.reviews is not None:
                copy_pixels(one.reviews, one.content, folder / _PIXELS.format(number))
        rows, skipped = cut_all(reading, folder, job, progress)
        if rows:
            return _finish(reading, folder, job, rows, reading.skipped + skipped, settled)
        _abandon(folder, created)
    except OSError as error:
        raise InputError(
            f"{folder}: could not be written ({error.strerror}); make room there, then run the same command "
            "again: it resumes where it was."
        ) from error
    except BrokenExecutor as error:
        raise InputError(
            f"{folder}: a worker was ended from outside, for want of memory perhaps; run the same command "
            "again: it resumes where it was."
        ) from error
    raise InputError(f"{opened[0].path}: no cell could be cut out ({skipped[0].reason}).")


def summary(described: dict) -> str:
    """Put the content of ``dataset.json`` into words: what was found, used, left out.

    Pictures and cells are those of the source, usable or not, beside the official numbers where the
    source has such; crops are what the data set holds.
    """
    found, official, crops = (described[key] for key in ("found", "official", "categories"))
    head = ["category", "pictures", "cells", "crops"]
    rows = [[name, *counts, crops.get(name, 0)] for name, counts in found.items()]
    if official:
        head = ["category", "pictures", "official", "cells", "official", "crops"]
        names = list(official) + [name for name in found if name not in official]
        pairs = [zip(found.get(name, (0, 0)), official.get(name, (0, 0)), strict=True) for name in names]
        rows = [
            [name, *pictures, *cells, crops.get(name, 0)]
            for name, (pictures, cells) in zip(names, pairs, strict=True)
        ]
    rows.append(["total", *(sum(column) for column in list(zip(*rows, strict=True))[1:])])
    wide = max(len(row[0]) for row in [head, *rows])
    lines = [f"{row[0]:{wide}}" + "".join(f"{field:>10}" for field in row[1:]) for row in [head, *rows]]
    if official:
        whole = "the full download" if described["full_download"] else "not the full download"
        pictures, of_pictures, cells, of_cells, _ = rows[-1][1:]
        lines.append(
            f"The source is {whole}: {pictures} of {of_pictures} pictures, {cells} of {of_cells} cells."
        )
    sides = described["sides"]
    used = {word: described.get(word, 0) for word in _USED}
    lines.append(
        f"{described['crops']} crops: {sides.get(TRAIN, 0)} for training, {sides.get(TEST, 0)} for testing "
        f"({described['split']} split, seed {described['seed']})."
    )
    unused = described["skipped"] - sum(used.values())
    lines.append(
        f"{unused} skipped and {used['clipped']} clipped but used; each is "
        "listed with its reason in skipped.csv of the data set folder."
    )
    if used["doubtful"]:
        lines.append(
            f"{used['doubtful']} doubtful but used: their nuclei are no darker than their surroundings; look "
            "whether their truth is of another picture."
        )
    if used["turned"]:
        lines.append(
            f"{used['turned']} pictures have an EXIF orientation; which way their truth fits is listed, too."
        )
    if used["remarked"]:
        lines.append(
            f"{used['remarked']} pictures were read in a way to know of, as scaled from another depth or one "
            "page of several; it is listed, too."
        )
    lines += [
        f"Same pictures: {', '.join(lot)} are kept together as {lot[0]}."
        for lot in described.get("united", [])
    ]
    lines += [f"Note: {note}." for note in described.get("notes", [])]
    return "\n".join(lines)


def _check(options: BuildOptions) -> None:
    for name, value, choices in (
        ("mode", options.mode, (None, *MODES)),
        ("form", options.form, (None, *sipakmed.FORMS)),
        ("mask form", options.mask_form, (None, *BOTH_CLASSES)),
        ("split", options.split, SPLITS),
    ):
        if value not in choices:
            raise InputError(f"{name} {value!r}: choose of {', '.join(filter(None, choices))}.")
    if not 0 <= options.test_share <= 1:
        raise InputError(f"test share {options.test_share}: choose a number from 0 to 1.")
    if not -(2**63) <= options.seed < 2**63:
        raise InputError(f"seed {options.seed}: choose a number of 64 bit, as 0.")
    if not 0 <= options.border <= SIZE // 4:
        raise InputError(f"border {options.border} px: choose 0 to {SIZE // 4}.")


def _job(opened: list[Opened], reading: Reading, options: BuildOptions) -> dict:
    """Return what decides a data set, as its ``dataset.json`` begins with."""
    asked = asdict(options)
    del asked["beside"]
    job = {
        "format": FORMAT,
        "source": reading.source,
        "path": " + ".join(one.path for one in opened),
        **asked,
        "mode": options.mode or reading.default_mode,
        "size": SIZE,
    }
    if any(one.content for one in opened):
        job["reviews"] = [one.content["digest"] for one in opened if one.content]
    if options.beside:
        job["beside"] = [describe(Path(one), ("digest",))["digest"] for one in options.beside]
    return job


def _settled(reading: Reading, options: BuildOptions) -> dict[str, str]:
    """Return the side of each smear or slide that has one already."""
    known = known_sides([Path(one) for one in options.beside])
    names = {cell.group: qualified(reading.source, cell.group) for cell in reading.cells}
    beside = [(group, known[name]) for group, name in names.items() if name in known]
    return strictest([*reading.sides.items(), *beside])


def _claim(folder: Path, job: dict) -> bool:
    """Make or take over the folder. True when it already holds this very data set."""
    for name in ("dataset.json", _UNFINISHED):
        if (folder / name).exists():
            found = read_as_written(folder / name, dict, "delete the folder and build again")
            if {key: found.get(key) for key in job} != job:
                raise InputError(
                    f"{folder}: holds a data set of another source or other options; choose another folder, "
                    "or delete it."
                )
            if name == "dataset.json":
                return True
            break
    else:
        strangers = folder.exists() and (
            not folder.is_dir() or any(path.suffix != ".part" for path in folder.iterdir())
        )
        if strangers:
            raise InputError(f"{folder}: not empty and no data set; choose a new folder.")
        folder.mkdir(parents=True, exist_ok=True)
        # first of all, so that a folder left at any moment after is known as ours
        write_whole(folder / _UNFINISHED, json.dumps(job, indent=2).encode())
    for name in FOLDERS:
        (folder / name).mkdir(exist_ok=True)
    return False


def _abandon(folder: Path, created: bool) -> None:
    """Take back what was written to a folder that will hold no data set."""
    for name in FOLDERS:
        shutil.rmtree(folder / name)
    for left in folder.glob(_PIXELS.format("*")):
        shutil.rmtree(left)
    close_journal(folder)
    (folder / _UNFINISHED).unlink()
    if created:
        folder.rmdir()


def _finish(
    reading: Reading,
    folder: Path,
    job: dict,
    rows: list[dict],
    skipped: list[Skipped],
    known: Settled,
) -> dict:
    same = same_pictures({row["picture"]: row["likeness"] for row in rows})
    first = first_of_each((row["group"], same[row["picture"]]) for row in rows)
    for row in rows:
        row["group"] = first[row["group"]]
    kept = {row["id"] for row in rows}
    cells = [replace(cell, group=first[cell.group]) for cell in reading.cells if cell.id in kept]
    settled = known.of(first, rows)
    sides = split(cells, job["split"], job["test_share"], job["seed"], settled)
    for row in rows:
        row["split"] = sides[row["id"]]
    remove_leftovers(folder, kept)
    write_whole(folder / "manifest.csv", digests.as_csv(MANIFEST, rows))
    reasons = [
        {name: harmless(text) for name, text in asdict(one).items()}
        for one in sorted(skipped, key=lambda one: (one.id, one.reason))
    ]
    write_whole(folder / "skipped.csv", digests.as_csv(["id", "reason"], reasons))
    pictures = {(cell.category, cell.picture) for cell in cells}
    described = job | {
        "crops": len(rows),
        "sides": {side: sum(found == side for found in sides.values()) for side in (TRAIN, TEST)},
        "categories": dict(sorted(Counter(cell.category for cell in cells).items())),
        "pictures": dict(sorted(Counter(category for category, _ in pictures).items())),
        "official": reading.official,
        "found": reading.found,
        "full_download": bool(reading.official) and reading.found == reading.official,
        "skipped": len(skipped),
        **{word: sum(one.reason.startswith(said) for one in skipped) for word, said in _USED.items()},
        "united": united(first),
        "notes": reading.notes,
        "digest": digests.of_rows(rows),
    }
    if settled:  # of the crops, those whose side was no longer open
        kept_there = Counter(sides[cell.id] for cell in cells if cell.group in settled)
        described["settled"] = {side: kept_there[side] for side in (TRAIN, TEST)}
    write_whole(folder / "dataset.json", json.dumps(described, indent=2).encode())
    (folder / _UNFINISHED).unlink(missing_ok=True)
    close_journal(folder)
    return described
