"""Pictures and words on their way to the browser: of a size that suits it, drawn on, encoded."""

import io
import re

import numpy as np
from PIL import Image

from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE, draw_edges

_APART = "\u2060"  # a word joiner
LONGEST, SHORTEST = 1400, 700  # px, the longer side of a picture on a page


def page_ratio(height: int, width: int) -> float:
    """Return the factor that brings a picture to a size for the page: smears smaller, crops larger."""
    longer = max(height, width)
    return float(np.clip(longer, SHORTEST, LONGEST)) / longer


def fitted(pixels: np.ndarray, exact: bool = False) -> np.ndarray:
    """Bring a picture to a size for the page; `exact` for a label map, whose values must not mix."""
    return resized(pixels, page_ratio(*pixels.shape[:2]), exact)


def resized(pixels: np.ndarray, ratio: float, exact: bool = False) -> np.ndarray:
    """Resize a picture by a factor; `exact` for a label map, whose values must not mix."""
    if ratio == 1:
        return pixels
    height, width = pixels.shape[:2]
    size = (max(1, round(width * ratio)), max(1, round(height * ratio)))
    how = Image.Resampling.NEAREST if exact else Image.Resampling.BICUBIC
    return np.array(Image.fromarray(pixels).resize(size, how))


def overlay(image: np.ndarray, label: np.ndarray, nucleus: bool = True, cell: bool = True) -> np.ndarray:
    """Draw the edges asked for over a picture."""
    return draw_edges(image, label, NUCLEUS_EDGE if nucleus else None, CELL_EDGE if cell else None)


def lightened(grey: np.ndarray) -> np.ndarray:
    """Lighten the dark greys of ``(H, W)`` uint8, black and white staying as they are."""
    return (np.sqrt(grey / 255) * 255).round().astype(np.uint8)


def jpeg_bytes(pixels: np.ndarray) -> bytes:
    """Encode a photograph with lines drawn on it: small, and without the colours of thin lines bleeding."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="JPEG", quality=90, subsampling=0)
    return buffer.getvalue()


def thumbnail(content: bytes, width: int = 360) -> bytes:
    """Make a small JPEG of a picture file."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.thumbnail((width, width))
        return jpeg_bytes(np.array(picture.convert("RGB")))


def plain(text: str) -> str:
    """Keep Markdown from seeing signs of its own, addresses and icons in the name of a file.

    An address becomes a link, and `:material/login:` an icon, whatever is escaped in them; a sign without a
    width keeps their parts apart.
    """
    text = re.sub(r"(?i)(https?://|www(?=\.)|:(?=[-+]1:|[-+\w/]*[a-z][-+\w/]*:))", rf"\1{_APART}", text)
    text = re.sub(r"([\\`*_\[\]$~<>#|]|:(?=\S))", r"\\\1", text)
    return re.sub(r"^(\s*\d*)([-+.)])(?=\s)", r"\1\\\2", text)  # which would begin a list
