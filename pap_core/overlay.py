"""Draws predicted edges over the original, as the paper's Figure 5 does."""

import numpy as np

from pap_core.labels import CYTOPLASM, NUCLEUS, outline

NUCLEUS_EDGE = (0, 90, 255)
CELL_EDGE = (255, 60, 0)


def draw_edges(
    image: np.ndarray,
    label: np.ndarray,
    nucleus: tuple[int, int, int] | None = NUCLEUS_EDGE,
    cell: tuple[int, int, int] | None = CELL_EDGE,
    width: int | None = None,
) -> np.ndarray:
    """Draw the outlines of cells and of nuclei over a picture.

    Args:
        image: ``(H, W, 3)`` uint8.
        label: ``(H, W)`` uint8 label map.
        nucleus: RGB of the nucleus's edge, None to leave it out.
        cell: RGB of the cell's edge, None to leave it out.
        width: px; by default it grows with the picture, so that it shows when the whole is looked at.

    Returns:
        ``(H, W, 3)`` uint8.
    """
    width = width or max(1, round(max(label.shape) / 400))
    drawn = image.copy()
    masks = ((cell, np.isin(label, (CYTOPLASM, NUCLEUS))), (nucleus, label == NUCLEUS))
    for colour, mask in masks:
        if colour is not None:
            edge = outline(mask, width)
            drawn[edge] = colour
    return drawn
