"""The nuclei of a label map, one by one: those that touch taken apart, specks left out.

Two nuclei that touch have a neck between them. A piece is taken apart where its neck is narrower than most of
the smaller part, unless that part is less than a quarter of the other: then it is a lobe. Of Herlev's 763
nuclei, brought to 42 px, 0.3 % come apart; of pairs that share 2 % of the smaller one's area 99 % do, of
those that share 10 % 74 %. At 12 px, scale 3.5, these are 0.3 %, 88 % and 43 %
(`benchmarks/touching_nuclei.py`). What `without_specks` takes away, and what is lost by it, tells
`benchmarks/specks.py`.
"""

import math

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected
from skimage.morphology import local_maxima, reconstruction
from skimage.segmentation import watershed

from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS

SMALLEST_NUCLEUS = 60  # px of the network; what is smaller is debris or a slip of the model

_THREAD = 3.0  # px of the network: of the disc that a nucleus holds at least
_OF_MEDIAN = 0.2  # of the area of the picture's median nucleus
_OF_NEAREST = 0.25  # of the area of a nucleus within a radius
_OF_LARGEST = 0.5  # of the area of the largest in a picture of one cell
_NECK = 0.85  # of the width of the smaller part, at most
_SMOOTH = (1.0, 0.6)  # px of the network, and of the picture at least: an outline's steps are no necks
_NEIGHBOURS = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]
_FINE = 1000  # steps to a factor of e, for maxima are told apart in whole numbers


def nuclei_of(label: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return the nuclei of a label map, ``(H, W)`` int32: numbered from 1 in reading order, 0 for none.

    Args:
        label: ``(H, W)`` uint8 label map.
        scale: network px per image px; tells how small a nucleus may be.
    """
    pieces = connected(label == NUCLEUS, connectivity=2)
    found = np.zeros(label.shape, dtype=np.int32)
    areas, boxes = np.bincount(pieces.ravel()), ndimage.find_objects(pieces)
    smallest, count = SMALLEST_NUCLEUS / scale**2, 0
    for number in np.flatnonzero(areas[1:] >= smallest) + 1:
        box = boxes[number - 1]
        piece = pieces[box] == number
        parts = _parts(piece, scale) if areas[number] >= 2 * smallest else piece.astype(np.int32)
        found[box][piece] = parts[piece] + count
        count += parts.max()
    return _in_reading_order(found)


def without_specks(label: np.ndarray, scale: float = 1.0, one_cell: bool = False) -> np.ndarray:
    """Return a label map without what a network calls nucleus and is none, and without specks of any class.

    What gives way takes the class of most of what it borders on, so that label map, objects and measures
    agree on what a nucleus is. First come nuclei, then cytoplasm, then background. No nucleus are

    - threads: what is thinner than the smallest nucleus is wide;
    - specks: what is smaller than any nucleus, or than a fifth of the picture's median one;
    - crumbs: what lies within a radius of a nucleus more than four times as large, as the pieces about dark
      and ragged ones do;
    - where the picture is of one cell, what is less than half as large as its largest nucleus: a neighbour's
      or a leukocyte's.

    Cytoplasm and background have no specks either: noise between two classes, and holes of a few pixels.

    Args:
        label: ``(H, W)`` uint8 of 0, 1 and 2.
        scale: network px per image px; tells how small a nucleus may be.
        one_cell: the picture is of one cell.
    """
    found = label.copy()
    smallest = SMALLEST_NUCLEUS / scale**2
    nuclei = label == NUCLEUS
    thick = _without_threads(nuclei, _THREAD / scale)
    _give_way(found, nuclei & ~_without_crumbs(thick, smallest, one_cell), NUCLEUS)
    for one in (CYTOPLASM, BACKGROUND):
        pieces = connected(found == one, connectivity=2)
        small = np.append(False, np.bincount(pieces.ravel())[1:] < smallest)
        _give_way(found, small[pieces], one)
    return found


def _without_threads(mask: np.ndarray, radius: float) -> np.ndarray:
    """Return a mask opened by a disc, piece by piece."""
    pieces = connected(mask, connectivity=2)
    opened = np.zeros_like(mask)
    for number, box in enumerate(ndimage.find_objects(pieces), start=1):
        piece = np.pad(pieces[box] == number, 1)
        core = ndimage.distance_transform_edt(piece) > radius
        if core.any():
            grown = piece & (ndimage.distance_transform_edt(~core) <= radius)
            opened[box] |= grown[1:-1, 1:-1]
    return opened


def _without_crumbs(mask: np.ndarray, smallest: float, one_cell: bool) -> np.ndarray:
    """Return a mask without its pieces that are too small to be nuclei, in the picture and where they lie."""
    pieces = connected(mask, connectivity=2)
    areas, boxes = np.bincount(pieces.ravel()), ndimage.find_objects(pieces)
    areas[0] = 0
    told = areas[areas >= smallest]
    stays = areas >= max(smallest, _OF_MEDIAN * float(np.median(told)) if told.size else 0)
    if one_cell:
        stays &= areas >= _OF_LARGEST * areas.max()
    for number in np.argsort(-areas, kind="stable")[: stays.sum()]:
        least, reach = _OF_NEAREST * areas[number], math.sqrt(areas[number] / math.pi)
        around = tuple(
            slice(max(0, math.floor(side.start - reach)), math.ceil(side.stop + reach))
            for side in boxes[number - 1]
        )
        if not stays[number] or not ((areas[pieces[around]] < least) & stays[pieces[around]]).any():
            continue
        near = ndimage.distance_transform_edt(pieces[around] != number) <= reach
        beside = np.unique(pieces[around][near])
        stays[beside[areas[beside] < least]] = False
    return stays[pieces]


def _give_way(found: np.ndarray, mask: np.ndarray, one: int) -> None:
    """Give each piece of a mask, of one class, the class of most of what it borders on, in place."""
    pieces, count = connected(mask, connectivity=2, return_num=True)
    rows, columns = np.nonzero(mask)
    numbers = pieces[rows, columns]
    votes = np.zeros((count + 1, 3), dtype=np.int64)
    for down, right in _NEIGHBOURS:
        beside = found[(rows + down).clip(0, len(found) - 1), (columns + right).clip(0, found.shape[1] - 1)]
        other = beside != one
        ballots = np.bincount(3 * numbers[other] + beside[other], minlength=votes.size)
        votes += ballots.reshape(votes.shape)
    told = votes.sum(axis=1)[numbers] > 0  # unless the picture holds nothing else
    found[rows[told], columns[told]] = votes.argmax(axis=1)[numbers[told]]


def areas_of(label: np.ndarray) -> np.ndarray:
    """Return the area of each connected piece of nucleus of a label map, in pixels."""
    return np.bincount(connected(label == NUCLEUS, connectivity=2).ravel())[1:]


def _parts(piece: np.ndarray, scale: float) -> np.ndarray:
    """Take one piece apart at its necks; returns the number of each pixel's part, from 1."""
    depth = ndimage.distance_transform_edt(np.pad(piece, 1))[1:-1, 1:-1]
    depth = ndimage.gaussian_filter(depth, max(_SMOOTH[0] / scale, _SMOOTH[1])) * piece
    # where logarithms differ by less than that of the neck, widths do by a smaller factor
    levels = np.zeros(piece.shape, dtype=np.int32)
    levels[piece] = np.maximum(1, _FINE * (np.log(np.maximum(depth[piece], 1e-3)) + 7)).round()
    neck = round(-_FINE * np.log(_NECK))
    filled = reconstruction(levels - neck, levels)  # where the way from a peak to a higher one is no neck
    peaks, count = connected(local_maxima(filled, connectivity=2) & piece, connectivity=2, return_num=True)
    radius = ndimage.maximum(depth, peaks, np.arange(1, count + 1))
    large = np.flatnonzero(radius >= np.sqrt(SMALLEST_NUCLEUS / np.pi) / scale) + 1
    if len(large) < 2:
        return piece.astype(np.int32)
    number = np.zeros(count + 1, dtype=np.int32)
    number[large] = np.arange(1, len(large) + 1)
    return _with_lobes(watershed(-depth, number[peaks], mask=piece, connectivity=2).astype(np.int32))


def _with_lobes(parts: np.ndarray) -> np.ndarray:
    """Leave a part with the largest that it touches where it is a lobe of that: too small beside it."""
    areas = np.bincount(parts.ravel())
    areas[0] = 0
    boxes, into = ndimage.find_objects(parts), np.arange(len(areas), dtype=np.int32)
    for number in np.argsort(-areas[1:], kind="stable") + 1:
        around = parts[tuple(slice(max(0, side.start - 1), side.stop + 1) for side in boxes[number - 1])]
        touched = np.unique(around[ndimage.binary_dilation(around == number, np.ones((3, 3)))])
        largest = touched[areas[touched].argmax()]
        if areas[number] < _OF_NEAREST * areas[largest]:
            into[number] = into[largest]
    return into[parts]


def _in_reading_order(objects: np.ndarray) -> np.ndarray:
    """Number objects anew by where each begins, row by row."""
    numbers, first = np.unique(objects, return_index=True)
    order = numbers[np.argsort(first)]
    order = order[order > 0]
    anew = np.zeros(int(numbers[-1]) + 1, dtype=np.int32)
    anew[order] = np.arange(1, len(order) + 1)
    return anew[objects]
