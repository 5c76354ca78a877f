"""Segments files: for each picture a label map, a colour map, an overlay, and the cells in one table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pap_core.errors import InputError
from pap_core.export import Origin, cells_table, label_png, map_png, overlay_png, table_csv
from pap_core.files import write_whole
from pap_core.images import SUFFIXES, read_image, write_png
from pap_core.inference import Segmentation, Segmenter
from pap_core.measurement import measure
from pap_core.scale import choose

CELLS = "cells.csv"
_KINDS = ("label", "map", "overlay")


@dataclass(frozen=True)
class Outcome:
    """What came of one file."""

    path: Path
    kind: str | None = None  # "crop" or "smear"
    scale: float | None = None
    cells: int | None = None
    error: str | None = None


def find_pictures(paths: Sequence[Path]) -> list[Path]:
    """List the pictures named, and those in the folders named, without going deeper.

    Raises:
        InputError: a folder holds no picture, or two pictures would write files of the same name.
    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            inside = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES)
            if not inside:
                raise InputError(
                    f"{path}: no picture in this folder; expected files ending in {', '.join(SUFFIXES)}."
                )
            found += inside
        else:
            found.append(path)
    first: dict[str, Path] = {}
    for path in found:
        if first.setdefault(path.stem, path) != path:
            raise InputError(
                f"{path}: {first[path.stem]} has the same name, so their results would overwrite each other; "
                "predict them into different folders."
            )
    return list(first.values())


def predict(
    segmenter: Segmenter,
    pictures: Sequence[Path],
    output: Path,
    scale: float | None = None,
    uncertainty: bool = False,
    progress: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Segment pictures into a folder.

    For each ``<stem>.<ext>``: ``<stem>_label.png`` (0, 1, 2, the size of the picture), ``<stem>_map.png``,
    ``<stem>_overlay.png``, on request ``<stem>_uncertainty.png``; and one ``cells.csv`` for all. A picture
    that cannot be read is told in its outcome, and the others are done.

    Args:
        segmenter: the model.
        pictures: files, of different stems.
        output: made if missing.
        scale: px of the network a px of the picture, which reads it as a smear; None chooses by the picture.
        uncertainty: also sample the dropout.
        progress: called with each outcome.

    Raises:
        InputError: the output cannot be written, or would overwrite one of the pictures.
    """
    _keep_apart(pictures, output, uncertainty)
    outcomes, tables = [], []
    try:
        output.mkdir(parents=True, exist_ok=True)
        for path in pictures:
            try:
                image = read_image(path)
                kind, chosen = choose(segmenter, image) if scale is None else ("smear", scale)
                found = segmenter.segment(image, kind, chosen)
            except InputError as error:
                said = str(error)
                outcome = Outcome(path, error=said if said.startswith(str(path)) else f"{path}: {said}")
            else:
                table, _ = measure(image, found.label, found.scale)
                origin = Origin(
                    path.name, segmenter.checkpoint.folder.resolve().name, segmenter.checkpoint.digest
                )
                tables.append(cells_table(table, origin))
                write_pictures(output, path.stem, image, found, origin)
                if uncertainty:
                    spread = segmenter.uncertainty(image, kind, chosen)
                    write_png(output / f"{path.stem}_uncertainty.png", uncertainty_picture(spread))
                outcome = Outcome(path, kind, chosen, len(table))
            outcomes.append(outcome)
            if progress:
                progress(outcome)
        if tables:
            write_whole(output / CELLS, table_csv(pd.concat(tables, ignore_index=True)))
    except OSError as error:
        raise InputError(
            f"{output}: could not be written ({error.strerror}); make room there or choose another folder."
        ) from error
    return outcomes


def _keep_apart(pictures: Sequence[Path], output: Path, uncertainty: bool) -> None:
    """Refuse to write over what is to be read."""
    kinds = (*_KINDS, *(["uncertainty"] if uncertainty else []))
    written = {(output / f"{path.stem}_{kind}.png").resolve(): path for path in pictures for kind in kinds}
    for path in pictures:
        if path.resolve() in written:
            raise InputError(
                f"{path}: the results of {written[path.resolve()]} would overwrite it; choose another output "
                "folder."
            )


def write_pictures(output: Path, stem: str, image: np.ndarray, found: Segmentation, origin: Origin) -> None:
    """Write the label map, the colour map and the overlay of one picture."""
    write_whole(output / f"{stem}_label.png", label_png(found.label, origin))
    write_whole(output / f"{stem}_map.png", map_png(found.label, origin))
    write_whole(output / f"{stem}_overlay.png", overlay_png(image, found.label, origin))


def uncertainty_picture(spread: np.ndarray) -> np.ndarray:
    """Turn a standard deviation of 0 to 0.5 into grey levels of 0 to 255."""
    return (spread * 510).round().clip(0, 255).astype(np.uint8)
