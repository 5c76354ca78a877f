"""Recognises sources, reads them, and lays the cells and fields of several together."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pap_core.data.options import BuildOptions
from pap_core.data.readers import herlev, masks, reviews, sipakmed
from pap_core.data.readers.categories import united
from pap_core.data.readers.cell import Cell, Field, Reading, Skipped
from pap_core.data.sides import strictest
from pap_core.data.split import MIXED, REVIEWS, qualified
from pap_core.errors import InputError
from pap_core.reviews import exchange

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

_LAYOUTS = (
    "a SIPaKMeD (.dat contours) or Herlev (image and -d mask) folder, or one of pictures with masks or "
    "outlines beside them"
)
Source = Path | str  # a folder or file, or the URL of a database


@dataclass(frozen=True)
class Opened:
    """A source that was recognised and read."""

    reading: Reading
    path: str  # what to call it, without a password
    reviews: "Reviews | None" = None  # where it is a database, its pixels still in it
    content: dict = field(default_factory=dict)  # of `exchange.describe`


def open_source(source: Source, pixels: Path, options: BuildOptions) -> Opened:
    """Recognise a source and read it.

    Args:
        source: a folder, the file of a database of reviews, or its URL.
        pixels: where `exchange.copy_pixels` will put what is in a database.
        options: of the build.

    Raises:
        InputError: the source is missing, empty or of no known kind, or holds no usable cell.
    """
    if "://" in str(source) or exchange.is_database(source):
        opened = exchange.open_reviews(source)
        content = exchange.describe(opened)
        path = content["path"]
        try:
            found = reviews.reading(content, pixels)
        except ValueError as error:  # another program wrote it
            raise InputError(f"{path}: cannot be built from ({error}); review these cells anew.") from None
        return Opened(_usable(found, path), path, opened, content)
    folder = Path(source)
    reading = _usable(read_source(folder, options), str(folder))
    root = folder.resolve()
    cells = [one if one.picture else replace(one, picture=below(one, root)) for one in reading.cells]
    fields = [replace(one, picture=below(one, root)) for one in reading.fields]
    return Opened(replace(reading, cells=cells, fields=fields), str(root))


def below(one: Cell | Field, root: Path) -> str:
    """Return the path of its picture from the folder of its source, which is resolved."""
    return one.image.relative_to(root).as_posix()


def read_source(source: Path, options: BuildOptions | None = None) -> Reading:
    """Recognise a folder and read it; see `open_source`."""
    options = options or BuildOptions()
    layouts = f"{_LAYOUTS}, or reviews"
    if not source.is_dir():
        raise InputError(f"{source}: there is no such folder; expected {layouts}.")
    try:
        if not any(source.iterdir()):
            raise InputError(f"{source}: the folder is empty; expected {layouts}.")
        if options.truth == masks.NO_TRUTH:
            return _read_fields(source, options)
        if reviews.recognise(source):
            return reviews.read(source)
        if sipakmed.recognise(source):
            return _read_sipakmed(source, options.mode, options.form)
        if herlev.recognise(source):
            return herlev.read(source)
        if masks.recognise(source):
            return _read_fields(source, options)
        if sipakmed.resembles(source):
            return _read_sipakmed(source, options.mode, options.form)
    except OSError as error:
        raise InputError(
            f"{error.filename or source}: cannot be read ({error.strerror}); check the folder's rights."
        ) from None
    raise InputError(f"{source}: no contours, no masks and no reviews found; expected {layouts}.")


def mixed(readings: Sequence[Reading], mode: str | None) -> Reading:
    """Lay the cells of several sources together: ids, pictures and groups tell which they are of.

    Args:
        readings: of the sources; a second one of a kind is told by a number.
        mode: of the build; by default each source keeps its own.
    """
    found = Reading(source=MIXED, default_mode=MIXED, official={})
    if len(modes := {mode or one.default_mode for one in readings}) == 1:
        (found.default_mode,) = modes
    official = [name for one in readings for name in one.official]
    spelt = [name for one in readings for name in (*one.found, *one.categories)]
    categories, notes = united(spelt, official)
    found.notes = [*(note for one in readings for note in one.notes), *notes]
    seen: Counter[str] = Counter()
    sides: list[tuple[str, str]] = []
    counted: Counter[tuple[str, int]] = Counter()
    for one in readings:
        seen[one.source] += 1
        name = one.source if seen[one.source] == 1 else f"{one.source}{seen[one.source]}"
        found.cells += [
            replace(_marked(cell, one, name, mode), category=categories[cell.category]) for cell in one.cells
        ]
        found.fields += [
            replace(
                field,
                id=f"{name}_{field.id}",
                category=categories[field.category],
                group=qualified(one.source, field.group),
                picture=f"{name}/{field.picture}",
            )
            for field in one.fields
        ]
        found.skipped += [Skipped(f"{name}_{skipped.id}", skipped.reason) for skipped in one.skipped]
        sides += [(qualified(one.source, group), side) for group, side in one.sides.items()]
        for category, (pictures, cells) in one.found.items():
            counted[categories[category], 0] += pictures
            counted[categories[category], 1] += cells
    found.sides = strictest(sides)
    found.found = {
        name: (counted[name, 0], counted[name, 1]) for name in sorted({name for name, _ in counted})
    }
    return found


def _marked(cell: Cell, reading: Reading, name: str, mode: str | None) -> Cell:
    return replace(
        cell,
        id=f"{name}_{cell.id}",
        group=qualified(reading.source, cell.group),
        picture=f"{name}/{cell.picture}",
        mode=mode or reading.default_mode,
    )


def _usable(reading: Reading, name: str) -> Reading:
    if not reading.cells and not reading.fields:
        first = reading.skipped[0].reason if reading.skipped else "nothing annotated"
        expected = "accepted or corrected ones; review some" if reading.source == REVIEWS else _LAYOUTS
        raise InputError(f"{name}: no usable cell found ({first}); expected {expected}.")
    return reading


def _read_fields(source: Path, options: BuildOptions) -> Reading:
    if options.mode:
        raise InputError(
            f"{source}: pictures of many cells, expected no mode, found {options.mode!r}: they are cut into "
            "tiles; leave it out."
        )
    return masks.read(source, options.truth, options.groups)


def _read_sipakmed(source: Path, mode: str | None, form: str | None) -> Reading:
    """Read the form options for; else smears for windows and crops for fitting, whichever there is."""
    if form:
        return sipakmed.read(source, form)
    forms = ("cropped", "smear") if mode == "fit" else ("smear", "cropped")
    first = sipakmed.read(source, forms[0])
    if first.cells:
        return first
    second = sipakmed.read(source, forms[1])
    return second if second.cells or not first.skipped else first  # without any cell, the one that says why
