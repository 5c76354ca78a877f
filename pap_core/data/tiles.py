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
from pap_core.data.truth.partial import united
from pap_core.data.truth.read import read_truth_file
from pap_core.images import read_picture
from pap_core.labels import IGNORE, NUCLEUS
from pap_core.nuclei import areas_of
from pap_core.tiling import SIZE, places, resized, scaled

NUCLEUS_SIZE = 42.0  # px of the network, the diameter of the nuclei that it expects
SCALES = (0.2, 8.0)  # network px per image px, the least and the greatest
LARGEST_CELL = 320  # px of the longer side; a picture as small is of one cell, however it looks
_OVERLAP = 64  # px of the network, between neighbouring tiles at least
_SPECK = 12  # px of the picture: what is smaller is no nucleus to measure a scale by
_DOT = 13  # px of the picture: what stands for a point, and tells no size
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


def told_of(field: Field, scale: float | None = None, glass: bool = False) -> Told:
    """Read a field with all of its truths.

    Args:
        field: to read.
        scale: network px per image px; None to choose it by the nuclei that are drawn, 1 where none are.
        glass: tell background and cytoplasm apart by the glass, see `pap_core.data.glass`.

    Raises:
        InputError: picture or truth cannot be read, or they do not fit each other.
    """
    picture = read_picture(field.image)
    shape = picture.pixels.shape[:2]
    labels = [
        read_truth_file(one.path, shape, field.image.name, one.form, picture.orientation)
        for one in field.truths
    ]
    label = united(labels) if labels else np.full(shape, IGNORE, np.uint8)
    if glass:
        label = told_by_glass(picture.pixels, label)
    skipped = []
    if picture.remarks:
        skipped.append(
            Skipped(field.picture or field.id, f"{READ}: {field.image}: {'; '.join(picture.remarks)}")
        )
    scale = scale or (scale_of(label) if labels else _scale_without_truth(shape))
    return Told(picture.pixels, label, scale, skipped, picture.pixel_size, bool(labels))


def scale_of(label: np.ndarray) -> float:
    """Return the scale that brings the median nucleus to the size the network expects; 1 without any.

    Points in nuclei have no size, so their scale is 1, too.
    """
    areas = areas_of(label)
    areas = areas[areas >= _SPECK]
    if not len(areas) or np.median(areas) <= _DOT:
        return 1.0
    diameter = float(np.median(2 * np.sqrt(areas / np.pi)))
    return float(np.clip(NUCLEUS_SIZE / diameter, *SCALES))


def _scale_without_truth(shape: tuple[int, int]) -> float:
    """Return the scale at which a picture of one cell fills a tile, as it fills what predicts it; else 1."""
    return SIZE / max(shape) if max(shape) <= LARGEST_CELL else 1.0


def tiles(told: Told, size: int) -> Iterator[Tile]:
    """Yield the tiles that teach, row by row: enough is known of them, and most show a nucleus.

    Where nothing but points in nuclei is known, one of them is enough.

    Of a picture without truth they are all: what is in them is for a checkpoint to tell.

    Raises:
        InputError: the picture at its scale would be too large.
    """
    shape = scaled(told.label.shape, told.scale)
    image = resized(told.image, *shape)
    label = resized(told.label, *shape, Image.Resampling.NEAREST)  # never interpolated
    tops, lefts = (_places(length, size) for length in shape)
    has_nuclei, bare = (label == NUCLEUS).any(), -1
    points = not np.isin(label, (NUCLEUS, IGNORE), invert=True).any()
    for row, top in enumerate(tops):
        for column, left in enumerate(lefts):
            known = known_square(label, left, top, size)
            share = (known != IGNORE).mean()
            if told.has_truth and share < _TOLD and not (points and share > 0):
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
