"""How often nuclei come apart that should, and that should not: experts' nuclei, alone and in pairs.

python benchmarks/touching_nuclei.py HERLEV_DATA_SET [--size 42]

The data set is one built from Herlev. Each nucleus is brought to a size; pairs are turned at random, and
pushed together until they share a part of the smaller one's area.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.measure import label as connected
from skimage.measure import regionprops

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.labels import NUCLEUS
from pap_core.masks import read_label
from pap_core.nuclei import nuclei_of

PAIRS = 300
SHARED = (0.02, 0.1, 0.2)


def drawn(folder: Path, size: float) -> Iterator[np.ndarray]:
    """Yield the largest nucleus of each crop as ``(h, w)`` bool, of an area like a disc's of `size` px."""
    for path in sorted((folder / "labels").glob("*.png")):
        pieces = regionprops(connected(read_label(path) == NUCLEUS, connectivity=2))
        if pieces:
            one = max(pieces, key=lambda piece: piece.area)
            factor = size / one.equivalent_diameter_area
            width, height = (max(3, round(side * factor)) for side in one.image.shape[::-1])
            yield np.array(Image.fromarray(one.image).resize((width, height), Image.Resampling.NEAREST))


def pushed_together(one: np.ndarray, other: np.ndarray, shared: float) -> np.ndarray:
    """Return two nuclei in one mask, sharing at least a part of the smaller one's area."""
    height = max(len(one), len(other)) + 4
    width = one.shape[1] + other.shape[1] + 4
    fixed = placed(one, 1, height, width)
    for left in range(width - other.shape[1] - 1, 0, -1):
        moved = placed(other, left, height, width)
        if (fixed & moved).sum() >= shared * min(fixed.sum(), moved.sum()):
            break
    return fixed | moved


def placed(nucleus: np.ndarray, left: int, height: int, width: int) -> np.ndarray:
    """Return a mask with a nucleus in its middle row."""
    mask = np.zeros((height, width), dtype=bool)
    top = (height - len(nucleus)) // 2
    mask[top : top + len(nucleus), left : left + nucleus.shape[1]] = nucleus
    return mask


def count(mask: np.ndarray, scale: float) -> int:
    """Return how many nuclei a mask is taken for."""
    return int(nuclei_of(np.pad(mask, 2).astype(np.uint8) * NUCLEUS, scale).max())


def main() -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--size", type=float, default=42.0, help="px, the diameter of a nucleus")
    options = parser.parse_args()
    nuclei, scale = list(drawn(options.dataset, options.size)), 42.0 / options.size
    alone = np.mean([count(one, scale) > 1 for one in nuclei])
    print(f"{len(nuclei)} nuclei of {options.size:g} px: {alone:.1%} come apart")
    random = np.random.default_rng(1)
    for shared in SHARED:
        apart = []
        for pair in random.integers(0, len(nuclei), (PAIRS, 2)):
            turned = [
                ndimage.rotate(nuclei[one].astype(float), random.uniform(0, 360), order=0) > 0.5
                for one in pair
            ]
            apart.append(count(pushed_together(*turned, shared), scale) == 2)
        print(f"two that share {shared:.0%}: {np.mean(apart):.1%} of {PAIRS} come apart into two")


if __name__ == "__main__":
    main()
