"""What holds for picture files of every format: a bearable size, and one sentence for whatever goes wrong."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from pap_core.errors import InputError

MAX_PIXELS = 50_000_000
EXPECTED = "PNG, JPEG, BMP, TIFF, WebP, GIF or JPEG 2000"

Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)  # we refuse, in our own words


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
        raise InputError(f"{name}: not a picture; expected {EXPECTED}.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InputError(_too_large(name, f"over {2 * MAX_PIXELS // 10**6} megapixels")) from None
    except InputError:
        raise
    except Exception as error:  # a damaged header makes the decoders raise almost anything
        if isinstance(error, OSError) and error.errno is not None:
            raise InputError(f"{name}: cannot be read ({error.strerror}); check the file's rights.") from None
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(
            f"{name}: the picture is damaged or cut short ({reason[:200]}); save or copy it again."
        ) from None


@contextmanager
def binary(source: Path | BinaryIO) -> Iterator[BinaryIO]:
    """Open a path; take an open file as it is, from its beginning, and leave it open."""
    with open(source, "rb") if isinstance(source, Path) else nullcontext(source) as file:
        file.seek(0)
        yield file


def _too_large(name: str, found: str) -> str:
    return (
        f"{name}: {found}, more than the {MAX_PIXELS // 10**6} megapixels allowed; "
        "cut it into parts or reduce it."
    )
