"""Which side of a split a smear or slide stands on already, in data sets built before."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from pap_core.data.described import describe
from pap_core.data.manifest import cells
from pap_core.data.split import TEST, qualified


def known_sides(folders: Sequence[Path]) -> dict[str, str]:
    """Return the side of each smear or slide of some data sets, by its qualified group.

    Where they differ, as those of the paper's split do within one, it is the test side: what a network is
    measured on anywhere is not to be trained on.

    Raises:
        InputError: a folder is no finished data set.
    """
    return strictest(side for folder in folders for side in _sides(folder))


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
    source = describe(folder).get("source", "")
    table = cells(folder)
    return [
        (qualified(source, group), side) for group, side in zip(table["group"], table["split"], strict=True)
    ]
