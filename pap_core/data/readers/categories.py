"""Categories by the names of folders, which people type: case, accents and the like do not tell two apart."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable

UNKNOWN = "unknown"
_PLURAL = re.compile(r"(?<=[^\W\d_]{5})s(?=-|\Z)")  # of words, not of short names as CIS
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


def is_one_of(official: Iterable[str]) -> Callable[[str], bool]:
    """Return whether a name is a spelling of one of these.

    >>> is_one_of(["Parabasal"])(" PARABASALS"), is_one_of(["Parabasal"])("basal")
    (True, False)
    """
    keys = set(map(_key, official))
    return lambda name: _key(name) in keys


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())  # accents apart, which keyboards do not all have
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _PLURAL.sub("", _BETWEEN.sub("-", letters).strip("-"))
