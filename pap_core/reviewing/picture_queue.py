"""Queues of the cells of pictures: segmented now, or predicted earlier and read with their label maps."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from scipy import ndimage

from pap_core.data.truth.read import read_truth
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.labels import BACKGROUND, NUCLEUS
from pap_core.mask_forms import LABELS
from pap_core.measurement import measure
from pap_core.reviewing.queue import RING, Entry, Queue, identify, outlines, uncertainty
from pap_core.reviews.checks import picture_digest
from pap_core.reviews.records import Place, ReviewCell

MARGIN = 10  # px between a cell and the edge of what is cut out around it
SMALLEST = 320  # px, the side cut out: the network's 256 and room for the nucleus to be moved within
LABEL_ENDING = "_label.png"  # as `predict` and the page that segments name a label map

Box = tuple[slice, slice]  # rows, columns

_SEEN = 256  # px, what the network sees of a picture of one cell
_DIGEST = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, eq=False)
class PictureQueue:
    """The cells of one picture in reading order; see `picture_queue`."""

    entries: tuple[Entry, ...]
    image: np.ndarray  # (H, W, 3) uint8
    label: np.ndarray  # (H, W) uint8
    cells_map: np.ndarray  # (H, W) int32, each pixel's cell: the number of its entry from 1, 0 for none
    places: tuple[Box, ...]  # where each entry's cell is cut out, see `window`
    checkpoint: str  # digest, "" where it is not known
    source: str  # "smear" or "predictions"

    def cell(self, number: int) -> ReviewCell:
        """Return a cell in what is cut out around it, the nucleus in the middle, clipped to the picture."""
        entry, place = self.entries[number], self.places[number]
        own, label = self.cells_map[place] == number + 1, self.label[place]
        return ReviewCell(
            id=entry.id,
            picture=self.image[place],
            label=label,
            before=outlines(own, own & (label == NUCLEUS)),
            checkpoint=self.checkpoint,
            source=self.source,
            name=entry.group,
            group=entry.group,
            place=_source_place(place),
        )


@dataclass(frozen=True, eq=False)
class Joined:
    """Several queues, one after the other."""

    entries: tuple[Entry, ...]
    parts: tuple[Queue, ...]

    def cell(self, number: int) -> ReviewCell:
        """Return the cell of ``entries[number]``."""
        for part in self.parts:
            if number < len(part.entries):
                return part.cell(number)
            number -= len(part.entries)
        raise IndexError(number)


def picture_queue(
    image: np.ndarray,
    label: np.ndarray,
    cells: pd.DataFrame,
    cells_map: np.ndarray,
    colours: np.ndarray | None,
    checkpoint: str,
    name: str,
) -> PictureQueue:
    """Make the queue of a picture's cells.

    Args:
        image: ``(H, W, 3)`` uint8.
        label: ``(H, W)`` uint8 label map predicted for it.
        cells: as `pap_core.measurement.measure` gives them, with `cells_map`.
        cells_map: ``(H, W)`` int32, each pixel's cell.
        colours: ``(H, W, 3)`` uint8, the colour map generated; None where it is gone, and with it how sure
            the model was.
        checkpoint: digest of what predicted it, "" where that is not known.
        name: of the picture, to show.
    """
    picture = picture_digest(image)
    entries: list[Entry] = []
    places: list[Box] = []
    for (rows, columns), x, y in zip(ndimage.find_objects(cells_map), cells["x"], cells["y"], strict=True):
        around = (
            slice(max(0, rows.start - RING), rows.stop + RING),
            slice(max(0, columns.start - RING), columns.stop + RING),
        )
        cell = np.equal(cells_map[around], len(entries) + 1)
        row, column = np.argwhere(cell & (label[around] == NUCLEUS))[0]  # no other cell has this pixel
        which = f"{column + around[1].start} {row + around[0].start}"
        places.append(window((rows, columns), x, y, label.shape))
        unsure = None if colours is None else uncertainty(colours[around], cell)
        entries.append(Entry(identify(picture, which, _source_place(places[-1])), "", picture, name, unsure))
    source = "predictions" if colours is None else "smear"
    return PictureQueue(tuple(entries), image, label, cells_map, tuple(places), checkpoint, source)


def predicted_queue(files: Sequence[tuple[str, bytes]]) -> Joined:
    """Make the queue of pictures that were predicted earlier.

    Args:
        files: name and content of the pictures, and of a label map ``<stem>_label.png`` for each.

    Raises:
        InputError: a picture without its label map or the other way round, one that cannot be read, or of
            two sizes.
    """
    labels = {name: content for name, content in files if name.lower().endswith(LABEL_ENDING)}
    pictures = {name: content for name, content in files if name not in labels}
    queues = []
    for name, content in pictures.items():
        wanted = f"{Path(name).stem}{LABEL_ENDING}"
        own = next((one for one in labels if one.lower() == wanted.lower()), None)
        if own is None:
            raise InputError(f"{name}: its label map is missing, expected {wanted}; drop both together.")
        queues.append(_predicted(name, content, own, labels.pop(own)))
    if labels:
        raise InputError(
            f"{next(iter(labels))}: a label map without its picture found, expected both; drop them together."
        )
    return Joined(tuple(entry for queue in queues for entry in queue.entries), tuple(queues))


def _predicted(name: str, content: bytes, label_name: str, label_content: bytes) -> PictureQueue:
    image = read_image(io.BytesIO(content), name)
    label = read_truth([(label_name, label_content)], image.shape[:2], name, LABELS)
    label = np.where(label > NUCLEUS, BACKGROUND, label).astype(np.uint8)
    # how it was read is not known: a small picture is one cell, which was enlarged to what the network sees
    cells, cells_map = measure(image, label, max(1.0, _SEEN / max(label.shape)))
    return picture_queue(image, label, cells, cells_map, None, _checkpoint(label_content), name)


def _checkpoint(content: bytes) -> str:
    """Return the digest of the checkpoint that a label map says it was predicted by, "" if it does not."""
    with Image.open(io.BytesIO(content)) as picture:
        said = picture.info.get("Digest", "")
    return said if isinstance(said, str) and _DIGEST.fullmatch(said) else ""


def window(box: Box, x: float, y: float, shape: tuple[int, int]) -> Box:
    """Return where to cut a cell out: a square around its nucleus, clipped to the picture.

    Args:
        box: rows and columns of the whole cell.
        x: of the nucleus's centre, px.
        y: of the nucleus's centre, px.
        shape: ``(H, W)`` of the picture.

    Returns:
        Rows and columns, `SMALLEST` pixels a side or as many as the whole cell and its margin need.

    >>> window((slice(390, 420), slice(0, 60)), x=30.2, y=401.0, shape=(600, 800))
    (slice(241, 561, None), slice(0, 190, None))
    """
    centre = int(y), int(x)
    reach = max(max(at - part.start, part.stop - at) for part, at in zip(box, centre, strict=True))
    half = max(SMALLEST // 2, reach + MARGIN)
    rows, columns = (
        slice(max(0, at - half), min(side, at + half)) for at, side in zip(centre, shape, strict=True)
    )
    return rows, columns


def _source_place(box: Box) -> Place:
    return Place(float(box[1].start), float(box[0].start))
