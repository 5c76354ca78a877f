"""Image files in and out, safely: the one place where a picture is opened."""

import io
import os
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pap_core.errors import InputError

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MAX_PIXELS = 50_000_000

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # we refuse, in our own words


def read_image(source: Path | BinaryIO, name: str | None = None) -> np.ndarray:
    """Read a picture as upright RGB.

    EXIF orientation is applied, alpha is laid on white, CMYK, greyscale and palette pictures are
    converted, 16-bit ones are scaled to 8 bit.

    Args:
        source: a path, or an open binary file.
        name: what to call the file in a message; the path unless given.

    Returns:
        ``(H, W, 3)`` uint8.

    Raises:
        InputError: missing, unreadable, not a PNG, JPEG, BMP or TIFF, damaged or cut short, over 50
            megapixels, or of a pixel type that has no agreed white (floating point).
    """
    name = name or str(source)
    try:
        with Image.open(source, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise InputError(_too_large(name, f"{width} × {height} pixels"))
            return _upright_rgb(picture, name)
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file; check the path.") from None
    except UnidentifiedImageError:
        raise InputError(f"{name}: not a picture; expected PNG, JPEG, BMP or TIFF.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(_too_large(name, f"over {2 * MAX_PIXELS // 10**6} megapixels")) from None
    except InputError:
        raise
    except Exception as error:  # a damaged header makes the decoders raise almost anything
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{name}: cannot be read ({error.strerror}); check the file's rights.") from None
        raise InputError(
            f"{name}: the picture is damaged or cut short ({error}); save or copy it again."
        ) from None


def write_png(path: Path, pixels: np.ndarray) -> None:
    """Write ``(H, W)`` or ``(H, W, 3)`` uint8 as a PNG, whole or not at all."""
    write_whole(path, png_bytes(pixels))


def png_bytes(pixels: np.ndarray) -> bytes:
    """Encode ``(H, W)`` or ``(H, W, 3)`` uint8 as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all: to a neighbour first, then by replace."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(neighbour, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    except OSError:
        neighbour.unlink(missing_ok=True)
        raise


def _too_large(name: str, found: str) -> str:
    return (
        f"{name}: {found}, more than the {MAX_PIXELS // 10**6} megapixels allowed; "
        "cut it into parts or reduce it."
    )


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
