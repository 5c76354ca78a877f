"""How many nuclei were found in each cell that a truth outlines without telling its nucleus.

Such a truth has no figure for nuclei; yet a cell has one nucleus, but for few. So how many of the cells have
just one tells something of nuclei where nothing else does.
"""

import math

import numpy as np
import pandas as pd
from skimage.measure import label as connected

from pap_core.evaluation.intervals import figures
from pap_core.labels import OF_CELL

NUCLEI_OF_CELLS = {"one": "just one nucleus", "none": "no nucleus", "several": "several nuclei"}

_INSIDE = 0.5  # of a nucleus, at least, lies in the cell that it is of


def by_nuclei(nuclei: np.ndarray, cells: np.ndarray | None, truth: np.ndarray) -> dict[str, float]:
    """Count the cells of a picture by the nuclei that were found in them.

    Args:
        nuclei: ``(H, W)`` integers: 0, or the number of the nucleus that a pixel is of.
        cells: the same of the truth's cells; None where it tells none apart: then they are its connected
            pieces, and several that touch are one.
        truth: ``(H, W)`` uint8 label map. Cells whose nucleus it tells are left out.

    Returns:
        The number of cells with each of `NUCLEI_OF_CELLS`, as `cells_with_one`; all are NaN where there is
        no such cell.
    """
    where = truth == OF_CELL
    found = connected(where, connectivity=1) if cells is None else cells
    told = np.setdiff1d(np.unique(found[where]), np.append(found[(found > 0) & ~where], 0))
    if not told.size:
        return {f"cells_with_{name}": math.nan for name in NUCLEI_OF_CELLS}
    numbers, areas = np.unique(nuclei[nuclei > 0], return_counts=True)
    inside = [
        np.bincount(np.searchsorted(numbers, within[within > 0]), minlength=len(numbers)) > _INSIDE * areas
        for within in (nuclei[found == cell] for cell in told)
    ]
    counts = np.array([one.sum() for one in inside])
    return {
        "cells_with_one": float((counts == 1).sum()),
        "cells_with_none": float((counts == 0).sum()),
        "cells_with_several": float((counts > 1).sum()),
    }


def shares(table: pd.DataFrame) -> tuple[dict[str, dict], dict[str, float | None]]:
    """Return the share of cells with each of `NUCLEI_OF_CELLS`: over pictures (see `figures`), and of all.

    Args:
        table: a row a picture, with its `group` and what `by_nuclei` returns.
    """
    counts = table[[f"cells_with_{name}" for name in NUCLEI_OF_CELLS]].to_numpy(dtype=float)
    groups = table["group"].to_numpy()
    each = zip(NUCLEI_OF_CELLS, counts.T, strict=True)
    over = {name: figures(some / counts.sum(axis=1), groups) for name, some in each}
    added = np.nansum(counts, axis=0)
    if not added.any():
        return over, dict.fromkeys(NUCLEI_OF_CELLS)
    return over, dict(zip(NUCLEI_OF_CELLS, (added / added.sum()).tolist(), strict=True))
