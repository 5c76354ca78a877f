"""What holds for picture files of every format: a bearable size, and one sentence for whatever goes wrong."""

import errno
import os
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError

from pap_core.errors import InputError

READABLE = "PNG, JPEG, BMP, TIFF, WebP, GIF or JPEG 2000"
MAX_PIXELS = 50_000_000

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # we refuse, in our own words


_SENSELESS = (TypeError, LookupError, AttributeError, ArithmeticError)  # whose words are of the program
_SLIDE = "a file of a slide scanner; export the field you need as TIFF or PNG, as QuPath does"
_MICROSCOPE = "a microscope's own file; save the picture as OME-TIFF or PNG, as Fiji (Bio-Formats) does"
_PHONE = "a HEIC or AVIF picture, which is not read; save it as JPEG or PNG, as photo programs and phones can"
_NOT_READ = "of a format that is not read; save it as TIFF or PNG"
_SLIDES = (
    ".svs",
    ".ndpi",
    ".ndpis",
    ".mrxs",
    ".scn",
    ".bif",
    ".svslide",
    ".vms",
    ".vmu",
    ".isyntax",
    ".qptiff",
)
_OTHERS = dict.fromkeys((".heic", ".heif", ".hif", ".avif"), _PHONE)
_OTHERS |= dict.fromkeys(
    (".czi", ".lif", ".nd2", ".oib", ".oif", ".vsi", ".zvi", ".ims", ".lsm"), _MICROSCOPE
)
_OTHERS |= dict.fromkeys((".dcm", ".jxl", ".jxr", ".pdf", ".svg", ".psd", ".dng", ".cr2", ".nef"), _NOT_READ)
_HEIF = rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1|avif|avis)"


def refuse_foreign(head: bytes, name: str) -> None:
    """Say what to do with a file of a format known, but not read.

    A slide's file is refused by its name: what can be read of it is a label or a thumbnail.

    Args:
        head: the first bytes of the file.
        name: of the file.
    """
    if Path(name).suffix.lower() in _SLIDES:
        raise InputError(f"{name}: {_SLIDE}.")
    if re.match(_HEIF, head, re.DOTALL):
        raise InputError(f"{name}: {_PHONE}.")


def check_size(width: int, height: int, name: str) -> None:
    """Raise an `InputError` where a picture is too large to be decoded."""
    if width * height > MAX_PIXELS:
        raise InputError(_too_large(name, f"{width} × {height} pixels"))


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Turn whatever goes wrong while a picture is read into an `InputError` of one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{name}: there is no such file; check the path.") from None
    except UnidentifiedImageError:
        raise InputError(_unknown(name)) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(_too_large(name, f"over {2 * MAX_PIXELS // 10**6} megapixels")) from None
    except InputError:
        raise
    except Exception as error:  # a damaged header makes the decoders raise almost anything
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{name}: cannot be read ({error.strerror}); check the file's rights.") from None
        words = " ".join(str(error).split())[:200] or type(error).__name__
        reason = "its header makes no sense" if isinstance(error, _SENSELESS) else words
        raise InputError(
            f"{name}: the picture is damaged or cut short ({reason}); save or copy it again."
        ) from None


@contextmanager
def binary(source: str | Path | BinaryIO) -> Iterator[BinaryIO]:
    """Open a path; take an open file as it is, from its beginning, and leave it open."""
    if not isinstance(source, str | Path):
        source.seek(0)
        yield source
        return
    if stat.S_ISFIFO(os.stat(source).st_mode):  # which would be waited for
        raise OSError(errno.EINVAL, "no regular file", str(source))
    with open(source, "rb") as file:
        yield file


def orientation(picture: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8, of a picture that is not yet decoded; 1 where it tells none."""
    told = picture.getexif().get(ExifTags.Base.Orientation, 1)
    return told if told in range(1, 9) else 1


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn a picture as EXIF and TIFF say it lies."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def turned_back(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Undo what `upright` does."""
    return upright(pixels, {6: 8, 8: 6}.get(orientation, orientation))  # the others undo themselves


def known_ending(name: str) -> str:
    """Say what a file of that ending is and what to do with it; "" where it is none of a picture's."""
    ending = Path(name).suffix.lower()
    return _SLIDE if ending in _SLIDES else _OTHERS.get(ending, "")


def _unknown(name: str) -> str:
    if known := _OTHERS.get(Path(name).suffix.lower()):
        return f"{name}: {known}."
    return f"{name}: not a picture; expected {READABLE}."


def _too_large(name: str, found: str) -> str:
    return (
        f"{name}: {found}, more than the {MAX_PIXELS // 10**6} megapixels allowed; "
        "cut it into parts or reduce it."
    )
