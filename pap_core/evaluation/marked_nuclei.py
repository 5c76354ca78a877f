"""How many of the nuclei that a truth marks by points were found; of others such a truth tells nothing."""

import math

import numpy as np
import pandas as pd

from pap_core.evaluation.intervals import figures


def found_at(points: np.ndarray, nuclei: np.ndarray) -> dict[str, float]:
    """Count the points of a picture, and the nuclei found at them: several points in one have found one.

    Args:
        points: ``(N, 2)`` x and y, px, all within the picture.
        nuclei: ``(H, W)`` integers: 0, or the number of the nucleus that a pixel is of.

    Returns:
        `marked` and `marked_found`; NaN where there is no point.
    """
    if not len(points):
        return {"marked": math.nan, "marked_found": math.nan}
    columns, rows = np.floor(points).astype(int).T
    numbers = nuclei[rows.clip(0, nuclei.shape[0] - 1), columns.clip(0, nuclei.shape[1] - 1)]
    return {"marked": float(len(points)), "marked_found": float(np.unique(numbers[numbers > 0]).size)}


def share_found(table: pd.DataFrame) -> tuple[dict, float | None]:
    """Return the share of marked nuclei that were found: over pictures (see `figures`), and of all.

    Args:
        table: a row a picture, with its `group` and what `found_at` returns.
    """
    marked, found = (table[name].to_numpy(dtype=float) for name in ("marked", "marked_found"))
    whole = np.nansum(marked)
    return figures(found / marked, table["group"].to_numpy()), float(
        np.nansum(found) / whole
    ) if whole else None
