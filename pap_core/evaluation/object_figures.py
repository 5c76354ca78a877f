"""Figures of objects over pictures: what a match adds up as columns of a table, then summaries of these."""

import math

import numpy as np
import pandas as pd

from pap_core.evaluation.intervals import figures
from pap_core.evaluation.matched import Matched, together
from pap_core.evaluation.measured import OF_OBJECTS, OUTLINES

MICROMETRES = tuple(f"{name}_micrometre" for name in OUTLINES)
_SUMS = ("predicted", "true", "pairs", "iou", "intersection", "union")


def columns(name: str, matched: Matched | None) -> dict[str, float]:
    """Return what a match adds up, and the distances between outlines, px, each after the objects' name.

    Args:
        name: of the objects, as "nuclei".
        matched: None where the truth does not tell them: then all are NaN.
    """
    return {f"{name}_{part}": getattr(matched, part) if matched else math.nan for part in (*_SUMS, *OUTLINES)}


def of_objects(table: pd.DataFrame, name: str) -> dict[str, dict]:
    """Return the figures of each of `OF_OBJECTS` over pictures, by metric (see `figures`).

    Args:
        table: a row a picture, with its `group` and what `columns` returns. With `pixel_size`, µm per px, the
            distances between outlines are there in µm, too.
        name: of the objects.
    """
    told = table[table[f"{name}_true"].notna()]
    each = [_matched(row, name) for row in told.to_dict("records")]
    groups = told["group"].to_numpy()
    values = {
        metric: told[f"{name}_{metric}"].to_numpy(dtype=float)
        if metric in OUTLINES
        else np.array([getattr(one, metric) for one in each], dtype=float)
        for metric in OF_OBJECTS
    }
    if "pixel_size" in table:
        sizes = told["pixel_size"].to_numpy()
        values |= {metric: values[px] * sizes for metric, px in zip(MICROMETRES, OUTLINES, strict=True)}
    return {metric: figures(found, groups) for metric, found in values.items()}


def added_up(table: pd.DataFrame, name: str) -> dict[str, float | None]:
    """Return each of `OF_OBJECTS` from the objects of all pictures added up, but those that are no sums.

    Args are those of `of_objects`.
    """
    told = table[table[f"{name}_true"].notna()]
    whole = together([_matched(row, name) for row in told.to_dict("records")])
    found = {metric: getattr(whole, metric) for metric in OF_OBJECTS if metric not in OUTLINES}
    return {metric: None if math.isnan(value) else value for metric, value in found.items()}


def _matched(row: dict, name: str) -> Matched:
    predicted, true, pairs, iou, intersection, union = (row[f"{name}_{part}"] for part in _SUMS)
    return Matched(int(predicted), int(true), int(pairs), float(iou), int(intersection), int(union))
