"""Categories by the names of folders, which people type: case, blanks and the like do not tell two apart."""

import re
from collections import defaultdict
from collections.abc import Iterable

UNKNOWN = "unknown"
_BETWEEN = re.compile(r"[\s_-]+")


def united(names: Iterable[str], official: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Return the category by spelling, and a sentence for each that had another.

    The spelling is the official one where there is one, else the first in the order of the alphabet.

    >>> united(["im parabasal", "Parabasal "], ["Parabasal"])[0]
    {'Parabasal ': 'Parabasal', 'im parabasal': 'im parabasal'}
    >>> united(["parabasal"], ["Parabasal"])
    ({'parabasal': 'Parabasal'}, ["the category 'parabasal' is read as 'Parabasal'"])
    """
    spelt = {_key(name): name for name in official}
    categories = {}
    others = defaultdict(list)
    for name in sorted(set(names)):
        category = spelt.setdefault(_key(name), name.strip() or UNKNOWN)
        categories[name] = category
        if name != category:
            others[category].append(name)
    notes = [
        f"the {'category' if len(spellings) == 1 else 'categories'} {', '.join(map(repr, spellings))} "
        f"{'is' if len(spellings) == 1 else 'are'} read as {category!r}"
        for category, spellings in others.items()
    ]
    return categories, notes


def _key(name: str) -> str:
    return _BETWEEN.sub("-", name.casefold()).strip("-")
