"""The nuclei of a crop, those found matched with those there."""

import numpy as np

from pap_core.evaluation.metrics import known_of
from pap_core.evaluation.object_figures import columns
from pap_core.evaluation.objects import match, pieces_of
from pap_core.labels import NUCLEUS, decode
from pap_core.nuclei import nuclei_of

OF = "nuclei"  # how the columns begin


def matched_nuclei(colours: np.ndarray, label: np.ndarray) -> dict[str, float]:
    """Match the nuclei of a crop, read by the protocol strict.

    Those found are told apart as in `predict`; those there are the connected pieces of the truth, for a label
    map does not tell touching ones apart.

    Args:
        colours: ``(S, S, 3)`` uint8, as predicted.
        label: ``(S, S)`` uint8 label map of the truth.

    Returns:
        See `pap_core.evaluation.object_figures.columns`; NaN where the truth tells nothing of nuclei.
    """
    known = known_of(label, NUCLEUS, "strict")
    if not known.any():
        return columns(OF, None)
    return columns(OF, match(nuclei_of(decode(colours)), pieces_of(label), known))
