"""Reads SIPaKMeD (Plissiti et al., ICIP 2018), as smears or as cropped cells.

The official download nests ``im_<Category>`` once or twice; copies of it are looser still. So a picture is
any image file, its cells are the contour files named after it, and its category is the nearest
``im_<Category>`` folder above it.
"""

import re
from collections import defaultdict
from pathlib import Path

from pap_core.contours import read_dat
from pap_core.data.cell import Cell, Reading, Skipped
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

_CROPPED = "CROPPED"
_SMEAR_CONTOUR = re.compile(r"(?P<picture>.+)_(?P<part>cyt|nuc)(?P<cell>\d+)\.dat", re.IGNORECASE)
_CROPPED_CONTOUR = re.compile(r"(?P<picture>.+)_(?P<part>cyt|nuc)\.dat", re.IGNORECASE)


def recognise(source: Path) -> bool:
    """Tell whether a folder holds `.dat` contours or ``im_<Category>`` folders."""
    return any(path.suffix.lower() == ".dat" or path.name.startswith("im_") for path in source.rglob("*"))


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
    pictures: dict[Path, Path] = {}
    for path in reading.files(source):
        if (_CROPPED in path.parts) != (form == "cropped"):
            continue
        if path.suffix.lower() in SUFFIXES:
            taken = pictures.setdefault(path.with_suffix(""), path)
            if taken != path:
                reading.skipped.append(Skipped(path.name, f"{path}: {taken.name} beside it is used instead"))
        elif match := pattern.fullmatch(path.name):
            cell = match.groupdict().get("cell") or ""
            contours[path.with_name(match["picture"])][cell][match["part"].lower()] = path
        elif path.suffix.lower() == ".dat":
            named = (
                "NNN_cytMM.dat or NNN_nucMM.dat" if form == "smear" else "NNN_MM_cyt.dat or NNN_MM_nuc.dat"
            )
            reading.skipped.append(Skipped(path.name, f"{path}: no contour's name; expected {named}"))
    for stem in sorted(pictures.keys() | contours.keys()):
        _read_picture(reading, stem, pictures.get(stem), contours.get(stem, {}), form)
    smears = {(_category(stem), stem.parent, _smear(stem, form)) for stem in pictures}
    cells = [_category(stem) for stem, parts in contours.items() for _ in parts]
    reading.count((category for category, _, _ in smears), cells)
    reading.drop_twins()
    return reading


def _smear(stem: Path, form: str) -> str:
    """Return the name of the smear that a picture is, or was cut from."""
    return (stem.name.rpartition("_")[0] if form == "cropped" else "") or stem.name


def _read_picture(
    reading: Reading, stem: Path, picture: Path | None, parts: dict[str, dict[str, Path]], form: str
) -> None:
    category = _category(stem)
    name = f"{category}_{stem.name}"
    if picture is None:
        reading.skipped.append(Skipped(name, f"{stem}: contours without an image of that name"))
    elif not parts:
        reading.skipped.append(Skipped(name, f"{picture}: an image without contours"))
    else:
        for number, files in sorted(parts.items()):
            identifier = f"{name}_{number}" if number else name
            try:
                cell = Cell(
                    id=identifier,
                    category=category,
                    group=f"{category}_{_smear(stem, form)}",
                    image=picture,
                    outline=read_dat(_part(files, "cyt", stem)),
                    nucleus=read_dat(_part(files, "nuc", stem)),
                )
            except InputError as error:
                reading.skipped.append(Skipped(identifier, str(error)))
            else:
                reading.cells.append(cell)


def _part(files: dict[str, Path], part: str, stem: Path) -> Path:
    if part not in files:
        (found,) = files.values()
        raise InputError(f"{found}: its counterpart '{part}' for {stem.name} is missing; add it.")
    return files[part]


def _category(path: Path) -> str:
    for folder in path.parents:
        if folder.name.startswith("im_"):
            return folder.name.removeprefix("im_")
    return "unknown"
