"""Reads SIPaKMeD (Plissiti et al., ICIP 2018), as smears or as cropped cells.

The official download nests ``im_<Category>`` once or twice; copies of it are looser still. So a picture is
any image file, its cells are the contour files named after it, and its category is the nearest
``im_<Category>`` folder above it, whatever the case of either.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pap_core.contours import read_dat
from pap_core.data.readers.categories import UNKNOWN, is_one_of, united
from pap_core.data.readers.cell import Cell, Reading, Skipped, visible
from pap_core.data.readers.fitting import picture_of
from pap_core.errors import InputError
from pap_core.images import SUFFIXES

OFFICIAL = {
    "Superficial-Intermediate": (126, 831),
    "Parabasal": (108, 787),
    "Koilocytotic": (238, 825),
    "Metaplastic": (271, 793),
    "Dyskeratotic": (223, 813),
}
FORMS = ("smear", "cropped")
PHANTOM_MARK = "phantom.json"

_CROPPED = re.compile(r"\s*cropped\s*", re.IGNORECASE)
_FOLDER = re.compile(r"\s*im_(?P<category>.*)", re.IGNORECASE)
_LIKE = re.compile(r"\s*im[\s-]+(?P<category>\S.*)", re.IGNORECASE)  # as people write it anew
_SMEAR_CONTOUR = re.compile(r"(?P<picture>.+)_(?P<part>cyt|nuc)(?P<cell>\d+)\.dat", re.IGNORECASE)
_CROPPED_CONTOUR = re.compile(r"(?P<picture>.+)_(?P<part>cyt|nuc)\.dat", re.IGNORECASE)


def recognise(source: Path) -> bool:
    """Tell whether a folder holds contour files by SIPaKMeD's names."""
    return any(map(_is_contour, visible(source)))


def resembles(source: Path) -> bool:
    """Tell whether a folder holds what only a SIPaKMeD without contours would: `.dat`, ``im_<Category>``."""
    return any(
        path.suffix.lower() == ".dat" or (_FOLDER.match(path.name) and path.is_dir())
        for path in visible(source)
    )


def _is_contour(path: Path) -> bool:
    return any(pattern.fullmatch(path.name) for pattern in (_SMEAR_CONTOUR, _CROPPED_CONTOUR))


def read(source: Path, form: str) -> Reading:
    """Read every annotated cell below `source`.

    Args:
        source: the unpacked download, or any folder of it.
        form: "smear" for whole smears with ``NNN_cytMM.dat``, "cropped" for the ``CROPPED`` folders.

    Returns:
        Cells in the order of their ids, and each picture or contour that cannot be used with its reason.
    """
    source = source.resolve()  # so that ids do not depend on the way to the folder
    phantom = (source / PHANTOM_MARK).exists()
    reading = Reading(
        source="phantom" if phantom else "sipakmed",
        default_mode="window" if form == "smear" else "fit",
        official={} if phantom else OFFICIAL,
    )
    pattern = _SMEAR_CONTOUR if form == "smear" else _CROPPED_CONTOUR
    contours: dict[Path, dict[str, dict[str, Path]]] = defaultdict(lambda: defaultdict(dict))
    pictures: dict[Path, list[Path]] = defaultdict(list)
    for path in reading.files(source):
        if _is_cropped(path, source) != (form == "cropped"):
            continue
        if path.suffix.lower() in SUFFIXES:
            pictures[path.with_suffix("")].append(path)
        elif match := pattern.fullmatch(path.name):
            cell = match.groupdict().get("cell") or ""
            files = contours[path.with_name(match["picture"])][cell]
            if (taken := files.setdefault(match["part"].lower(), path)) != path:
                reading.skipped.append(Skipped(path.name, f"{path}: {taken.name} beside it is used instead"))
        elif path.suffix.lower() == ".dat":
            forms = (
                "NNN_cytMM.dat or NNN_nucMM.dat" if form == "smear" else "NNN_MM_cyt.dat or NNN_MM_nuc.dat"
            )
            reading.skipped.append(Skipped(path.name, f"{path}: no contour's name; expected {forms}"))
    stems = sorted(pictures.keys() | contours.keys())
    categories, reading.notes = united(map(_spelt, stems), OFFICIAL)
    kinds = {stem: categories[_spelt(stem)] for stem in stems}
    prefixes = _prefixes(kinds)
    for stem in stems:
        named = _Named(
            stem, kinds[stem], f"{prefixes[stem]}_{stem.name}", f"{prefixes[stem]}_{_smear(stem, form)}"
        )
        _read_picture(reading, named, pictures.get(stem, []), contours.get(stem, {}))
    smears = {(kinds[stem], stem.parent, _smear(stem, form)) for stem in pictures}
    cells = [kinds[stem] for stem, parts in contours.items() for _ in parts]
    reading.count((category for category, _, _ in smears), cells)
    reading.drop_twins()
    return reading


def _prefixes(categories: Mapping[Path, str]) -> dict[Path, str]:
    """Return how the ids of each picture's cells begin: with the category.

    Folders that are one category by another spelling may number their smears alike: a number then tells
    them apart.
    """
    prefixes: dict[Path, str] = {}
    spellings: dict[tuple[str, str], list[str]] = defaultdict(list)
    for stem, category in categories.items():
        known = spellings[category, stem.name]
        if (spelt := _spelt(stem)) not in known:
            known.append(spelt)
        number = known.index(spelt) + 1
        prefixes[stem] = category if number == 1 else f"{category}-{number}"
    return prefixes


def _smear(stem: Path, form: str) -> str:
    """Return the name of the smear that a picture is, or was cut from."""
    return (stem.name.rpartition("_")[0] if form == "cropped" else "") or stem.name


@dataclass(frozen=True)
class _Named:
    """A picture, there or not, by what its files share, and what to call it."""

    stem: Path
    category: str
    name: str
    group: str


def _read_picture(
    reading: Reading, named: _Named, pictures: Sequence[Path], parts: Mapping[str, dict[str, Path]]
) -> None:
    if not pictures:
        reason = f"{named.stem}: contours without an image of that name"
        reading.skipped.append(Skipped(named.name, reason))
        return
    cells = []
    for number, files in sorted(parts.items()):
        identifier = f"{named.name}_{number}" if number else named.name
        try:
            cell = Cell(
                id=identifier,
                category=named.category,
                group=named.group,
                image=pictures[0],
                outline=read_dat(_part(files, "cyt", named.stem)),
                nucleus=read_dat(_part(files, "nuc", named.stem)),
            )
        except InputError as error:
            reading.skipped.append(Skipped(identifier, str(error)))
        else:
            cells.append(cell)
    chosen, passed_over = picture_of(pictures, cells)
    reading.skipped += passed_over
    reading.cells += [replace(cell, image=chosen) for cell in cells]
    if not parts:
        reading.skipped.append(Skipped(named.name, f"{chosen}: an image without contours"))


def _part(files: dict[str, Path], part: str, stem: Path) -> Path:
    if part not in files:
        (found,) = files.values()
        raise InputError(f"{found}: its counterpart '{part}' for {stem.name} is missing; add it.")
    return files[part]


def _is_cropped(path: Path, source: Path) -> bool:
    folders = path.relative_to(source).parts[:-1]
    if any(map(_CROPPED.fullmatch, folders)):
        return True
    # the crops' folder alone is a source too, but not a folder of whole smears that has its name
    return bool(_CROPPED.fullmatch(source.name)) and not any(map(_FOLDER.match, folders))


def _spelt(path: Path) -> str:
    """Return the category as the folder's name has it."""
    found = next(filter(None, (_FOLDER.match(folder.name) for folder in path.parents)), None)
    if found:
        return found["category"]
    folders = [folder.name for folder in path.parents]
    names = [match["category"] if (match := _LIKE.match(folder)) else folder for folder in folders]
    return next(filter(is_one_of(OFFICIAL), names), UNKNOWN)
