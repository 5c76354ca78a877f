"""Which side of a split a smear or slide stands on already, in data sets built before."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pap_core.data.described import describe
from pap_core.data.split import TEST, qualified
from pap_core.errors import InputError


@dataclass(frozen=True)
class Settled:
    """What stands on a side already."""

    groups: dict[str, str]
    pictures: dict[str, str]  # by the digest of their pixels

    def of(self, first: Mapping[str, str], rows: Sequence[Mapping]) -> dict[str, str]:
        """Return the side by group, where groups that are one have one; see `first_of_each`."""
        named = [(first[group], side) for group, side in self.groups.items() if group in first]
        seen = [
            (row["group"], self.pictures[row["picture"]]) for row in rows if row["picture"] in self.pictures
        ]
        return strictest([*named, *seen])


def known_sides(folders: Sequence[Path]) -> dict[str, str]:
    """Return the side of each smear or slide of some data sets, by its qualified group.

    Where they differ, as those of the paper's split do within one, it is the test side: what a network is
    measured on anywhere is not to be trained on.

    Raises:
        InputError: a folder is no finished data set.
    """
    return strictest(side for folder in folders for side in _sides(folder))


def known_pictures(folders: Sequence[Path]) -> dict[str, str]:
    """Return the side of each picture of some data sets, by the digest of its pixels; see `known_sides`.

    Those of data sets which older versions built are not known.
    """
    rows = [row for folder in folders for row in _rows(folder)]
    return strictest((row["picture"], row["split"]) for row in rows if row.get("picture"))


def strictest(sides: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return one side a group of pairs of group and side: the test side where it stands on both.

    >>> strictest([("a", "test"), ("a", "train"), ("b", "train")])
    {'a': 'test', 'b': 'train'}
    """
    found: dict[str, str] = {}
    for group, side in sides:
        found[group] = TEST if TEST in (side, found.get(group)) else side
    return found


def _sides(folder: Path) -> list[tuple[str, str]]:
    described = describe(folder)
    names = {lot[0]: lot for lot in described.get("united", [])}  # the others are not in the manifest
    return [
        (qualified(described.get("source", ""), group), row["split"])
        for row in _rows(folder)
        for group in names.get(row["group"], [row["group"]])
    ]


def _rows(folder: Path) -> list[dict[str, str]]:
    try:
        with open(folder / "manifest.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if any(row["group"] is None or row["split"] is None for row in rows):
            raise ValueError("a row is cut short")
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(f"{folder}/manifest.csv: cannot be read ({error}); build it again.") from None
    return rows
