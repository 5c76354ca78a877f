"""Six metrics from four counts: the five of the paper (section 2), and Dice."""

import numpy as np

from pap_core.labels import (
    BACKGROUND,
    CLASSES,
    CYTOPLASM,
    IGNORE,
    MAY_BE,
    NOT_NUCLEUS,
    NUCLEUS,
    OF_CELL,
    PALETTE,
    positives,
)

_PARTIAL = {  # codes that leave a class open, and not all of them
    one: tuple(code for code, classes in MAY_BE.items() if one in classes and len(classes) == 2)
    for one in CLASSES.values()
}
METRICS = ("accuracy", "precision", "sensitivity", "specificity", "jaccard", "dice")


def count(predicted: np.ndarray, truth: np.ndarray, known: np.ndarray) -> dict[str, np.ndarray]:
    """Count pixels of one class, an image each, over the known ones.

    Args:
        predicted: ``(..., H, W)`` bool.
        truth: the same shape, bool.
        known: the same shape, bool; False where the expert left the class open.

    Returns:
        ``tp``, ``fp``, ``fn``, ``tn``, each ``(...)`` int64.
    """
    if not predicted.shape == truth.shape == known.shape:
        raise ValueError(f"shapes differ: {predicted.shape}, {truth.shape}, {known.shape}")
    parts = {
        "tp": predicted & truth & known,
        "fp": predicted & ~truth & known,
        "fn": ~predicted & truth & known,
        "tn": ~predicted & ~truth & known,
    }
    return {name: part.sum(axis=(-2, -1), dtype=np.int64) for name, part in parts.items()}


def scores(counts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Derive the metrics from the counts; 0/0 is undefined, NaN.

    >>> found = scores({"tp": 3, "fp": 1, "fn": 1, "tn": 0})
    >>> {name: float(value) for name, value in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'accuracy': 0.6, 'precision': 0.75, 'sensitivity': 0.75, 'specificity': 0.0, 'jaccard': 0.6,
     'dice': 0.75}
    """
    tp, fp, fn, tn = (np.asarray(counts[name], dtype=np.float64) for name in ("tp", "fp", "fn", "tn"))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + fp + fn + tn),
            "precision": tp / (tp + fp),
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "jaccard": tp / (tp + fp + fn),
            "dice": 2 * tp / (2 * tp + fp + fn),
        }


def compare(colours: np.ndarray, labels: np.ndarray, protocol: str) -> dict[str, dict[str, np.ndarray]]:
    """Count nucleus and cytoplasm of predicted colour maps against label maps.

    Args:
        colours: ``(..., H, W, 3)`` uint8, as predicted.
        labels: ``(..., H, W)`` uint8 label maps: the reference, without a border.
        protocol: see `pap_core.labels.positives`.

    Returns:
        Counts (see `count`) by "nucleus" and "cytoplasm".
    """
    return {
        name: count(
            positives(colours, label_class, protocol),
            reference(labels, label_class, protocol),
            known_of(labels, label_class, protocol),
        )
        for name, label_class in CLASSES.items()
    }


def compare_cells(colours: np.ndarray, labels: np.ndarray, protocol: str) -> dict[str, np.ndarray]:
    """Count whole cells, nucleus and cytoplasm alike, for a truth that does not tell them apart.

    Args are those of `compare`. Under `channel-200`, where background counts as cell, nothing is known.
    """
    predicted = [positives(colours, label_class, protocol) for label_class in CLASSES.values()]
    known = (labels != IGNORE) & (labels != NOT_NUCLEUS) & (protocol != "channel-200")
    return count(predicted[0] | predicted[1], np.isin(labels, (CYTOPLASM, NUCLEUS, OF_CELL)), known)


def known_of(labels: np.ndarray, label_class: int, protocol: str) -> np.ndarray:
    """Return the pixels of which the truth says whether they are of a class.

    An image that leaves the class open where it may be, and has it nowhere, says nothing of it: the rest
    would make a Jaccard index of 0. Nor does one that knows nothing but nuclei, as points in them do: where
    they end is not told. Nor does a truth that is partial under `channel-200`, which reads background as both
    classes.
    """
    leaves_open = np.isin(labels, _PARTIAL[label_class])
    silent = leaves_open.any(axis=(-2, -1)) & ~(labels == label_class).any(axis=(-2, -1))
    silent = silent | ~np.isin(labels, (NUCLEUS, IGNORE), invert=True).any(axis=(-2, -1))
    if protocol == "channel-200":
        silent = np.isin(labels, (NOT_NUCLEUS, OF_CELL)).any(axis=(-2, -1))
    return (labels != IGNORE) & ~leaves_open & ~silent[..., None, None]


def reference(labels: np.ndarray, label_class: int, protocol: str) -> np.ndarray:
    """Return the pixels that count as `label_class` in the truth.

    Under `channel-200` prediction and target are read alike, so there white counts as well.
    """
    if protocol != "channel-200":
        return labels == label_class
    filled = PALETTE[np.where(labels > NUCLEUS, BACKGROUND, labels)]
    return positives(filled, label_class, protocol)
