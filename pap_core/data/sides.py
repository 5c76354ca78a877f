"""Which side of a split a smear or slide stands on already, in data sets built before."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pap_core.data.described import describe
from pap_core.data.likeness import same_pictures
from pap_core.data.manifest import cells
from pap_core.data.split import TEST, qualified


@dataclass(frozen=True)
class Settled:
    """What stands on a side already."""

    groups: dict[str, str]
    pictures: dict[tuple[str, str], str]  # by the digest of their pixels and their likeness

    def of(self, first: Mapping[str, str], rows: Sequence[Mapping]) -> dict[str, str]:
        """Return the side by group, where groups that are one have one; see `first_of_each`."""
        named = [(first[group], side) for group, side in self.groups.items() if group in first]
        same = same_pictures(dict(self.pictures.keys()) | {row["picture"]: row["likeness"] for row in rows})
        known = strictest((same[picture], side) for (picture, _), side in self.pictures.items())
        seen = [(row["group"], known[same[row["picture"]]]) for row in rows if same[row["picture"]] in known]
        return strictest([*named, *seen])


def known_sides(folders: Sequence[Path]) -> dict[str, str]:
    """Return the side of each smear or slide of some data sets, by its qualified group.

    Where they differ, as those of the paper's split do within one, it is the test side: what a network is
    measured on anywhere is not to be trained on.

    Raises:
        InputError: a folder is no finished data set.
    """
    return strictest(side for folder in folders for side in _sides(folder))


def known_pictures(folders: Sequence[Path]) -> dict[tuple[str, str], str]:
    """Return the side of each picture of some data sets, by its digest and its likeness; see `known_sides`.

    Those of data sets which older versions built are not known.
    """
    tables = [table for table in map(cells, folders) if "picture" in table]
    known = [
        ((picture, likeness), side)
        for table in tables
        for picture, likeness, side in zip(
            table["picture"], table.get("likeness", [""] * len(table)), table["split"], strict=True
        )
    ]
    return strictest((picture, side) for picture, side in known if picture[0])


def strictest(sides: Iterable[tuple[Hashable, str]]) -> dict:
    """Return one side a group of pairs of group and side: the test side where it stands on both.

    >>> strictest([("a", "test"), ("a", "train"), ("b", "train")])
    {'a': 'test', 'b': 'train'}
    """
    found: dict[Hashable, str] = {}
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
