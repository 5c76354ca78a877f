"""Measures a checkpoint on whole pictures, read and segmented as `predict` does it: by pixels and by nuclei.

A data set of fields holds tiles at the scale of their truth. What a person gets is another thing: the scale
is chosen, tiles come together, nuclei are told apart. That is measured here, picture by picture.
"""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from pap_core.cells import apart
from pap_core.data.readers.cell import Field, Skipped
from pap_core.data.tiles import told_of
from pap_core.data.truth.apart import told_apart
from pap_core.data.truth.areas import CELL, CORE
from pap_core.data.truth.marked import marked_points
from pap_core.errors import InputError
from pap_core.evaluation.evaluate import writing
from pap_core.evaluation.field_source import FieldSource
from pap_core.evaluation.intervals import LEVEL, figures
from pap_core.evaluation.marked_nuclei import found_at, share_found
from pap_core.evaluation.measured import OF_OBJECTS, FieldsSummary
from pap_core.evaluation.metrics import count, known_of, scores
from pap_core.evaluation.nuclei_of_cells import NUCLEI_OF_CELLS, by_nuclei, shares
from pap_core.evaluation.object_figures import MICROMETRES, added_up, columns, of_objects
from pap_core.evaluation.objects import match, pieces_of
from pap_core.files import read_as_written, write_whole
from pap_core.labels import CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.nuclei import nuclei_of

if TYPE_CHECKING:
    from pap_core.inference.segmenter import Segmenter

TABLE, SUMMARY = "per_field.csv", "fields.json"
CLASSES = ("nucleus", "cytoplasm", "cell")  # a cell is nucleus and cytoplasm alike
OF_PIXELS = ("jaccard", "dice", "sensitivity")
OBJECTS = ("nuclei", "cells")
_PARTS = ("tp", "fp", "fn", "tn")


def measure_fields(
    segmenter: "Segmenter",
    source: FieldSource,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[pd.DataFrame, list[Skipped]]:
    """Segment whole pictures and count: a row each.

    Nuclei and cells of the truth are those that it numbers or outlines; where it tells none apart, nuclei are
    its connected pieces, and cells have no figure. Those of the prediction are told apart as in `predict`.
    What the truth leaves open counts nowhere, nor do the dots that stand for points.

    Args:
        segmenter: of the checkpoint.
        source: of the pictures.
        progress: called with pictures done and pictures in all.

    Returns:
        Columns `picture`, `category`, `group`, `kind`, `scale`; `pixel_size`, µm per px; pixels of each of
        `CLASSES`, as `nucleus_tp`; of each of `OBJECTS` what `Matched` adds up, as `nuclei_pairs`, and the
        distances between the outlines of pairs, px; cells by the nuclei found in them (see
        `pap_core.evaluation.nuclei_of_cells.by_nuclei`), and nuclei that are marked by points (see
        `pap_core.evaluation.marked_nuclei.found_at`). What nothing tells is NaN. Then what could not be
        measured, and why.

    Raises:
        InputError: no picture or truth can be read, or those of a data set are not what it was built from.
    """
    rows, skipped = [], []
    for number, field in enumerate(source.fields, start=1):
        source.check(field)
        try:
            rows.append(_measured(segmenter, field))
        except InputError as error:
            skipped.append(Skipped(field.id, str(error)))
        if progress:
            progress(number, len(source.fields))
    if not rows:
        raise InputError(skipped[0].reason)
    return pd.DataFrame(rows), skipped


def _measured(segmenter: "Segmenter", field: Field) -> dict[str, object]:
    from pap_core.inference.scale import choose

    told = told_of(field, scale=1.0, dots=False)
    kind, scale = choose(segmenter, told.image, pixel_size=told.pixel_size)
    found = segmenter.segment(told.image, kind, scale)
    return {
        "picture": field.id,
        "category": field.category,
        "group": field.group,
        "kind": kind,
        "scale": scale,
        **_pixels(found.label, told.label),
        "pixel_size": told.pixel_size or math.nan,
        **_objects(field, told.image, found.label, told.label, scale),
    }


def summarise_fields(table: pd.DataFrame) -> dict:
    """Summarise a table as `measure_fields` makes it, whole and by category.

    Returns:
        `fields`, `groups`; by class and metric of pixels, and under each of `OBJECTS` by metric of objects,
        the figures over pictures (see `figures`), distances in px, and in µm where the size of pixels is
        known; under `nuclei_of_cells` the shares of cells; under `marked_nuclei` the share `found`; under
        `together` the same from all counts added up.
    """
    parts = {name: _summary(rows) for name, rows in table.groupby("category")}
    return {**_summary(table), "categories": parts}


def evaluate_fields(
    segmenter: "Segmenter",
    source: FieldSource,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[dict, list[Skipped]]:
    """Measure a checkpoint on whole pictures, and write ``per_field.csv`` and ``fields.json``.

    Args:
        segmenter: of the checkpoint.
        source: of the pictures.
        out: made if missing.
        progress: called with pictures done and pictures in all.

    Returns:
        The content of ``fields.json``, and what could not be measured.

    Raises:
        InputError: as `measure_fields`, or `out` cannot be written.
    """
    with writing(out):  # before the work: what cannot be kept is not begun
        out.mkdir(parents=True, exist_ok=True)
    table, skipped = measure_fields(segmenter, source, progress)
    summary = {
        "checkpoint": {"folder": segmenter.name, "digest": segmenter.digest},
        "dataset": {"folder": source.name, "side": source.side},
        **summarise_fields(table),
    }
    with writing(out):
        write_whole(out / TABLE, table.to_csv(index=False, lineterminator="\n").encode())
        write_whole(out / SUMMARY, json.dumps(summary, indent=2, allow_nan=False).encode())
    return summary, skipped


def read_fields(out: Path) -> FieldsSummary:
    """Read what `evaluate_fields` wrote into a folder; raises InputError where it is missing or damaged."""
    try:
        return read_as_written(out / SUMMARY, FieldsSummary, "evaluate again with --whole")
    except FileNotFoundError:
        raise InputError(
            f"{out}: no {SUMMARY}, expected a folder written by evaluate --whole; name that one."
        ) from None


def report_fields(summary: dict) -> str:
    """Write out a summary of `evaluate_fields` as a table."""
    dataset, checkpoint = summary["dataset"], summary["checkpoint"]
    lines = [
        f"Whole pictures: {checkpoint['folder']} ({checkpoint['digest']}) on {dataset['folder']}",
        f"{summary['fields']} pictures of {summary['groups']} smears or slides",
        "",
        f"{'':<28}{f'mean over pictures [{LEVEL} % interval]':<40}all added up",
    ]
    rows = [(name, metric, f"{name}: {metric}") for name in CLASSES for metric in OF_PIXELS]
    rows += [
        (name, metric, f"{name}: {metric.replace('_', ' ')}")
        for name in OBJECTS
        for metric in (*OF_OBJECTS, *MICROMETRES)
    ]
    rows += [("nuclei_of_cells", number, f"cells with {said}") for number, said in NUCLEI_OF_CELLS.items()]
    rows.append(("marked_nuclei", "found", "marked nuclei: found"))
    for part, metric, title in rows:
        found = summary[part][metric]
        if found["mean"] is None:
            continue
        mean, low, high = (_number(found[name]) for name in ("mean", "low", "high"))
        told = f"{mean} [{low}, {high}]" if low else mean  # one slide says nothing of how slides differ
        added = _number(summary["together"][part].get(metric))
        lines.append(f"{title:<28}{told:<40}{added}".rstrip())
    return "\n".join([*lines, "", "Boundary distances are in pixels of the pictures, or in µm as said."])


def _pixels(found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Count the pixels of each class, NaN where the truth tells nothing of it."""
    counted = {
        "nucleus": (found == NUCLEUS, truth == NUCLEUS, known_of(truth, NUCLEUS, "strict")),
        "cytoplasm": (found == CYTOPLASM, truth == CYTOPLASM, known_of(truth, CYTOPLASM, "strict")),
        "cell": (
            found > 0,
            np.isin(truth, (CYTOPLASM, NUCLEUS, OF_CELL)),
            (truth != IGNORE) & (truth != NOT_NUCLEUS) & np.isin(truth, (CYTOPLASM, OF_CELL)).any(),
        ),
    }
    return {
        f"{name}_{part}": float(number) if masks[2].any() else math.nan
        for name, masks in counted.items()
        for part, number in count(*masks).items()
    }


def _objects(
    field: Field, image: np.ndarray, found: np.ndarray, truth: np.ndarray, scale: float
) -> dict[str, float]:
    nuclei = told_apart(field.truths, truth, CORE)
    cells = told_apart(field.truths, truth, CELL)
    known = known_of(truth, NUCLEUS, "strict")
    if nuclei is None and known.any():
        nuclei = pieces_of(truth)
    of_cell = (truth != IGNORE) & (truth != NOT_NUCLEUS)
    predicted = apart(image, found, scale) if cells is not None else (nuclei_of(found, scale), None)
    row: dict[str, float] = {}
    for name, one, true, where in zip(OBJECTS, predicted, (nuclei, cells), (known, of_cell), strict=True):
        matched = None if true is None or one is None else match(one, true, where)
        row |= columns(name, matched)
    points = marked_points(field.truths)
    return row | by_nuclei(predicted[0], cells, truth) | found_at(points, predicted[0])


def _summary(table: pd.DataFrame) -> dict:
    groups = table["group"].to_numpy()
    summary: dict = {"fields": len(table), "groups": table["group"].nunique(), "together": {}}
    for name in CLASSES:
        counts = {part: table[f"{name}_{part}"].to_numpy() for part in _PARTS}
        summary[name] = {metric: figures(values, groups) for metric, values in _of_pixels(counts).items()}
        added = _of_pixels({part: np.nansum(values) for part, values in counts.items()})
        summary["together"][name] = {metric: _plain(float(value)) for metric, value in added.items()}
    for name in OBJECTS:
        summary[name] = of_objects(table, name)
        summary["together"][name] = added_up(table, name)
    summary["nuclei_of_cells"], summary["together"]["nuclei_of_cells"] = shares(table)
    share, whole = share_found(table)
    summary["marked_nuclei"], summary["together"]["marked_nuclei"] = {"found": share}, {"found": whole}
    return summary


def _of_pixels(counts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return each of `OF_PIXELS`; of a truth that knows no pixel of another class, the sensitivity alone."""
    found = scores(counts)
    told = np.asarray(counts["fp"] + counts["tn"]) > 0
    return {one: np.where(told | (one == "sensitivity"), found[one], math.nan) for one in OF_PIXELS}


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
