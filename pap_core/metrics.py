"""Five metrics from four counts (the paper, section 2; SPEC, section 5)."""

import numpy as np

from pap_core.labels import BACKGROUND, CLASSES, IGNORE, PALETTE, positives

METRICS = ("accuracy", "precision", "sensitivity", "specificity", "jaccard")


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
    """Derive the five metrics from the counts; 0/0 is undefined, NaN.

    >>> found = scores({"tp": 3, "fp": 1, "fn": 0, "tn": 0})
    >>> {name: float(value) for name, value in found.items()}  # doctest: +NORMALIZE_WHITESPACE
    {'accuracy': 0.75, 'precision': 0.75, 'sensitivity': 1.0, 'specificity': 0.0, 'jaccard': 0.75}
    """
    tp, fp, fn, tn = (np.asarray(counts[name], dtype=np.float64) for name in ("tp", "fp", "fn", "tn"))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "accuracy": (tp + tn) / (tp + fp + fn + tn),
            "precision": tp / (tp + fp),
            "sensitivity": tp / (tp + fn),
            "specificity": tn / (tn + fp),
            "jaccard": tp / (tp + fp + fn),
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
    known = labels != IGNORE
    return {
        name: count(
            positives(colours, label_class, protocol), reference(labels, label_class, protocol), known
        )
        for name, label_class in CLASSES.items()
    }


def reference(labels: np.ndarray, label_class: int, protocol: str) -> np.ndarray:
    """Return the pixels that count as `label_class` in the truth.

    Under `channel-200` prediction and target are read alike, so there white counts as well.
    """
    if protocol != "channel-200":
        return labels == label_class
    filled = PALETTE[np.where(labels == IGNORE, BACKGROUND, labels)]
    return positives(filled, label_class, protocol)
