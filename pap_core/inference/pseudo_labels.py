"""Pseudo-labels: what a checkpoint is sure of, where the truth of a data set leaves it open.

The checkpoint sees each crop at several sizes and mirrored; the mean of what it says is sure where the
classes that are left have nearly all of the probability (after D.-H. Lee, *Pseudo-Label*, ICML workshop 2013,
with the mean over views of I. Radosavovic et al., *Data Distillation*, CVPR 2018). The truth is never
contradicted, and the test side stays as it was built.
"""

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch.nn import functional

from pap_core.data import digests, places
from pap_core.data.build import MANIFEST
from pap_core.data.cutting import of_pixels, write_crop
from pap_core.data.dataset import read_pair, table_of
from pap_core.data.described import FILE as DESCRIBED
from pap_core.data.described import Described, describe
from pap_core.data.extent import Extent
from pap_core.data.manifest import FILE as MANIFEST_FILE
from pap_core.data.split import TRAIN
from pap_core.data.truth.partial import guessed
from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL

SURE = 0.9  # of the probability, at least, for the classes that are left

_ZOOMS = (0.75, 1.0, 1.25)  # of the side of a crop
_BATCH = 8  # crops in hand at once


def pseudo_label(
    segmenter: Segmenter,
    dataset: Path,
    out: Path,
    sure: float = SURE,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
    """Copy a data set, its training side with pseudo-labels; called again after an interruption it resumes.

    Args:
        segmenter: whose classes they are; its generator tells classes, not colours.
        dataset: data set folder.
        out: folder of the new one, which is not there yet.
        sure: of the probability, what the classes that are left have together at least; 0.5 to 1.
        progress: called with crops done and crops in all.

    Returns:
        The content of the new ``dataset.json``.

    Raises:
        InputError: no finished data set, a crop of it that was changed since, a generator without classes, a
            folder that is there already or cannot be written.
    """
    if not 0.5 < sure < 1:
        raise InputError(f"sure {sure:g}: choose a number above 0.5 and below 1, as {SURE}.")
    if segmenter.generator.config.head != "palette":
        raise InputError(
            f"{segmenter.name}: paints colours, expected a checkpoint that tells how probable each class is; "
            "choose one with head palette, as compact."
        )
    described = describe(dataset, ("digest", "border"))
    table_of([dataset], TRAIN)  # that its manifest is what was built, and has a training side
    if out.exists():
        raise InputError(f"{out}: is there already; choose a new folder.")
    job = {"of": described["digest"], "checkpoint": segmenter.name, "digest": segmenter.digest, "sure": sure}
    key = f"{described['digest'][:12]}-{segmenter.digest[:12]}-{sure:g}"
    part = out.with_name(f".{out.name}.{key}.part")
    try:
        for folder in places.FOLDERS:
            (part / folder).mkdir(parents=True, exist_ok=True)
        with open(dataset / MANIFEST_FILE, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        done = 0
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            changed = _each(segmenter, dataset, part, batch, sure, described["border"])
            for row, found in zip(batch, changed, strict=True):
                row |= found
            done += len(batch)
            if progress:
                progress(done, len(rows))
        content = described | {"pseudo_labels": job, "digest": digests.of_rows(rows)}
        columns = [name for name in MANIFEST if name in rows[0]]
        write_whole(part / MANIFEST_FILE, digests.as_csv(columns, rows))
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
    return cast(Described, content)


def _each(
    segmenter: Segmenter, dataset: Path, part: Path, rows: list[dict], sure: float, border: int
) -> Iterator[dict[str, object]]:
    """Write the files of some crops; yield what changes in their rows."""
    pairs = [read_pair(str(dataset), row["id"]) for row in rows]
    labels = [
        _written(part, row["id"]) if row["split"] == TRAIN else truth
        for row, (_, truth) in zip(rows, pairs, strict=True)
    ]
    open_ = [image for (image, _), label in zip(pairs, labels, strict=True) if label is None]
    guesses = iter(_guesses(segmenter, np.stack(open_), sure) if open_ else ())
    for row, (image, truth), label in zip(rows, pairs, labels, strict=True):
        extent = Extent.of(row, truth.shape)
        if label is None:
            label = guessed(truth, extent.cleared(next(guesses), IGNORE))
        write_crop(part, row["id"], image, label, border)
        yield of_pixels(image, label, extent)


def _written(part: Path, crop: str) -> np.ndarray | None:
    """Return the label map that an earlier call wrote whole, if it did."""
    try:
        return read_pair(str(part), crop)[1]
    except InputError:
        return None


def _guesses(segmenter: Segmenter, images: np.ndarray, sure: float) -> np.ndarray:
    """Return label maps ``(N, S, S)`` uint8 of crops ``(N, S, S, 3)``: codes of the classes that are left."""
    background, cytoplasm, nucleus = _probabilities(segmenter, images).transpose(1, 0, 2, 3)
    found = np.full(background.shape, IGNORE, np.uint8)
    found[background + cytoplasm >= sure] = NOT_NUCLEUS
    found[cytoplasm + nucleus >= sure] = OF_CELL
    for code, probability in ((BACKGROUND, background), (CYTOPLASM, cytoplasm), (NUCLEUS, nucleus)):
        found[probability >= sure] = code
    return found


@torch.inference_mode()
def _probabilities(segmenter: Segmenter, images: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class over all views, ``(N, 3, S, S)`` float32.

    Args:
        images: ``(N, S, S, 3)`` uint8.
    """
    pixels = torch.from_numpy(images).to(segmenter.device).permute(0, 3, 1, 2).float() / 127.5 - 1
    side, views = pixels.shape[-1], []
    for zoom in _ZOOMS:
        seen = functional.interpolate(pixels, size=round(side * zoom), mode="bicubic", antialias=True)
        for axes in ((), (3,)):
            turned = seen.clamp(-1, 1).flip(axes).contiguous(memory_format=torch.channels_last)
            said = torch.cat([segmenter.generator(one).float().softmax(dim=1) for one in turned.split(2)])
            views.append(functional.interpolate(said.flip(axes), size=side, mode="bilinear"))
    return torch.stack(views).mean(dim=0).cpu().numpy()
