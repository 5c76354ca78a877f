"""Image files in and out, safely: the one place where a picture is opened."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from pap_core.files import write_whole
from pap_core.pictures import tiff, tiff_picture
from pap_core.pictures.alpha import alpha_of, on_white
from pap_core.pictures.brightness import darkness, eight_bit
from pap_core.pictures.file import MAX_PIXELS as MAX_PIXELS
from pap_core.pictures.file import (
    binary,
    check_size,
    orientation,
    reading,
    refuse_foreign,
    turned_back,
    upright,
)
from pap_core.pictures.pixel_size import from_density

FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".tif", ".tiff", ".webp", ".gif"),
    *(".jp2", ".jpx", ".jpf", ".j2k", ".j2c", ".jpc"),
)

_LARGEST_FILE = 2**30  # bytes of a PNG of 16 bit


@dataclass(frozen=True)
class Picture:
    """A picture as it was read, and what a person should know of how."""

    pixels: np.ndarray  # (H, W, 3) uint8, upright RGB
    remarks: tuple[str, ...] = ()  # sentences without the file's name: scaled up, one slice of several, …
    pixel_size: float | None = None  # µm per px, where the file tells it
    orientation: int = 1  # of the EXIF, 1 to 8, that was applied: see `as_stored`


def read_picture(source: Path | BinaryIO, name: str | None = None) -> Picture:
    """Read a picture as upright RGB, with what is to be said of it.

    EXIF orientation is applied, alpha is laid on white unless it is 0 everywhere, CMYK, greyscale and palette
    pictures are converted, deeper ones are scaled to 8 bit. Of several pages of a TIFF, the one that is meant
    is taken; of a film, its first frame.

    Args:
        source: a path, or an open binary file.
        name: what to call the file in a message; the path unless given.

    Raises:
        InputError: missing, unreadable, of no format known, damaged or cut short, over 50 megapixels, or
            such that its colours could only be guessed.
    """
    name = name or str(source)
    with reading(name), binary(source) as file:
        head = file.read(32)
        refuse_foreign(head, name)
        if tiff.is_tiff(head):
            return Picture(*tiff_picture.read(file, name))
        file.seek(0)
        with opened(file, name) as picture:
            return _picture(picture, file if _is_deep_png(head) else None)


def as_stored(picture: Picture) -> np.ndarray:
    """Return the pixels as they lie in the file, ``(H, W, 3)`` uint8: before the orientation was applied."""
    return turned_back(picture.pixels, picture.orientation)


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


def _is_deep_png(head: bytes) -> bool:
    return head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR" and head[24] == 16


def _picture(picture: Image.Image, deep: BinaryIO | None) -> Picture:
    """Decode a picture; `deep` is its file, where Pillow would drop half of its bits."""
    turn = orientation(picture)  # before it is loaded, and applied
    size, remarks = from_density(picture.info.get("dpi"))
    if getattr(picture, "is_animated", False):
        remarks = ("the first of several frames was taken", *remarks)
    if deep:
        pixels, told = _deep_png(deep, picture)
    elif picture.mode.startswith("I;16"):
        pixels, told = eight_bit(np.asarray(ImageOps.exif_transpose(picture)), 16)
        pixels = np.repeat(pixels[..., None], 3, axis=2)
    else:
        pixels, told = _shallow(ImageOps.exif_transpose(picture))
    return Picture(pixels, (*remarks, *told), size, turn)


def _shallow(picture: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """Bring a picture of 8 bit to RGB."""
    grey_levels = picture.mode != "1"
    told: tuple[str, ...] = ()
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        pixels = np.array(picture.convert("RGB"))
        pixels, told = on_white(pixels, np.asarray(picture.getchannel("A")))
    else:
        pixels = np.array(picture.convert("RGB"))
    return pixels, (*(darkness(pixels) if grey_levels else ()), *told)


def _deep_png(file: BinaryIO, picture: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    """Bring a PNG of 16 bit to RGB, every bit of it looked at."""
    from imagecodecs import png_decode

    file.seek(0)
    values = png_decode(file.read(_LARGEST_FILE))
    if values.shape[:2] != picture.size[::-1] or values.dtype != np.uint16:
        raise ValueError("its header does not fit its pixels")
    values = values if values.ndim == 3 else values[..., None]
    colours = values.shape[2] - (values.shape[2] + 1) % 2  # 1 of 1 or 2, 3 of 3 or 4
    pixels, told = eight_bit(values[..., :colours], 16)
    if colours == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    if values.shape[2] > colours:
        pixels, about_alpha = on_white(pixels, alpha_of(values[..., colours], values[..., :colours], 16))
        told += about_alpha
    return upright(pixels, orientation(picture)), told
