"""Splits into training and test: leak-free by smear or slide, or as the paper made it."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

SPLITS = ("grouped", "paper")
TRAIN, TEST = "train", "test"
REVIEWS, MIXED = "reviews", "mixed"  # sources whose groups are qualified already
FIELDS = "masks"  # source of pictures with truth beside them


class Member(Protocol):
    """What is split: a cell, or a tile of a field."""

    @property
    def id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def group(self) -> str: ...


def qualified(source: str, group: str) -> str:
    """Return a smear's or slide's name that also tells the source it is of.

    >>> qualified("herlev", "153958345"), qualified("mixed", "herlev:153958345")
    ('herlev:153958345', 'herlev:153958345')
    """
    return group if source in (REVIEWS, MIXED) else f"{source}:{group}"


def split(
    cells: Sequence[Member],
    kind: str = "grouped",
    test: float = 0.3,
    seed: int = 0,
    settled: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Assign each cell to "train" or "test".

    Args:
        cells: the cells, or tiles, to split.
        kind: "grouped" keeps all cells of a smear or slide on one side; "paper" draws at random within
            each category, so that cells of one smear stand on both sides.
        test: wanted share of the test side.
        seed: another seed gives another split; the same one gives the same on any machine.
        settled: side by group of those whose side is no longer open; the others are drawn among themselves.

    Returns:
        Side by cell id.
    """
    settled = settled or {}
    open_ = [cell for cell in cells if cell.group not in settled]
    members = _by_group(open_) if kind == "grouped" else {cell.id: [cell] for cell in open_}
    tested = _draw(members, test, seed)
    drawn = {cell.id: TEST if key in tested else TRAIN for key, group in members.items() for cell in group}
    return drawn | {cell.id: settled[cell.group] for cell in cells if cell.group in settled}


def hold_out(groups: Sequence[str], share: float, seed: int) -> set[str]:
    """Choose whole groups that hold about `share` of the rows, to validate on.

    Args:
        groups: the group of each row of the training side.
        share: between 0 and 1.
        seed: of the draw.
    """
    sizes = Counter(groups)
    chosen: set[str] = set()
    held = 0
    for group in _shuffled(sizes, seed):
        if held + sizes[group] / 2 <= share * len(groups):
            chosen.add(group)
            held += sizes[group]
    return chosen


def _by_group(cells: Sequence[Member]) -> dict[str, list[Member]]:
    groups = defaultdict(list)
    for cell in cells:
        groups[cell.group].append(cell)
    return groups


def _draw(members: dict[str, list[Member]], share: float, seed: int) -> set[str]:
    """Go through the groups in a shuffled order and take each that brings the categories nearer."""
    total = Counter(cell.category for group in members.values() for cell in group)
    missing = {category: round(share * count) for category, count in total.items()}
    drawn = set()
    for key in _shuffled(members, seed):
        gain = Counter(cell.category for cell in members[key])
        before = sum(abs(missing[category]) for category in gain)
        after = sum(abs(missing[category] - count) for category, count in gain.items())
        if after < before:
            drawn.add(key)
            for category, count in gain.items():
                missing[category] -= count
    return drawn


def _shuffled(keys, seed: int) -> list[str]:
    """Order keys by a hash: random enough, and the same for every version of every library."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())
