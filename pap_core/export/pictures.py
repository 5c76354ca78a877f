"""Label map, colour map and overlay as PNG files that say where they come from."""

import io

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pap_core.export.origin import NOTICE, Origin
from pap_core.labels import colour_map
from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE, draw_edges

SOURCE = "Source"  # the word under which a PNG says `Origin.source`


def label_png(label: np.ndarray, origin: Origin) -> bytes:
    """Write a ``(H, W)`` uint8 label map as it is: 8-bit grey of 0, 1, 2."""
    return _png(label, origin)


def map_png(label: np.ndarray, origin: Origin) -> bytes:
    """Write the colour map of a ``(H, W)`` uint8 label map."""
    return _png(colour_map(label), origin)


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
