"""Label map, colour map and overlay as PNG files that say where they come from."""

import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pap_core.errors import InputError
from pap_core.export.origin import NOTICE, Origin
from pap_core.labels import NUCLEUS, colour_map
from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE, draw_edges

SOURCE = "Source"  # the word under which a PNG says `Origin.source`


def label_png(label: np.ndarray, origin: Origin) -> bytes:
    """Write a ``(H, W)`` uint8 label map as it is: 8-bit grey of 0, 1, 2."""
    return _png(label, origin)


def map_png(label: np.ndarray, origin: Origin) -> bytes:
    """Write the colour map of a ``(H, W)`` uint8 label map."""
    return _png(colour_map(label), origin)


def cells_png(cells: np.ndarray, origin: Origin) -> bytes:
    """Write which cell each pixel is of: 16-bit grey, 0 for none, else its number.

    Args:
        cells: ``(H, W)`` int32; see `pap_core.measurement.measure`.
        origin: goes into the file.

    Raises:
        InputError: there are more cells than 16 bits can number.
    """
    most = np.iinfo(np.uint16).max
    if cells.max(initial=0) > most:
        raise InputError(
            f"{origin.picture}: {cells.max():,} cells found, at most {most:,} can be numbered; cut the "
            "picture into parts."
        )
    return _png(cells.astype(np.uint16), origin)


def nuclei_png(label: np.ndarray, cells: np.ndarray, origin: Origin) -> bytes:
    """Write which nucleus each pixel is of, by the number of its cell, as `cells_png` does."""
    return cells_png(np.where(label == NUCLEUS, cells, 0), origin)


def overlay_png(
    image: np.ndarray, label: np.ndarray, origin: Origin, nucleus: bool = True, cell: bool = True
) -> bytes:
    """Write the picture with the edges of its cells drawn over it.

    Args:
        image: ``(H, W, 3)`` uint8.
        label: ``(H, W)`` uint8 label map.
        origin: goes into the file.
        nucleus: draw the nuclei's edges.
        cell: draw the cells' edges.
    """
    drawn = draw_edges(image, label, NUCLEUS_EDGE if nucleus else None, CELL_EDGE if cell else None)
    return _png(drawn, origin)


def _png(pixels: np.ndarray, origin: Origin) -> bytes:
    said = PngInfo()
    # the format's own word for a notice of this kind is Disclaimer
    for word, text in (
        ("Picture", origin.picture),
        ("Checkpoint", origin.checkpoint),
        ("Digest", origin.digest),
        ("Disclaimer", NOTICE),
    ):
        said.add_text(word, text)
    if origin.source:
        said.add_text(SOURCE, origin.source)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", pnginfo=said)
    return buffer.getvalue()
