"""Data set folders as torch data: decoded once, held in memory, jittered by the draw's own seed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset

from pap_core.data import places
from pap_core.data.crowding import MOST
from pap_core.data.described import describe
from pap_core.data.digests import check_crop, check_manifest
from pap_core.data.draws import mix
from pap_core.data.jitter import Jitter
from pap_core.data.likeness import pictures_of
from pap_core.data.manifest import FILE, cells
from pap_core.data.split import qualified
from pap_core.data.twins import first_of_each
from pap_core.data.validation import held_out
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.masks import read_label


@dataclass(frozen=True)
class Crops:
    """Crops in memory, in the order of their table."""

    table: pd.DataFrame  # rows of the manifests, with the data set's `folder` and `mode`, and the `slide`
    images: torch.Tensor  # (N, 3, S, S) uint8
    labels: torch.Tensor  # (N, S, S) uint8

    def __len__(self) -> int:
        return len(self.table)

    def subset(self, chosen: np.ndarray) -> "Crops":
        """Return the rows where `chosen`, ``(N,)`` bool, is True."""
        rows = torch.from_numpy(np.flatnonzero(chosen))
        return Crops(self.table[chosen].reset_index(drop=True), self.images[rows], self.labels[rows])


def load(folders: Sequence[Path], side: str) -> Crops:
    """Decode one side of one or more data set folders.

    Args:
        folders: data set folders of one crop size.
        side: "train" or "test".

    Raises:
        InputError: no finished data set, a file missing, damaged or changed since the build, or no crop on
            that side.
    """
    table = table_of(folders, side)
    images = labels = torch.empty(0)
    with ThreadPoolExecutor() as pool:
        pairs = pool.map(read_as_built, table["folder"], table["id"], table["digest"])
        for number, (image, label) in enumerate(pairs):  # each where it is to stay: thousands are gigabytes
            shape = label.shape
            if not number:
                images = torch.empty((len(table), 3, *shape), dtype=torch.uint8)
                labels = torch.empty((len(table), *shape), dtype=torch.uint8)
            if shape != labels.shape[1:]:
                sizes = sorted({shape, tuple(labels.shape[1:])})
                names = ", ".join(map(str, folders))
                raise InputError(f"{names}: crops of different sizes {sizes}; build them alike.")
            images[number] = torch.from_numpy(image).permute(2, 0, 1)
            labels[number] = torch.from_numpy(label)
    return Crops(table, images, labels)


def table_of(folders: Sequence[Path], side: str) -> pd.DataFrame:
    """Return the table of `Crops` without decoding one; raises as `load`, but for the pictures."""
    tables, same = [], []
    for folder in folders:
        described = describe(folder)
        table = cells(folder)
        check_manifest(folder / FILE, described.get("digest", ""))
        slides = [qualified(described.get("source", ""), group) for group in table["group"]]
        table = table.assign(folder=str(folder), mode=described.get("mode"), slide=slides)
        lots = described.get("united", [])
        same += [(qualified(described.get("source", ""), one), f"{lot}") for lot in lots for one in lot]
        for name in ("picture", "likeness", "digest"):
            if name not in table:  # of older versions
                table[name] = ""
        table = table[table["split"] == side]
        tables.append(table)
    table = pd.concat(tables, ignore_index=True)
    if table.empty:
        names = ", ".join(map(str, folders))
        raise InputError(f"{names}: no crop on the {side} side; build with another split or more cells.")
    # a slide of one data set may be that of another by another name
    same += zip(table["slide"], pictures_of(table), strict=True)
    table["slide"] = table["slide"].map(first_of_each(same))
    return table


def read_pair(folder: str, identifier: str) -> tuple[np.ndarray, np.ndarray]:
    """Decode a crop, ``(S, S, 3)`` uint8, and its label map, ``(S, S)`` uint8; raises as `load`."""
    image = read_image(places.image(folder, identifier))
    path = places.label(folder, identifier)
    label = read_label(path)
    if label.shape != image.shape[:2]:
        raise InputError(f"{path}: not the label map of its crop; build the data set again.")
    return image, label


def read_as_built(folder: str, identifier: str, digest: str) -> tuple[np.ndarray, np.ndarray]:
    """As `read_pair`, and see by its digest in the manifest that it is what was built."""
    image, label = read_pair(folder, identifier)
    check_crop(image, label, digest, places.image(folder, identifier))
    return image, label


def training_and_validation(crops: Crops, share: float, seed: int) -> tuple[Crops, Crops]:
    """Hold out crops of the training side to validate on; see `pap_core.data.validation.held_out`."""
    chosen = held_out(crops.table, share, seed)
    return crops.subset(~chosen), crops.subset(chosen)


class JitteredCrops(Dataset):
    """Training examples by ``(index, draw)``: the same draw gives the same example in any process."""

    def __init__(self, crops: Crops, jitter: Jitter, seed: int):
        self.crops, self.jitter, self.seed = crops, jitter, seed
        # windows and fields show their neighbours, and these are part of their labels
        self.single = np.flatnonzero(crops.table["mode"] == "fit")
        self.is_single = set(self.single.tolist())

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, key: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
        index, draw = key
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(mix(self.seed + 1, draw))
            neighbours = self._neighbours() if index in self.is_single else []
            return self.jitter(self.crops.images[index], self.crops.labels[index], neighbours)

    def _neighbours(self) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Draw the other cells that are to lie beside a single one."""
        drawn: list[tuple[torch.Tensor, torch.Tensor]] = []
        while len(drawn) < MOST and torch.rand(()) < self.jitter.crowding:
            other = self.single[int(torch.randint(len(self.single), ()))]
            drawn.append((self.crops.images[other], self.crops.labels[other]))
        return drawn
