"""Categories of cells as people write them, in clinical order."""

import re
from collections.abc import Iterable

# from normal to severe, and from the surface down: Herlev's seven, then SIPaKMeD's five
CLINICAL = (
    "normal superficial",
    "normal intermediate",
    "normal columnar",
    "light dysplastic",
    "moderate dysplastic",
    "severe dysplastic",
    "carcinoma in situ",
    "superficial-intermediate",
    "parabasal",
    "metaplastic",
    "koilocytotic",
    "dyskeratotic",
)
_PLACES = {name.replace("-", " "): place for place, name in enumerate(CLINICAL)}


def written(category: str) -> str:
    """Return a category as people write it; one that is not known keeps its letters.

    >>> written("light_dysplastic"), written("normal_superficiel"), written("Superficial-Intermediate")
    ('light dysplastic', 'normal superficial', 'superficial-intermediate')
    >>> written("HSIL_CIN-3")
    'HSIL CIN-3'
    """
    place = _PLACES.get(_key(category))
    return " ".join(category.replace("_", " ").split()) if place is None else CLINICAL[place]


def in_order(categories: Iterable[str]) -> list[str]:
    """Return categories, each once, in clinical order; those that are not known last, by the alphabet.

    >>> in_order(["severe_dysplastic", "other", "light_dysplastic", "Adenocarcinoma", "other"])
    ['light_dysplastic', 'severe_dysplastic', 'Adenocarcinoma', 'other']
    """
    return sorted(set(categories), key=lambda one: (_PLACES.get(_key(one), len(CLINICAL)), _key(one), one))


def _key(category: str) -> str:
    words = " ".join(re.split(r"[\s_-]+", category.casefold().strip()))
    return words.replace("superficiel", "superficial")  # which is how Herlev's folder is called
