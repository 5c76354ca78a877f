"""Image files in and out, safely: the one place where a picture is opened."""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from pap_core.errors import InputError
from pap_core.files import write_whole

FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
MAX_PIXELS = 50_000_000

_UNTURNED: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # EXIF orientation: what undoes its turn
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, -1),
}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # we refuse, in our own words


@dataclass(frozen=True)
class Picture:
    """A picture as it was read, and what a person should know of how."""

    pixels: np.ndarray  # (H, W, 3) uint8, upright RGB
    remarks: tuple[str, ...] = ()  # sentences without the file's name: scaled up, one slice of several, …
    pixel_size: float | None = None  # µm per px, where the file tells it
    orientation: int = 1  # of the EXIF, 1 to 8, that was applied: see `as_stored`


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
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)  # before it is loaded, and applied
        pixels = _upright_rgb(picture, name)
        return Picture(pixels, orientation=orientation if orientation in _UNTURNED else 1)


def as_stored(picture: Picture) -> np.ndarray:
    """Return the pixels as they lie in the file, ``(H, W, 3)`` uint8: before the orientation was applied."""
    return _UNTURNED[picture.orientation](picture.pixels)


def read_image(source: Path | BinaryIO, name: str | None = None) -> np.ndarray:
    """Return the pixels alone of `read_picture`, ``(H, W, 3)`` uint8."""
    return read_picture(source, name).pixels


@contextmanager
def opened(source: Path | BinaryIO, name: str) -> Iterator[Image.Image]:
    """Open a picture of a known format and a bearable size, not yet decoded.

    Whatever goes wrong within the context is an `InputError` of one sentence.
    """
    try:
        with Image.open(source, formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > MAX_PIXELS:
                raise InputError(_too_large(name, f"{width} × {height} pixels"))
            yield picture
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
