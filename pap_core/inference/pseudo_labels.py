"""Pseudo-labels: a copy of a data set with what checkpoints are sure of, where its truth leaves it open.

The truth is never contradicted, and the test side stays as it was built. See `pap_core.inference.teachers`.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from pap_core.data import digests, places
from pap_core.data.build import MANIFEST
from pap_core.data.cutting import of_pixels, write_crop
from pap_core.data.dataset import read_as_built, read_pair, table_of
from pap_core.data.described import FILE as DESCRIBED
from pap_core.data.described import Described, PseudoLabels, describe
from pap_core.data.extent import Extent
from pap_core.data.manifest import FILE as MANIFEST_FILE
from pap_core.data.split import TRAIN
from pap_core.data.truth.partial import guessed
from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.inference.teachers import Teachers

_BATCH = 8  # crops in hand at once


def pseudo_label(
    teachers: Teachers,
    dataset: Path,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
    """Copy a data set, its training side with pseudo-labels; called again after an interruption it resumes.

    Args:
        teachers: whose classes they are.
        dataset: data set folder.
        out: folder of the new one, which is not there yet.
        progress: called with crops done and crops in all.

    Returns:
        The content of the new ``dataset.json``.

    Raises:
        InputError: no finished data set, a crop of it that was changed since, a folder that is there already
            or cannot be written.
    """
    described = describe(dataset, ("digest", "border"))
    table_of([dataset], TRAIN)  # that its manifest is what was built, and has a training side
    if out.exists():
        raise InputError(f"{out}: is there already; choose a new folder.")
    job: PseudoLabels = {
        "of": described["digest"],
        "checkpoints": {one.digest: one.name for one in teachers.segmenters},
        "sure": teachers.sure,
        "only": teachers.only,
        "one_cell": teachers.one_cell,
    }
    if "pseudo_labels" in described:
        job["before"] = described["pseudo_labels"]
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:12]
    part = out.with_name(f".{out.name}.{key}.part")

    try:
        for folder in places.FOLDERS:
            (part / folder).mkdir(parents=True, exist_ok=True)
        with open(dataset / MANIFEST_FILE, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        done = 0
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            changed = _each(teachers, dataset, part, batch, described["border"])
            for row, found in zip(batch, changed, strict=True):
                row |= found
            done += len(batch)
            if progress:
                progress(done, len(rows))
        content: Described = described | {"pseudo_labels": job, "digest": digests.of_rows(rows)}
        columns = [name for name in MANIFEST if name in rows[0]]
        write_whole(part / MANIFEST_FILE, digests.as_csv(columns, rows))
        if (dataset / "skipped.csv").exists():
            shutil.copyfile(dataset / "skipped.csv", part / "skipped.csv")
        write_whole(part / DESCRIBED, json.dumps(content, indent=2).encode())
        part.rename(out)
        for left in out.parent.glob(f".{out.name}.*.part"):  # begun once with something else
            shutil.rmtree(left)
    except OSError as error:
        raise InputError(
            f"{out}: could not be written ({error.strerror}); make room there, then run the same command "
            "again: it resumes where it was."
        ) from error
    return content


def _each(
    teachers: Teachers, dataset: Path, part: Path, rows: list[dict], border: int
) -> Iterator[dict[str, object]]:
    """Write the files of some crops; yield what changes in their rows."""
    pairs = [read_as_built(str(dataset), row["id"], row.get("digest", "")) for row in rows]
    extents = [Extent.of(row, truth.shape) for row, (_, truth) in zip(rows, pairs, strict=True)]
    labels = [
        _written(part, row["id"]) if row["split"] == TRAIN else truth
        for row, (_, truth) in zip(rows, pairs, strict=True)
    ]
    open_ = [number for number, label in enumerate(labels) if label is None]
    if open_:
        told = teachers.labels([(*pairs[one], extents[one]) for one in open_])
        for number, guess in zip(open_, told, strict=True):
            labels[number] = guessed(pairs[number][1], guess)
    for row, (image, _), label, extent in zip(rows, pairs, labels, extents, strict=True):
        assert label is not None
        write_crop(part, row["id"], image, label, border)
        yield of_pixels(image, label, extent)


def _written(part: Path, crop: str) -> np.ndarray | None:
    """Return the label map that an earlier call wrote whole, if it did."""
    try:
        return read_pair(str(part), crop)[1]
    except InputError:
        return None
