"""Pictures that are the same under two names: their smears or slides are one, so that no split parts them."""

from collections import defaultdict
from collections.abc import Iterable

import pandas as pd


def first_of_each(groups: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return, for each group, the first by name of all that share pictures with it, itself included.

    Args:
        groups: pairs of a group and the digest of a picture of it, which may be empty where none is known.

    >>> first_of_each([("b", "1"), ("a", "1"), ("b", "2"), ("c", "2"), ("d", "3"), ("e", ""), ("f", "")])
    {'b': 'a', 'a': 'a', 'c': 'a', 'd': 'd', 'e': 'e', 'f': 'f'}
    """
    first: dict[str, str] = {}
    holder: dict[str, str] = {}

    def found(group: str) -> str:
        while first[group] != group:
            first[group] = first[first[group]]
            group = first[group]
        return group

    for group, picture in groups:
        first.setdefault(group, group)
        if picture:
            low, high = sorted((found(group), found(holder.setdefault(picture, group))))
            first[high] = low
    return {group: found(group) for group in first}


def united(first: dict[str, str]) -> list[list[str]]:
    """Return the groups that are one by `first_of_each`, each lot and all of them in order.

    >>> united({"b": "a", "a": "a", "d": "d"})
    [['a', 'b']]
    """
    lots = defaultdict(list)
    for group, name in first.items():
        lots[name].append(group)
    return sorted(sorted(lot) for lot in lots.values() if len(lot) > 1)


def torn(cells: pd.DataFrame) -> int:
    """Count the pictures of a manifest that stand on both sides under the names of different groups.

    Args:
        cells: its rows. Without the column `picture`, as older ones are, crops that are the same with their
            labels are counted.
    """
    column = next((name for name in ("picture", "digest") if name in cells), None)
    if column is None:
        return 0
    by_picture = cells[cells[column] != ""].groupby(column)
    both = by_picture["split"].nunique() > 1
    return int((both & (by_picture["group"].nunique() > 1)).sum())
