"""Image files in and out, safely: the one place where a picture is opened."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.picture_file import MAX_PIXELS, check_size, reading

__all__ = [
    "FORMATS",
    "MAX_PIXELS",
    "SUFFIXES",
    "Picture",
    "opened",
    "png_bytes",
    "read_image",
    "read_picture",
    "write_png",
]

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Picture:
    """A picture as it was read, and what a person should know of how."""

    pixels: np.ndarray  # (H, W, 3) uint8, upright RGB
    remarks: tuple[str, ...] = ()  # sentences without the file's name: scaled up, one slice of several, …
    pixel_size: float | None = None  # µm per px, where the file tells it


def read_picture(source: Path | BinaryIO, name: str | None = None) -> Picture:
    """Read a picture as upright RGB, with what is to be said of it.

    EXIF orientation is applied, alpha is laid on white, CMYK, greyscale and palette pictures are
    converted, 16-bit ones are scaled to 8 bit.

    Args:
        source: a path, or an open binary file.
        name: what to call the file in a message; the path unless given.

    Raises:
        InputError: missing, unreadable, not a PNG, JPEG, BMP or TIFF, damaged or cut short, over 50
            megapixels, or of a pixel type that has no agreed white (floating point).
    """
    name = name or str(source)
    with opened(source, name) as picture:
        return Picture(_upright_rgb(picture, name))


def read_image(source: Path | BinaryIO, name: str | None = None) -> np.ndarray:
    """Return the pixels alone of `read_picture`, ``(H, W, 3)`` uint8."""
    return read_picture(source, name).pixels


@contextmanager
def opened(source: Path | BinaryIO, name: str) -> Iterator[Image.Image]:
    """Open a picture of a known format and a bearable size, not yet decoded.

    Whatever goes wrong within the context is an `InputError` of one sentence.
    """
    with reading(name), Image.open(source, formats=FORMATS) as picture:
        check_size(*picture.size, name)
        yield picture


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write ``(H, W)`` or ``(H, W, 3)`` uint8 as a PNG, whole or not at all."""
    write_whole(path, png_bytes(pixels))


def png_bytes(pixels: np.ndarray) -> bytes:
    """Encode ``(H, W)`` or ``(H, W, 3)`` uint8 as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def _upright_rgb(picture: Image.Image, name: str) -> np.ndarray:
    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith("I"):  # 16-bit grey, some of it stored in 32
        grey = np.asarray(picture).astype(np.int64)
        if grey.min() < 0 or grey.max() > 65535:
            raise InputError(
                f"{name}: grey values beyond 16 bit; expected 8 or 16 bit a channel, convert the picture."
            )
        eight_bit = ((grey + 128) // 257).astype(np.uint8)
        return np.repeat(eight_bit[..., None], 3, axis=2)
    if picture.mode == "F":
        raise InputError(
            f"{name}: floating-point pixels; expected 8 or 16 bit a channel, convert the picture."
        )
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(picture.convert("RGB"))
