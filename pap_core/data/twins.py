"""Pictures that are the same under two names: their smears or slides are one, so that no split parts them."""

from collections import defaultdict
from collections.abc import Iterable


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
