"""What people say of a run: a name, notes and tags, in a file of its own in the run's folder."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Annotated

import msgspec

from pap_core.errors import InputError
from pap_core.files import fitting, read_json, write_whole
from pap_core.training.run import Run

FILE = "about.json"
LONGEST_NAME, LONGEST_NOTES, LONGEST_TAG, MOST_TAGS = 80, 4000, 30, 12  # characters; tags
_REMEDY = "write them anew"
_LINE = r"^[^\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]*\Z"  # no second line, and nothing that is no sign
_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]*\Z"


@dataclass(frozen=True)
class About:
    """What is said of a run; all of it may be empty."""

    name: Annotated[str, msgspec.Meta(pattern=_LINE, max_length=LONGEST_NAME)] = ""
    notes: Annotated[str, msgspec.Meta(pattern=_TEXT, max_length=LONGEST_NOTES)] = ""
    tags: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=_LINE, min_length=1, max_length=LONGEST_TAG)], ...],
        msgspec.Meta(max_length=MOST_TAGS),
    ] = ()


def read(run: Run) -> About:
    """Return what is said of a run, nothing where nobody said anything.

    Raises:
        InputError: the file is damaged.
    """
    try:
        return read_json(run.folder / FILE, About, _REMEDY, f"{run.folder.name}/{FILE}")
    except FileNotFoundError:
        return About()


def write(run: Run, name: str, notes: str, tags: Sequence[str]) -> None:
    """Replace what is said of a run; spaces around are left out, and tags that are there twice.

    Args:
        run: whatever its state.
        name: one line of up to 80 characters.
        notes: up to 4,000 characters.
        tags: up to 12, each one line of up to 30 characters.

    Raises:
        InputError: something is too long or holds signs that no text has, the run is gone, or its folder
            cannot be written.
    """
    kept = tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))
    about = About(name.strip(), notes.strip(), kept)
    _check(about)
    if not run.folder.is_dir():
        raise InputError(f"{run.folder.name}: the run is not there any more, so nothing is kept of it.")
    try:
        write_whole(run.folder / FILE, json.dumps(asdict(about), indent=2).encode())
    except OSError as error:
        raise run.unwritable(error) from error


def _check(about: About) -> None:
    """Raise InputError where a part is longer than it may be, or holds what no text has."""
    lengths = {"name": (len(about.name), LONGEST_NAME), "notes": (len(about.notes), LONGEST_NOTES)}
    lengths |= {f"tag {tag:.20}": (len(tag), LONGEST_TAG) for tag in about.tags}
    for part, (length, most) in lengths.items():
        if length > most:
            raise InputError(f"{part}: {length:,} characters, expected {most:,} at most; shorten it.")
    if len(about.tags) > MOST_TAGS:
        raise InputError(f"{len(about.tags)} tags, expected {MOST_TAGS} at most; remove some.")
    try:
        fitting(asdict(about), About, _REMEDY, FILE)
    except InputError:
        raise InputError(
            "name, notes or tags: a control character was found, expected text, in one line for the name and "
            "for each tag; remove it."
        ) from None
