"""Which side of a split a smear or slide stands on already, in data sets built before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pap_core.data.described import describe
from pap_core.data.manifest import cells
from pap_core.data.split import TEST, qualified


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
    tables = [table for table in map(cells, folders) if "picture" in table]
    seen = (zip(table["picture"], table["split"], strict=True) for table in tables)
    return strictest((picture, side) for pairs in seen for picture, side in pairs if picture)


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
    table = cells(folder)
    return [
        (qualified(described.get("source", ""), group), side)
        for name, side in zip(table["group"], table["split"], strict=True)
        for group in names.get(name, [name])
    ]
