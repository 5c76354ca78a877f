"""Nuclei that a truth marks by a point each: where they are, and neither how large nor all that there are."""

from collections.abc import Sequence

import numpy as np

from pap_core.data.readers.cell import Truth
from pap_core.data.truth import documents
from pap_core.data.truth.read import PART_OF


def marked_points(truths: Sequence[Truth]) -> np.ndarray:
    """Return the points that mark nuclei of a picture, ``(N, 2)`` float64 x and y, px; N is 0 where none do.

    Args:
        truths: those of the picture, without an error.
    """
    found: list[np.ndarray] = []
    for one in truths:
        if not documents.is_one(one.path):
            continue
        document = documents.parse_file(one.path, PART_OF.get(one.form or ""))
        areas = document.of(one.paths) if document else []
        found += [area.outline[0] for area in areas if area.point]
    return np.reshape(found, (-1, 2))
