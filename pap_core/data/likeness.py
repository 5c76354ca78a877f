"""Whether two pictures are one in other formats, turned or mirrored: their likenesses tell.

A likeness is what is left of a picture at 12 × 12 grey pixels, with its size. No such pixel of 255 real cells
moved by more than one grey level as JPEG of quality 75 to 95; no two of Herlev's 763 cells came that near.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from PIL import Image

from pap_core.data.twins import first_of_each

PATTERN = r"^([0-9a-f]{304})?\Z"  # of a likeness; empty where none is known

_SIDE = 12  # px
_SIZE = 16  # digits that tell the size
_APART = 1  # grey levels that a pixel of the same picture may differ
_LEAST = 24  # grey levels between the darkest and the brightest pixel: emptier ones are all alike


def likeness(image: np.ndarray) -> str:
    """Return that of ``(H, W, 3)`` uint8 as hexadecimal digits: its sides, the shorter first, its pixels."""
    sides = sorted(image.shape[:2])
    grey = np.asarray(Image.fromarray(image).convert("L"), dtype=np.float64)
    small = np.rint(_shares(grey.shape[0]) @ grey @ _shares(grey.shape[1]).T).astype(np.uint8)
    return "{:08x}{:08x}".format(*sides) + small.tobytes().hex()


def same_pictures(likenesses: Mapping[str, str]) -> dict[str, str]:
    """Return, for each picture, the first by name of all that are the same, itself included.

    Args:
        likenesses: by the digest of a picture; empty where none is known.
    """
    told = sorted(name for name, one in likenesses.items() if one)
    sizes = [likenesses[name][:_SIZE] for name in told]
    small = np.array([list(bytes.fromhex(likenesses[name][_SIZE:])) for name in told], dtype=np.int16)
    pairs = [(name, "") for name in likenesses]
    if told:
        from scipy.spatial import cKDTree  # takes its time

        small = small.reshape(-1, _SIDE, _SIDE)
        # sorted, they are near where any two turns of them are
        ordered = np.sort(small.reshape(len(told), -1), axis=1)
        clear = np.flatnonzero(ordered[:, -1] - ordered[:, 0] >= _LEAST)
        near = cKDTree(ordered[clear]).query_pairs(_APART, p=np.inf) if clear.size else ()
        for number, (one, other) in enumerate((clear[a], clear[b]) for a, b in near):
            if sizes[one] == sizes[other] and _is_turn(small[one], small[other]):
                pairs += [(told[one], str(number)), (told[other], str(number))]
    return first_of_each(pairs)


def pictures_of(table: pd.DataFrame) -> pd.Series:
    """Return what each row of manifests calls its picture, the same for the same ones; may be empty."""
    if "picture" not in table:  # of older versions
        return pd.Series("", index=table.index)
    picture = table["picture"].fillna("")
    if "likeness" not in table:
        return picture
    return picture.map(same_pictures(dict(zip(picture, table["likeness"].fillna(""), strict=True))))


def torn(cells: pd.DataFrame) -> int:
    """Count the pictures of a manifest that stand on both sides under the names of different groups.

    Args:
        cells: its rows. Without the column `picture`, as older ones are, crops that are the same with their
            labels are counted.
    """
    names = pictures_of(cells) if "picture" in cells else cells.get("digest")
    if names is None:
        return 0
    by_picture = cells[names != ""].groupby(names[names != ""])
    both = by_picture["split"].nunique() > 1
    return int((both & (by_picture["group"].nunique() > 1)).sum())


def _shares(length: int) -> np.ndarray:
    """Return ``(_SIDE, length)``: of each pixel, its part in each small one, from either end alike."""
    edges, at = np.linspace(0, length, _SIDE + 1)[:, None], np.arange(length)
    inside = np.clip(np.minimum(edges[1:], at + 1) - np.maximum(edges[:-1], at), 0, None)
    return inside * _SIDE / length


def _is_turn(one: np.ndarray, other: np.ndarray) -> bool:
    turns = (np.rot90(side, times) for side in (other, other.T) for times in range(4))
    return any(np.abs(one - turn).max() <= _APART for turn in turns)
