"""Pseudo-labels: what checkpoints are sure of, where the truth of a data set leaves it open.

They see each crop at several sizes, upright and mirrored; the mean of what they say is sure where the
classes that are left have nearly all of the probability (after D.-H. Lee, *Pseudo-Label*, ICML workshop 2013,
with the mean over views of I. Radosavovic et al., *Data Distillation*, CVPR 2018). The truth is never
contradicted, and the test side stays as it was built.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from pap_core.data import digests, places
from pap_core.data.build import MANIFEST
from pap_core.data.crop import resize_image, square
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
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.tiling import SIZE, resized

SURE = 0.9  # of the probability, at least, for the classes that are left

_VIEWS = ((0.75, ()), (1.0, (3,)), (1.25, ()))  # of the side of a crop, and axes of (N, C, H, W) to flip
_BATCH = 8  # crops in hand at once


def pseudo_label(
    segmenters: Sequence[Segmenter],
    dataset: Path,
    out: Path,
    sure: float = SURE,
    nuclei_only: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
    """Copy a data set, its training side with pseudo-labels; called again after an interruption it resumes.

    Args:
        segmenters: whose classes they are, one or more; their generators tell classes, not colours.
        dataset: data set folder.
        out: folder of the new one, which is not there yet.
        sure: of the probability, what the classes that are left have together at least; 0.5 to 1.
        nuclei_only: tell nuclei, and what is no nucleus, and nothing of cytoplasm.
        progress: called with crops done and crops in all.

    Returns:
        The content of the new ``dataset.json``.

    Raises:
        InputError: no finished data set, a crop of it that was changed since, a generator without classes, a
            folder that is there already or cannot be written.
    """
    if not 0.5 < sure < 1:
        raise InputError(f"sure {sure:g}: choose a number above 0.5 and below 1, as {SURE}.")
    if painters := [one.name for one in segmenters if one.generator.config.head != "palette"]:
        raise InputError(
            f"{painters[0]}: paints colours, expected a checkpoint that tells how probable each class is; "
            "choose one with head palette, as compact."
        )
    described = describe(dataset, ("digest", "border"))
    table_of([dataset], TRAIN)  # that its manifest is what was built, and has a training side
    if out.exists():
        raise InputError(f"{out}: is there already; choose a new folder.")
    job: PseudoLabels = {
        "of": described["digest"],
        "checkpoints": {one.digest: one.name for one in segmenters},
        "sure": sure,
        "nuclei_only": nuclei_only,
    }
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:12]
    part = out.with_name(f".{out.name}.{key}.part")

    def guess(images: np.ndarray) -> np.ndarray:
        return _guess(segmenters, images, sure, nuclei_only)

    try:
        for folder in places.FOLDERS:
            (part / folder).mkdir(parents=True, exist_ok=True)
        with open(dataset / MANIFEST_FILE, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        done = 0
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            changed = _each(guess, dataset, part, batch, described["border"])
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
    guess: Callable[[np.ndarray], np.ndarray], dataset: Path, part: Path, rows: list[dict], border: int
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
        boxes = [_box(extents[number]) for number in open_]
        seen = [
            resize_image(square(pairs[number][0], *box), SIZE)
            for number, box in zip(open_, boxes, strict=True)
        ]
        for number, box, found in zip(open_, boxes, guess(np.stack(seen)), strict=True):
            truth = pairs[number][1]
            labels[number] = guessed(truth, _put_back(found, box, extents[number], truth.shape))
    for row, (image, _), label, extent in zip(rows, pairs, labels, extents, strict=True):
        assert label is not None
        write_crop(part, row["id"], image, label, border)
        yield of_pixels(image, label, extent)


def _box(extent: Extent) -> tuple[int, int, int]:
    """Return x0, y0 and side of the square about what of a crop is picture: as a cell of its own is seen."""
    width, height = extent.right - extent.left, extent.bottom - extent.top
    side = max(width, height)
    return extent.left + (width - side) // 2, extent.top + (height - side) // 2, side


def _put_back(
    found: np.ndarray, box: tuple[int, int, int], extent: Extent, shape: tuple[int, ...]
) -> np.ndarray:
    """Return a label map of a crop, unknown where it is no picture, of one ``(S, S)`` of a square in it."""
    x0, y0, side = box
    small = resized(found, side, side, Image.Resampling.NEAREST)  # never interpolated
    label = np.full(shape, IGNORE, np.uint8)
    extent.cut(label)[...] = small[extent.top - y0 : extent.bottom - y0, extent.left - x0 : extent.right - x0]
    return label


def _written(part: Path, crop: str) -> np.ndarray | None:
    """Return the label map that an earlier call wrote whole, if it did."""
    try:
        return read_pair(str(part), crop)[1]
    except InputError:
        return None


def _guess(segmenters: Sequence[Segmenter], images: np.ndarray, sure: float, nuclei_only: bool) -> np.ndarray:
    """Return label maps ``(N, S, S)`` uint8 of crops ``(N, S, S, 3)``: codes of the classes that are left."""
    mean = np.mean([_probabilities(one, images) for one in segmenters], axis=0)
    background, cytoplasm, nucleus = mean.transpose(1, 0, 2, 3)
    found = np.full(background.shape, IGNORE, np.uint8)
    if not nuclei_only:
        found[cytoplasm + nucleus >= sure] = OF_CELL
        found[background >= sure] = BACKGROUND
        found[cytoplasm >= sure] = CYTOPLASM
    told = (found != BACKGROUND) & (found != CYTOPLASM)
    found[told & (background + cytoplasm >= sure)] = NOT_NUCLEUS
    found[nucleus >= sure] = NUCLEUS
    return found


@torch.inference_mode()
def _probabilities(segmenter: Segmenter, images: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class over all views, ``(N, 3, S, S)`` float32.

    Args:
        segmenter: that sees them.
        images: ``(N, S, S, 3)`` uint8.
    """
    pixels = torch.from_numpy(images).to(segmenter.device).permute(0, 3, 1, 2).float() / 127.5 - 1
    side, views = pixels.shape[-1], []
    for zoom, axes in _VIEWS:
        seen = functional.interpolate(pixels, size=round(side * zoom), mode="bicubic", antialias=True)
        turned = seen.clamp(-1, 1).flip(axes).contiguous(memory_format=torch.channels_last)
        said = torch.cat([segmenter.generator(one).float().softmax(dim=1) for one in turned.split(2)])
        views.append(functional.interpolate(said.flip(axes), size=side, mode="bilinear"))
    return torch.stack(views).mean(dim=0).cpu().numpy()
