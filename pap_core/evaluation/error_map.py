"""The error map: where a prediction hits, misses, or raises a false alarm for one class."""

import numpy as np

from pap_core.evaluation.metrics import reference
from pap_core.labels import IGNORE, positives

NEITHER, HIT, MISS, FALSE_ALARM = 0, 1, 2, 3  # and IGNORE where the expert left the class open
# told apart by lightness alone, so by every eye: pale blue, orange, dark indigo on white, grey for unknown
COLOURS = {
    NEITHER: (255, 255, 255),
    HIT: (175, 215, 245),
    MISS: (225, 100, 0),
    FALSE_ALARM: (45, 20, 110),
    IGNORE: (165, 165, 165),
}


def error_map(colours: np.ndarray, label: np.ndarray, label_class: int, protocol: str) -> np.ndarray:
    """Compare a predicted colour map with a label map, pixel by pixel, just as the metrics count.

    Args:
        colours: ``(H, W, 3)`` uint8, as predicted.
        label: ``(H, W)`` uint8 label map.
        label_class: ``NUCLEUS`` or ``CYTOPLASM``.
        protocol: see `pap_core.labels.positives`.

    Returns:
        ``(H, W)`` uint8: `HIT` (true positive), `MISS` (false negative), `FALSE_ALARM` (false positive),
        `NEITHER` (true negative), ``IGNORE`` where the expert left the class open.
    """
    predicted = positives(colours, label_class, protocol)
    truth = reference(label, label_class, protocol)
    errors = np.select(
        [predicted & truth, truth, predicted], [HIT, MISS, FALSE_ALARM], default=NEITHER
    ).astype(np.uint8)
    errors[label == IGNORE] = IGNORE
    return errors


def draw_errors(errors: np.ndarray) -> np.ndarray:
    """Draw an error map ``(H, W)`` in `COLOURS`, ``(H, W, 3)`` uint8."""
    drawn = np.zeros((256, 3), dtype=np.uint8)
    for code, colour in COLOURS.items():
        drawn[code] = colour
    return drawn[errors]
