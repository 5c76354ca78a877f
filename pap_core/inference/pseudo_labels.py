"""Pseudo-labels: what checkpoints are sure of, where the truth of a data set leaves it open.

They see each crop at several sizes, upright and mirrored; the mean of what they say is sure where the
classes that are left have nearly all of the probability (after D.-H. Lee, *Pseudo-Label*, ICML workshop
2013, with the mean over views of I. Radosavovic et al., *Data Distillation*, CVPR 2018). A whole cell that
the truth outlines is seen as a crop of its own, fitted, as networks see cells best. The truth is never
contradicted, and the test side stays as it was built.
"""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image
from scipy import ndimage
from skimage.measure import label as connected
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
_MARGIN = 0.06  # of a cell's longer side, around it when it is seen by itself
_SMALLEST_CELL = 24  # px, its longer side: with less there is nothing to see
_BESIDE = (
    0.5  # of a cell's largest nucleus: what is smaller is none of it, but a leukocyte or a grain over it
)

_Box = tuple[int, int, int]  # x0, y0 and side of a square


def pseudo_label(
    segmenters: Sequence[Segmenter],
    dataset: Path,
    out: Path,
    sure: float = SURE,
    only: Literal["nuclei", "background"] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Described:
    """Copy a data set, its training side with pseudo-labels; called again after an interruption it resumes.

    Args:
        segmenters: whose classes they are, one or more; their generators tell classes, not colours.
        dataset: data set folder.
        out: folder of the new one, which is not there yet.
        sure: of the probability, what the classes that are left have together at least; 0.5 to 1.
        only: tell nuclei, and what is no nucleus, and nothing of cytoplasm; or tell background alone.
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
        "only": only,
    }
    if "pseudo_labels" in described:
        job["before"] = described["pseudo_labels"]
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:12]
    part = out.with_name(f".{out.name}.{key}.part")

    def guess(images: np.ndarray) -> np.ndarray:
        return _guess(segmenters, images, sure, only)

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
    for number, found in zip(
        open_, _seen(guess, [(*pairs[one], extents[one]) for one in open_]), strict=True
    ):
        labels[number] = guessed(pairs[number][1], found)
    for row, (image, _), label, extent in zip(rows, pairs, labels, extents, strict=True):
        assert label is not None
        write_crop(part, row["id"], image, label, border)
        yield of_pixels(image, label, extent)


def _seen(
    guess: Callable[[np.ndarray], np.ndarray], crops: Sequence[tuple[np.ndarray, np.ndarray, Extent]]
) -> list[np.ndarray]:
    """Return what is seen in crops, each with its truth and what of it is picture: a label map each."""
    if not crops:
        return []
    boxes = [_square(extent.left, extent.top, extent.right, extent.bottom) for _, _, extent in crops]
    cells = [
        (number, *one) for number, (_, truth, extent) in enumerate(crops) for one in _cells(truth, extent)
    ]
    boxes += [box for _, _, box in cells]
    sources = [*range(len(crops)), *(number for number, _, _ in cells)]
    squares = [
        resize_image(square(crops[number][0], *box), SIZE) for number, box in zip(sources, boxes, strict=True)
    ]
    found = guess(np.stack(squares))
    labels = [
        extent.cleared(_put_back(one, box, truth.shape), IGNORE)
        for (_, truth, extent), one, box in zip(crops, found, boxes, strict=False)
    ]
    for (number, cell, box), one in zip(cells, found[len(crops) :], strict=True):
        labels[number][cell] = _with_one_nucleus(_put_back(one, box, cell.shape), cell)[cell]
    return labels


def _square(left: int, top: int, right: int, bottom: int, margin: float = 0) -> _Box:
    """Return the square about a box: as a cell of its own is seen."""
    side = round(max(right - left, bottom - top) * (1 + 2 * margin))
    return (left + right - side) // 2, (top + bottom - side) // 2, side


def _cells(truth: np.ndarray, extent: Extent) -> Iterator[tuple[np.ndarray, _Box]]:
    """Yield the cells that a truth outlines and does not divide, those that lie in a crop whole.

    Each is a mask, with the square about it in which it is seen.
    """
    pieces = connected(truth == OF_CELL, connectivity=1)
    for number, (rows, columns) in enumerate(ndimage.find_objects(pieces), start=1):
        whole = rows.start > extent.top and rows.stop < extent.bottom
        whole = whole and columns.start > extent.left and columns.stop < extent.right
        if whole and max(rows.stop - rows.start, columns.stop - columns.start) >= _SMALLEST_CELL:
            box = _square(columns.start, rows.start, columns.stop, rows.stop, _MARGIN)
            yield pieces == number, box


def _with_one_nucleus(label: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Return a label map in which what is far smaller than the largest nucleus of a cell is no nucleus."""
    pieces = connected((label == NUCLEUS) & cell, connectivity=2)
    areas = np.bincount(pieces.ravel())
    areas[0] = 0
    beside = (areas < _BESIDE * areas.max())[pieces] & (pieces > 0)
    return np.where(beside, np.uint8(CYTOPLASM), label)


def _put_back(found: np.ndarray, box: _Box, shape: tuple[int, ...]) -> np.ndarray:
    """Return a label map of a crop, unknown beside it, of one ``(S, S)`` of a square in it."""
    x0, y0, side = box
    small = resized(found, side, side, Image.Resampling.NEAREST)  # never interpolated
    label = np.full(shape, IGNORE, np.uint8)
    top, left = max(y0, 0), max(x0, 0)
    part = label[top : y0 + side, left : x0 + side]
    part[...] = small[top - y0 :, left - x0 :][: part.shape[0], : part.shape[1]]
    return label


def _written(part: Path, crop: str) -> np.ndarray | None:
    """Return the label map that an earlier call wrote whole, if it did."""
    try:
        return read_pair(str(part), crop)[1]
    except InputError:
        return None


def _guess(segmenters: Sequence[Segmenter], images: np.ndarray, sure: float, only: str | None) -> np.ndarray:
    """Return label maps ``(N, S, S)`` uint8 of crops ``(N, S, S, 3)``: codes of the classes that are left."""
    parts = [
        np.mean([_probabilities(one, images[start : start + _BATCH]) for one in segmenters], axis=0)
        for start in range(0, len(images), _BATCH)
    ]
    background, cytoplasm, nucleus = np.concatenate(parts).transpose(1, 0, 2, 3)
    found = np.full(background.shape, IGNORE, np.uint8)
    if only != "nuclei":
        found[background >= sure] = BACKGROUND
    if only == "background":
        return found
    if only is None:
        found[cytoplasm + nucleus >= sure] = OF_CELL
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
