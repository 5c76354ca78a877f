"""How well single nuclei or cells were found: matched one to one, and measured as a set and pair by pair."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected
from skimage.segmentation import relabel_sequential

from pap_core.evaluation.matched import Matched
from pap_core.labels import NUCLEUS

ENOUGH = 0.5  # IoU from which two objects are a pair
_HIDDEN = 0.5  # share of a predicted object in what is not known: with more of it, it counts nowhere
_CROSS = ndimage.generate_binary_structure(2, 1)


class Pair(NamedTuple):
    """A predicted and a true object that were matched."""

    predicted: int  # number
    true: int  # number
    iou: float


def match(predicted: np.ndarray, true: np.ndarray, known: np.ndarray | None = None) -> Matched:
    """Match the objects of a picture one to one, from an IoU of 0.5, and measure them.

    Args:
        predicted: ``(H, W)`` integers: 0, or the number of the object that a pixel is of.
        true: the same shape.
        known: the same shape, bool: False where the truth does not say what there is. No object counts
            there, and a predicted one that lies there by more than half counts nowhere.

    Raises:
        ValueError: the shapes differ.
    """
    predicted, true = _visible(predicted, true, known)
    overlap = _overlap(predicted, true)
    found, there = overlap.sum(axis=1), overlap.sum(axis=0)  # px of each object, and first of none
    inner = overlap[1:, 1:]
    union = found[1:, None] + there[None, 1:] - inner
    iou = inner / np.maximum(union, 1)
    pairs = _pairs(iou)
    boxes = ndimage.find_objects(predicted), ndimage.find_objects(true)
    distances = []
    for pair in pairs:
        place = _around(boxes[0][pair.predicted - 1], boxes[1][pair.true - 1])
        distances.append(outline_distances(predicted[place] == pair.predicted, true[place] == pair.true))
    return Matched(
        predicted=len(found) - 1,
        true=len(there) - 1,
        pairs=len(pairs),
        iou=sum(pair.iou for pair in pairs),
        **_aggregated(iou, inner, union, found[1:], there[1:]),
        distances=tuple(np.concatenate(distances).tolist()) if distances else (),
    )


def pieces_of(truth: np.ndarray) -> np.ndarray:
    """Number the nuclei of a label map of the truth, which says where they are and not which: its pieces."""
    return connected(truth == NUCLEUS, connectivity=2)


def outline_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return how far each pixel of either mask's outline is from the other's, px.

    An outline is what of a mask touches, by a side, what is not of it; the frame is no edge unless the mask
    has none besides.

    Args:
        one: ``(H, W)`` bool, not empty.
        other: the same shape, not empty.
    """
    edges = _outline(one), _outline(other)
    away = [ndimage.distance_transform_edt(~edge) for edge in edges]
    return np.concatenate([away[1][edges[0]], away[0][edges[1]]])


def _around(*boxes: tuple[slice, slice]) -> tuple[slice, slice]:
    """Return what holds several boxes and a pixel more on each side, where there is one."""
    rows, columns = (
        slice(max(min(one.start for one in axis) - 1, 0), max(one.stop for one in axis) + 1)
        for axis in zip(*boxes, strict=True)
    )
    return rows, columns


def _outline(mask: np.ndarray) -> np.ndarray:
    edge = mask & ~ndimage.binary_erosion(mask, _CROSS, border_value=1)
    return edge if edge.any() else mask


def _visible(
    predicted: np.ndarray, true: np.ndarray, known: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return both numbered from 1 without a gap, without what is not known."""
    known = np.ones(true.shape, dtype=bool) if known is None else known
    if not predicted.shape == true.shape == known.shape:
        raise ValueError(f"shapes differ: {predicted.shape}, {true.shape}, {known.shape}")
    predicted, true = _numbered(predicted), _numbered(np.where(known, true, 0))
    sizes = np.bincount(predicted.ravel())
    hidden = np.bincount(predicted.ravel(), ~known.ravel(), minlength=len(sizes)) > _HIDDEN * sizes
    return _numbered(np.where(known & ~hidden[predicted], predicted, 0)), true


def _numbered(objects: np.ndarray) -> np.ndarray:
    return relabel_sequential(objects)[0].astype(np.int64)


def _overlap(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return ``(P + 1, T + 1)``: pixels that a predicted and a true object share, object 0 being none."""
    count = true.max(initial=0) + 1
    pairs = np.bincount((predicted * count + true).ravel(), minlength=(predicted.max(initial=0) + 1) * count)
    return pairs.reshape(-1, count)


def _pairs(iou: np.ndarray) -> list[Pair]:
    """Choose pairs, the best first. From an IoU of 0.5 no choice costs another pair."""
    rows, columns = np.nonzero(iou >= ENOUGH)
    taken: tuple[set[int], set[int]] = set(), set()
    pairs = []
    for at in np.argsort(-iou[rows, columns], kind="stable"):
        row, column = int(rows[at]), int(columns[at])
        if row not in taken[0] and column not in taken[1]:
            taken[0].add(row)
            taken[1].add(column)
            pairs.append(Pair(row + 1, column + 1, float(iou[row, column])))
    return pairs


def _aggregated(
    iou: np.ndarray, inner: np.ndarray, union: np.ndarray, found: np.ndarray, there: np.ndarray
) -> dict[str, int]:
    """Add up AJI: each true object with the predicted one most like it, then what was most like none."""
    if not len(found) or not len(there):
        return {"intersection": 0, "union": int(found.sum() + there.sum())}
    best = iou.argmax(axis=0)
    columns = np.arange(len(there))
    touched = inner[best, columns] > 0
    used = np.zeros(len(found), dtype=bool)
    used[best[touched]] = True
    shared = inner[best, columns][touched].sum()
    all_of = union[best, columns][touched].sum() + there[~touched].sum() + found[~used].sum()
    return {"intersection": int(shared), "union": int(all_of)}
