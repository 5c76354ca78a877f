"""The queue of a test split: its crops as a kept evaluation predicted them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import ndimage

from pap_core.cells import apart
from pap_core.data import places
from pap_core.data.described import describe
from pap_core.data.extent import Extent
from pap_core.data.manifest import cells
from pap_core.data.split import qualified
from pap_core.errors import InputError
from pap_core.evaluation.store import SIDE, Kept
from pap_core.images import read_image
from pap_core.labels import BACKGROUND, NUCLEUS, decode
from pap_core.reviewing.queue import Entry, identify, outlines, uncertainty
from pap_core.reviews.checks import picture_digest
from pap_core.reviews.records import Place, ReviewCell

_PROTOCOL = "strict"
_MIDDLE = "middle"  # of a crop: the cell it was cut for
_NEEDED = ("x0", "y0", "scale")


@dataclass(frozen=True)
class SplitQueue:
    """The crops of a test split, in the order of the data set's manifest; see `split_queue`."""

    entries: tuple[Entry, ...]
    kept: Kept
    folder: Path  # of the data set
    rows: pd.DataFrame  # of its manifest, an entry each
    dataset: str  # digest
    checkpoint: str  # digest

    def cell(self, number: int) -> ReviewCell:
        """Return the cell that a crop was cut for: the one whose nucleus is nearest to its middle.

        Raises:
            InputError: the crop or its prediction is gone, or is another than at first.
        """
        entry, row = self.entries[number], self.rows.iloc[number]
        seen = _read(self.folder, self.kept, row)
        picture = picture_digest(seen.image)
        if identify(picture, _MIDDLE, seen.place) != entry.id:
            raise InputError(
                f"{self.folder.name}: crop {row['id']} is another than before, expected the same data set; "
                "evaluate it again and open it anew."
            )
        label = decode(seen.colours)
        cell = _middle_cell(seen.image, label, seen.middle)
        return ReviewCell(
            id=entry.id,
            picture=seen.image,
            label=label,
            before=outlines(cell, cell & (label == NUCLEUS)),
            checkpoint=self.checkpoint,
            source="dataset",
            name=picture,
            group=entry.group,
            side=SIDE,
            dataset=self.dataset,
            category=entry.category,
            place=seen.place,
        )


def split_queue(kept: Kept, folder: Path) -> SplitQueue:
    """Make the queue of a data set's test split from its kept evaluation.

    Args:
        kept: the evaluation, of this very data set.
        folder: of the data set.

    Raises:
        InputError: the evaluation or the data set is missing or damaged, or they do not belong together.
    """
    described = describe(folder, ("source", "digest"))
    rows = _rows(folder)
    jaccard = _jaccard(kept)
    if set(jaccard.index) != set(rows["id"]):
        raise InputError(
            f"{folder}: its test split is not the one that was evaluated, expected the same crops; evaluate "
            "it again."
        )

    def entry(row: dict) -> Entry:
        seen = _read(folder, kept, row)
        cell = _middle_cell(seen.image, decode(seen.colours), seen.middle)
        unsure = uncertainty(seen.colours, cell if cell.any() else np.ones_like(cell))
        mean = float(jaccard[row["id"]])
        return Entry(
            identify(picture_digest(seen.image), _MIDDLE, seen.place),
            row["category"],
            qualified(described["source"], row["group"]),
            row["id"],
            unsure,
            None if np.isnan(mean) else mean,
        )

    with ThreadPoolExecutor() as pool:
        entries = tuple(pool.map(entry, rows.to_dict("records")))
    checkpoint = kept.summary()["checkpoint"]["digest"]
    return SplitQueue(entries, kept, folder, rows, described["digest"], checkpoint)


def _rows(folder: Path) -> pd.DataFrame:
    table = cells(folder, _NEEDED)
    return table[table["split"] == SIDE].reset_index(drop=True)


def _jaccard(kept: Kept) -> pd.Series:
    """Return the mean Jaccard index of nucleus and cytoplasm by crop, NaN where neither is defined."""
    table = kept.table()
    table = table[(table["protocol"] == _PROTOCOL) & table["class"].isin(("nucleus", "cytoplasm"))]
    return table.groupby("id")["jaccard"].mean()


@dataclass(frozen=True)
class _Seen:
    """What a reviewer sees of a crop: the part of it that is picture."""

    image: np.ndarray  # (H, W, 3) uint8
    colours: np.ndarray  # (H, W, 3) uint8, the colour map generated for it
    middle: tuple[float, float]  # (x, y) of the whole crop's middle, px of `image`
    place: Place


def _read(folder: Path, kept: Kept, row: Mapping) -> _Seen:
    crop = row["id"]
    image, colours = read_image(places.image(folder, crop)), read_image(kept.prediction(crop))
    if image.shape != colours.shape:
        raise InputError(
            f"{folder.name}: crop {crop} has another size than when it was evaluated, expected the same data "
            "set; build it anew and evaluate again."
        )
    extent = Extent.of(row, image.shape)
    height, width = image.shape[:2]
    scale = float(row["scale"])
    return _Seen(
        extent.cut(image),
        extent.cut(colours),
        (width / 2 - extent.left, height / 2 - extent.top),
        Place(float(row["x0"]) + extent.left / scale, float(row["y0"]) + extent.top / scale, scale),
    )


def _middle_cell(image: np.ndarray, label: np.ndarray, middle: tuple[float, float]) -> np.ndarray:
    """Return ``(H, W)`` bool: the cell whose nucleus is nearest the middle; without one, all that is cell."""
    nuclei, cells = apart(image, label)
    if not nuclei.any():
        return label != BACKGROUND
    numbers = np.arange(1, nuclei.max() + 1)
    centres = np.array(ndimage.center_of_mass(nuclei > 0, nuclei, numbers))[:, ::-1] + 0.5
    return cells == numbers[np.hypot(*(centres - middle).T).argmin()]
