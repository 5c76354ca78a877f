"""Cuts a field into overlapping tiles, at a scale that brings its nuclei to what the network expects."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from PIL import Image

from pap_core.data.crop import known_square, square
from pap_core.data.extent import Extent, extent
from pap_core.data.glass import told_by_glass
from pap_core.data.readers.cell import Field, Skipped
from pap_core.data.readers.fitting import READ
from pap_core.data.truth.marked import marked_points
from pap_core.data.truth.partial import united
from pap_core.data.truth.read import read_truth_file
from pap_core.images import Picture, read_picture
from pap_core.labels import IGNORE, NUCLEUS
from pap_core.nuclei import areas_of
from pap_core.tiling import SIZE, places, resized, scaled

NUCLEUS_SIZE = 42.0  # px of the network, the diameter of the nuclei that it expects
SCALES = (0.2, 8.0)  # network px per image px, the least and the greatest
LARGEST_CELL = 320  # px of the longer side; a picture as small is of one cell, however it looks
_OVERLAP = 64  # px of the network, between neighbouring tiles at least
_SPECK = 12  # px of the picture: what is smaller is no nucleus to measure a scale by
_TOLD = 0.05  # of a tile: with less that is known, it teaches nothing
_BARE = 4  # of a field's tiles without a nucleus every fourth is kept: most are bare, and each teaches little


class Tile(NamedTuple):
    """A tile of a field; source x = x0 + tile x / scale, likewise y."""

    row: int
    column: int
    image: np.ndarray  # (S, S, 3) uint8
    label: np.ndarray  # (S, S) uint8
    x0: float
    y0: float
    extent: Extent


class Told(NamedTuple):
    """A field's picture and what is known of it."""

    image: np.ndarray  # (H, W, 3) uint8
    label: np.ndarray  # (H, W) uint8, codes of partial truth included
    scale: float  # network px per image px
    skipped: list[Skipped]  # what is to be said of it
    pixel_size: float | None = None  # µm per px, where the file tells it
    has_truth: bool = True
    has_points: bool = False  # that mark nuclei; in `label` each is a dot


def told_of(field: Field, scale: float | None = None, glass: bool = False, dots: bool = True) -> Told:
    """Read a field with all of its truths.

    Args:
        field: to read.
        scale: network px per image px; None to choose it by the nuclei that are drawn, 1 where none are.
        glass: tell background and cytoplasm apart by the glass, see `pap_core.data.glass`.
        dots: draw the points that mark nuclei, a dot each; they are none to measure by.

    Raises:
        InputError: picture or truth cannot be read, or they do not fit each other.
    """
    picture = read_picture(field.image)
    shape = picture.pixels.shape[:2]
    has_points = dots and len(marked_points(field.truths)) > 0
    label = _label(field, picture, dots)
    if not scale and field.truths:
        scale = scale_of(_label(field, picture, dots=False) if has_points else label)  # a point tells no size
    if glass:
        label = told_by_glass(picture.pixels, label)
    skipped = []
    if picture.remarks:
        skipped.append(
            Skipped(field.picture or field.id, f"{READ}: {field.image}: {'; '.join(picture.remarks)}")
        )
    return Told(
        picture.pixels,
        label,
        scale or _seen_at(shape),
        skipped,
        picture.pixel_size,
        bool(field.truths),
        has_points,
    )


def _label(field: Field, picture: Picture, dots: bool) -> np.ndarray:
    """Return what all truths of a field tell together, nothing where there is none."""
    shape = picture.pixels.shape[:2]
    labels = [
        read_truth_file(one, shape, field.image.name, picture.orientation, dots) for one in field.truths
    ]
    return united(labels) if labels else np.full(shape, IGNORE, np.uint8)


def scale_of(label: np.ndarray) -> float:
    """Return the scale that brings the median nucleus to the size the network expects; 1 without any."""
    areas = areas_of(label)
    areas = areas[areas >= _SPECK]
    if not len(areas):
        return 1.0
    diameter = float(np.median(2 * np.sqrt(areas / np.pi)))
    return float(np.clip(NUCLEUS_SIZE / diameter, *SCALES))


def _seen_at(shape: tuple[int, int]) -> float:
    """Return the scale at which a picture of one cell fills a tile, as it fills what predicts it; else 1."""
    return SIZE / max(shape) if max(shape) <= LARGEST_CELL else 1.0


def tiles(told: Told, size: int) -> Iterator[Tile]:
    """Yield the tiles that teach, row by row: enough is known of them, and most show a nucleus.

    Where nuclei are marked by points, one of them is enough.

    Of a picture without truth they are all: what is in them is for a checkpoint to tell.

    Raises:
        InputError: the picture at its scale would be too large.
    """
    shape = scaled(told.label.shape, told.scale)
    image = resized(told.image, *shape)
    label = resized(told.label, *shape, Image.Resampling.NEAREST)  # never interpolated
    tops, lefts = (_places(length, size) for length in shape)
    has_nuclei, bare = (label == NUCLEUS).any(), -1
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            known = known_square(label, left, top, size)
            enough = (known != IGNORE).mean() >= _TOLD or (told.has_points and (known == NUCLEUS).any())
            if told.has_truth and not enough:
                continue
            if has_nuclei and not (known == NUCLEUS).any():
                bare += 1
                if bare % _BARE:
                    continue
            yield Tile(
                row,
                column,
                square(image, left, top, size),
                known,
                left / told.scale,
                top / told.scale,
                extent(left, top, size, size, shape),
            )


def _places(length: int, size: int) -> list[int]:
    """Return where tiles begin along an axis; a picture that is narrower lies in the middle of one."""
    return places(length, size, _OVERLAP) if length > size else [(length - size) // 2]


def name_of(field: Field, tile: Tile) -> str:
    """Return the id of a tile."""
    return f"{field.id}_r{tile.row:02d}c{tile.column:02d}"


def stamps_of(field: Field) -> Iterator[str]:
    """Yield what changes when a person corrects a field's picture or truth."""
    for path in (field.image, *(one.path for one in field.truths)):
        state = path.stat()
        yield f"{field.id} {path} {state.st_size} {state.st_mtime_ns}"
    for one in field.truths:
        yield str(one.form)
