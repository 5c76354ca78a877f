"""What there is to measure of each cell of a label map: areas, N/C ratio, shape, stain."""

import numpy as np
import pandas as pd
from skimage.measure import regionprops

from pap_core.cells import apart
from pap_core.labels import BACKGROUND, CYTOPLASM


def measure(image: np.ndarray, label: np.ndarray, scale: float = 1.0) -> tuple[pd.DataFrame, np.ndarray]:
    """Take the cells of a label map apart, see `pap_core.cells`, and measure each.

    Args:
        image: ``(H, W, 3)`` uint8, for the stain, and for edges between cells.
        label: ``(H, W)`` uint8 label map of it.
        scale: network px per image px; tells how small a nucleus may be.

    Returns:
        A row a cell, numbered from 1 in reading order, and ``(H, W)`` int32 with each pixel's cell. Areas
        and lengths are in pixels of the picture, x and y the nucleus's centre; the N/C ratio is nucleus
        area over cytoplasm area, NaN without cytoplasm; densities are mean optical densities.
    """
    nuclei, cells = apart(image, label, scale)
    nucleus_area = np.bincount(nuclei.ravel())[1:]
    count = len(nucleus_area)
    density = -np.log10(np.maximum(image, 1) / 255).mean(axis=-1)
    cytoplasm = np.where(label == CYTOPLASM, cells, BACKGROUND)
    cytoplasm_area = np.bincount(cytoplasm.ravel(), minlength=count + 1)[1:]
    cytoplasm_stain = np.bincount(cytoplasm.ravel(), density.ravel(), minlength=count + 1)[1:]
    shapes = regionprops(nuclei, intensity_image=density)
    with np.errstate(divide="ignore", invalid="ignore"):
        table = pd.DataFrame(
            {
                "cell": np.arange(1, count + 1),
                "x": [shape.centroid[1] + 0.5 for shape in shapes],
                "y": [shape.centroid[0] + 0.5 for shape in shapes],
                "nucleus_area": nucleus_area,
                "cytoplasm_area": cytoplasm_area,
                "nc_ratio": nucleus_area / np.where(cytoplasm_area, cytoplasm_area, np.nan),
                "nucleus_perimeter": [shape.perimeter for shape in shapes],
                "nucleus_eccentricity": [shape.eccentricity for shape in shapes],
                "nucleus_solidity": [shape.solidity for shape in shapes],
                "nucleus_density": [shape.intensity_mean for shape in shapes],
                "cytoplasm_density": cytoplasm_stain / np.where(cytoplasm_area, cytoplasm_area, np.nan),
            }
        )
    return table, cells
