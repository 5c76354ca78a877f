"""Builds a data set folder: crops or tiles, labels, targets and a manifest, from any known source."""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple, cast

from pap_core.data import digests
from pap_core.data.crop import CUTS
from pap_core.data.cutting import close_journal, cut_all, remove_leftovers
from pap_core.data.described import FILE as DESCRIBED
from pap_core.data.described import Described, describe
from pap_core.data.extent import COLUMNS as EXTENT
from pap_core.data.likeness import same_pictures
from pap_core.data.manifest import FILE as MANIFEST_FILE
from pap_core.data.options import BuildOptions
from pap_core.data.places import FOLDERS
from pap_core.data.readers import sipakmed
from pap_core.data.readers.cell import Reading, Skipped
from pap_core.data.readers.masks import NO_TRUTH
from pap_core.data.readers.open import Opened, Source, mixed, open_source
from pap_core.data.sides import Settled, known_pictures, known_sides, strictest
from pap_core.data.split import SPLITS, TEST, TRAIN, qualified, split
from pap_core.data.summary import USED
from pap_core.data.tiles import SCALES
from pap_core.data.truth.read import MASKS_OF
from pap_core.data.twins import first_of_each, united
from pap_core.errors import InputError
from pap_core.export.spreadsheet import harmless
from pap_core.files import read_as_written, write_whole
from pap_core.mask_forms import BOTH_CLASSES
from pap_core.reviews.exchange import copy_pixels
from pap_core.tiling import SIZE

FORMAT = 1
MODES = tuple(CUTS)
MANIFEST = [*digests.COLUMNS, "picture", "likeness", *EXTENT]  # what came later is not in the digest
_OF_FIELDS = ("truth", "groups", "scale", "glass")  # options that say nothing where they are not chosen
_UNFINISHED = "unfinished.json"
_PIXELS = "reviews-{}.part"  # what was copied out of a database, until the data set is finished


def build(
    source: Source | Sequence[Source],
    folder: Path,
    options: BuildOptions | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
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
        open_source(one, folder.resolve() / _PIXELS.format(number), options)
        for number, one in enumerate(sources)
    ]
    reading = opened[0].reading if len(opened) == 1 else mixed([one.reading for one in opened], options.mode)
    if not reading.fields and (idle := [name for name in _OF_FIELDS if getattr(options, name)]):
        raise InputError(
            f"{opened[0].path}: no fields in it, of which {', '.join(idle)} would say something; leave that "
            "out."
        )
    job = _job(opened, reading, options)
    settled = Settled(_settled(reading, options), known_pictures([Path(one) for one in options.beside]))
    created = not folder.exists()
    try:
        if _claim(folder, job):
            return describe(folder)
        for number, found in enumerate(opened):
            if found.reviews is not None:
                copy_pixels(found.reviews, found.content, folder / _PIXELS.format(number))
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


def _check(options: BuildOptions) -> None:
    for name, value, choices in (
        ("mode", options.mode, (None, *MODES)),
        ("form", options.form, (None, *sipakmed.FORMS)),
        ("mask form", options.mask_form, (None, *BOTH_CLASSES)),
        ("split", options.split, SPLITS),
        ("truth", options.truth, (None, *MASKS_OF, NO_TRUTH)),
    ):
        if value not in choices:
            raise InputError(f"{name} {value!r}: choose of {', '.join(filter(None, choices))}.")
    if not 0 <= options.test_share <= 1:
        raise InputError(f"test share {options.test_share}: choose a number from 0 to 1.")
    if not -(2**63) <= options.seed < 2**63:
        raise InputError(f"seed {options.seed}: choose a number of 64 bit, as 0.")
    least, most = SCALES
    if options.scale is not None and not least <= options.scale <= most:
        raise InputError(f"scale {options.scale}: choose a number from {least:g} to {most:g}.")
    if not 0 <= options.border <= SIZE // 4:
        raise InputError(f"border {options.border} px: choose 0 to {SIZE // 4}.")


def _job(opened: list[Opened], reading: Reading, options: BuildOptions) -> dict:
    """Return what decides a data set, as its ``dataset.json`` begins with."""
    asked = asdict(options)
    del asked["beside"]
    for name in _OF_FIELDS:
        if not asked[name]:
            del asked[name]
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
    names = {group: qualified(reading.source, group) for group in reading.groups}
    beside = [(group, known[name]) for group, name in names.items() if name in known]
    return strictest([*reading.sides.items(), *beside])


def _claim(folder: Path, job: dict) -> bool:
    """Make or take over the folder. True when it already holds this very data set."""
    for name in (DESCRIBED, _UNFINISHED):
        if (folder / name).exists():
            found = read_as_written(folder / name, dict, "delete the folder and build again")
            if {key: found.get(key) for key in job} != job:
                raise InputError(
                    f"{folder}: holds a data set of another source or other options; choose another folder, "
                    "or delete it."
                )
            if name == DESCRIBED:
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


class _Member(NamedTuple):
    """A crop, as it is split."""

    id: str
    category: str
    group: str


def _finish(
    reading: Reading,
    folder: Path,
    job: dict,
    rows: list[dict],
    skipped: list[Skipped],
    known: Settled,
) -> Described:
    same = same_pictures({row["picture"]: row["likeness"] for row in rows})
    first = first_of_each((row["group"], same[row["picture"]]) for row in rows)
    for row in rows:
        row["group"] = first[row["group"]]
    kept = {row["id"]: row for row in rows}
    in_order = [cell.id for cell in reading.cells if cell.id in kept]  # tiles behind the cells
    members = [
        _Member(one, kept[one]["category"], kept[one]["group"]) for one in dict.fromkeys([*in_order, *kept])
    ]
    settled = known.of(first, rows)
    sides = split(members, job["split"], job["test_share"], job["seed"], settled)
    for row in rows:
        row["split"] = sides[row["id"]]
    remove_leftovers(folder, set(kept))
    write_whole(folder / MANIFEST_FILE, digests.as_csv(MANIFEST, rows))
    reasons = [
        {name: harmless(text) for name, text in asdict(one).items()}
        for one in sorted(skipped, key=lambda one: (one.id, one.reason))
    ]
    write_whole(folder / "skipped.csv", digests.as_csv(["id", "reason"], reasons))
    pictures = {(row["category"], row["source"]) for row in rows}
    described = job | {
        "crops": len(rows),
        "sides": {side: sum(found == side for found in sides.values()) for side in (TRAIN, TEST)},
        "categories": dict(sorted(Counter(row["category"] for row in rows).items())),
        "pictures": dict(sorted(Counter(category for category, _ in pictures).items())),
        "official": reading.official,
        "found": reading.found,
        "full_download": bool(reading.official) and reading.found == reading.official,
        "skipped": len(skipped),
        **{word: sum(one.reason.startswith(said) for one in skipped) for word, said in USED.items()},
        "united": united(first),
        "notes": reading.notes,
        "digest": digests.of_rows(rows),
    }
    if settled:  # of the crops, those whose side was no longer open
        kept_there = Counter(row["split"] for row in rows if row["group"] in settled)
        described["settled"] = {side: kept_there[side] for side in (TRAIN, TEST)}
    write_whole(folder / DESCRIBED, json.dumps(described, indent=2).encode())
    (folder / _UNFINISHED).unlink(missing_ok=True)
    close_journal(folder)
    return cast(Described, described)
