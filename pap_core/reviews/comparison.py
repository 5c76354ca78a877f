"""A correction against the prediction it mends: measures before and after, and the metrics."""

import math

import numpy as np
import pandas as pd

from pap_core.evaluation.metrics import count, scores
from pap_core.labels import CLASSES, CYTOPLASM, NUCLEUS
from pap_core.outlines import Outlines


def areas(outlines: Outlines, shape: tuple[int, int]) -> dict[str, float]:
    """Return what `pap_core.measurement.measure` would of one cell: areas in pixels, and the N/C ratio.

    Args:
        outlines: of the cell.
        shape: ``(H, W)`` of its picture.

    Returns:
        `nucleus_area`, `cytoplasm_area` and `nc_ratio`, the last NaN without cytoplasm.
    """
    label = outlines.label(shape)
    nucleus, cytoplasm = int((label == NUCLEUS).sum()), int((label == CYTOPLASM).sum())
    ratio = nucleus / cytoplasm if cytoplasm else math.nan
    return {"nucleus_area": nucleus, "cytoplasm_area": cytoplasm, "nc_ratio": ratio}


def metrics(before: Outlines, after: Outlines, shape: tuple[int, int]) -> pd.DataFrame:
    """Measure a prediction against what a reviewer made of it, which counts as the truth.

    Args:
        before: outlines as predicted.
        after: outlines as corrected.
        shape: ``(H, W)`` of the picture.

    Returns:
        Rows "nucleus" and "cytoplasm", the metrics as columns, 0 to 1; NaN where undefined.
    """
    predicted, truth = before.label(shape), after.label(shape)
    known = np.ones(shape, dtype=bool)
    return pd.DataFrame(
        {name: scores(count(predicted == code, truth == code, known)) for name, code in CLASSES.items()}
    ).T.astype(float)
