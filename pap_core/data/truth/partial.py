"""Label maps that tell a part each, as one: a pixel may be what all of them allow."""

from collections.abc import Sequence

import numpy as np

from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, MAY_BE, NOT_NUCLEUS, NUCLEUS, OF_CELL

_ANY = 0b111  # a bit a class
_SETS = {code: sum(1 << one for one in classes) for code, classes in MAY_BE.items()}
_BITS = np.full(256, _ANY, dtype=np.uint8)
_BITS[list(_SETS)] = list(_SETS.values())
_CODES = np.full(_ANY + 1, IGNORE, dtype=np.uint8)  # of what no code says, and of contradictions, nothing
_CODES[list(_SETS.values())] = list(_SETS)


def united(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return what several label maps of one picture tell together.

    Where they contradict one another the pixel is a nucleus if one says so: nuclei are drawn within cells,
    and lie above them. Else it is unknown.

    Args:
        labels: ``(H, W)`` uint8 each, one or more.

    >>> united([np.array([[2, 253, 253, 253]], np.uint8), np.array([[254, 254, 0, 255]], np.uint8)]).tolist()
    [[2, 1, 0, 253]]
    """
    bits = _BITS[labels[0]]
    nucleus = labels[0] == NUCLEUS
    for label in labels[1:]:
        bits = bits & _BITS[label]
        nucleus = nucleus | (label == NUCLEUS)
    return np.where((bits == 0) & nucleus, np.uint8(NUCLEUS), _CODES[bits])


def guessed(truth: np.ndarray, guess: np.ndarray) -> np.ndarray:
    """Return a truth with what a guess adds where it leaves something open; the truth is never contradicted.

    Args:
        truth: ``(H, W)`` uint8 label map, codes of partial truth included.
        guess: likewise.

    >>> truth = np.array([[2, 253, 253, 254, 255, 255]], np.uint8)
    >>> guessed(truth, np.array([[0, 2, 1, 253, 254, 255]], np.uint8)).tolist()
    [[2, 253, 1, 1, 254, 255]]
    """
    bits = _BITS[truth] & _BITS[guess]
    return np.where(bits == 0, truth, _CODES[bits])


def only_told(label: np.ndarray) -> np.ndarray:
    """Return a label map drawn from outlines without what these do not tell.

    Outlines of nuclei alone do not tell where cytoplasm is; outlines of cells alone tell neither where their
    nuclei are nor whether there are cells besides, for people outline some.

    Args:
        label: ``(H, W)`` uint8 label map, its background wherever nothing was outlined.
    """
    if not (label == NUCLEUS).any():
        codes = {BACKGROUND: IGNORE, CYTOPLASM: OF_CELL}
    elif not np.isin(label, (CYTOPLASM, OF_CELL)).any():
        codes = {BACKGROUND: NOT_NUCLEUS}
    else:
        return label
    found = label.copy()
    for code, told in codes.items():
        found[label == code] = told
    return found
