"""How much cytoplasm of touching cells is given to the wrong one: by the edges seen, and by distance alone.

python -m pap_core phantom phantoms --smears 36 --seed 1
python benchmarks/shared_cytoplasm.py phantoms [--every 4] [--scale 0.6]

The nuclei and the outlines of cells are the phantoms' own. Where cells overlap no pixel counts.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.measure import label as connected
from skimage.segmentation import watershed

sys.path.insert(0, str(Path(__file__).parents[1]))

from pap_core.cells import apart
from pap_core.contours import fill, read_dat
from pap_core.images import read_image
from pap_core.labels import CYTOPLASM, NUCLEUS


def drawn(smear: Path, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a label map, nuclei by number, and whose cytoplasm a pixel is, 0 where it is of several."""
    outlines = sorted(smear.parent.glob(f"{smear.stem}_cyt*.dat"))
    label, nuclei, owner, over = (np.zeros(shape, np.int32) for _ in range(4))
    for number, path in enumerate(outlines, start=1):
        cell = fill(read_dat(path), shape)
        over += cell
        owner[cell] = number
        label[cell & (label == 0)] = CYTOPLASM
        nuclei[fill(read_dat(path.with_name(path.name.replace("_cyt", "_nuc"))), shape)] = number
    label[nuclei > 0] = NUCLEUS
    return label.astype(np.uint8), nuclei, np.where((over == 1) & (nuclei == 0), owner, 0)


def main() -> None:
    """Print the shares and the times."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("phantoms", type=Path)
    parser.add_argument("--every", type=int, default=4, help="take every so manyth smear")
    parser.add_argument("--scale", type=float, default=0.6, help="network px per image px")
    options = parser.parse_args()
    wrong, counted, seconds = np.zeros(2), 0, np.zeros(2)
    for smear in sorted(options.phantoms.glob("*/*/*.bmp"))[:: options.every]:
        image = read_image(smear)
        label, nuclei, owner = drawn(smear, image.shape[:2])
        groups = connected(label > 0, connectivity=2)
        several = [len(np.unique(nuclei[groups == one])) > 2 for one in range(1, groups.max() + 1)]
        judged = (owner > 0) & np.append(False, several)[groups]
        if not judged.any():
            continue
        began = time.perf_counter()
        found, by_edges = apart(image, label, options.scale)
        seconds[0] += time.perf_counter() - began
        began = time.perf_counter()
        by_distance = watershed(ndimage.distance_transform_edt(found == 0), found, mask=label > 0)
        seconds[1] += time.perf_counter() - began
        names = np.zeros(found.max() + 1, np.int32)  # the true number of each nucleus found
        for number in range(1, len(names)):
            names[number] = np.bincount(nuclei[found == number]).argmax()
        wrong += [(names[one][judged] != owner[judged]).sum() for one in (by_edges, by_distance)]
        counted += judged.sum()
    print(f"{counted:,} px of cytoplasm in cells that touch")
    for name, number, took in zip(("by edges", "by distance"), wrong, seconds, strict=True):
        print(f"{name:<12} {100 * number / counted:.2f} % given to another cell, {took:.1f} s")


if __name__ == "__main__":
    main()
