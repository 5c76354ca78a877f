"""Masks and label maps as their files store them: every pixel keeps its number or its colour.

Where `pap_core.images` reads a picture as it looks, a mask is data. Its alpha or tRNS is left aside, its
numbers are neither scaled (two bits to eight, sixteen bits to eight) nor inverted (MinIsWhite), and a palette
is given both ways: the numbers, and the colours they stand for.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageFile

from pap_core.errors import InputError
from pap_core.images import opened
from pap_core.labels import CODES
from pap_core.pictures.file import binary, orientation, reading, upright
from pap_core.pictures.tiff import alike, full_size, is_tiff, stored_page
from pap_core.pictures.tiff import opened as opened_tiff

_EXACT = ("PNG", "BMP", "GIF")  # formats that give back the numbers that were saved
_LOSSY = {6, 7, 33005, 34712, 34927, 50001}  # compressions of a TIFF that may not
_FEW_BITS = {"L;2": 85, "L;4": 17}  # what Pillow has multiplied the numbers of such a PNG by
_UPRIGHT = 1


@dataclass(frozen=True)
class Mask:
    """What a file stores, turned upright as pictures are."""

    numbers: np.ndarray | None  # (H, W) integers; None where each pixel is a colour
    colours: np.ndarray | None  # (H, W, 3) uint8; None where each pixel is a number without one
    hidden: np.ndarray | None = None  # (H, W) bool: wholly transparent; None where nothing is
    exact: bool = True  # False where the format may have changed what was saved, as JPEG does
    orientation: int = _UPRIGHT  # 1 to 8, as in EXIF
    black: int | None = None  # the number that viewers show as black, where the file says that 0 is white

    @property
    def turned(self) -> bool:
        """Whether the file says that it lies otherwise than it is stored."""
        return self.orientation != _UPRIGHT

    @property
    def shape(self) -> tuple[int, int]:
        """``(H, W)``."""
        stored = self.colours if self.numbers is None else self.numbers
        assert stored is not None  # one of them is always there
        height, width = stored.shape[:2]
        return height, width


def read_mask_file(source: Path | BinaryIO, name: str) -> Mask:
    """Read what a mask's file stores.

    Colours that are all grey are given as numbers, as they are in most masks saved as RGB.

    Raises:
        InputError: no picture, damaged or too large; several pictures in one file; numbers that are not
            whole; or colours that are not RGB.
    """
    with reading(name), binary(source) as file:
        head = file.read(4)
        file.seek(0)
        mask = _tiff(file, name) if is_tiff(head) else _other(file, name)
    numbers, colours, hidden = (
        None if part is None else upright(part, mask.orientation)
        for part in (mask.numbers, mask.colours, mask.hidden)
    )
    return _grey_as_numbers(replace(mask, numbers=numbers, colours=colours, hidden=hidden))


def read_label(path: Path, name: str | None = None) -> np.ndarray:
    """Read a label map that this program wrote, ``(H, W)`` uint8, as it is stored.

    Raises:
        InputError: missing or damaged, not 8 bit and one channel, or holding other codes than those of
            `pap_core.labels`.
    """
    name = name or str(path)
    with opened(path, name) as picture:
        if picture.mode != "L" or _raw_mode(picture) in _FEW_BITS or orientation(picture) != _UPRIGHT:
            raise InputError(f"{name}: not the label map of its crop (expected grey of 8 bit); {_AGAIN}.")
        label = np.array(picture)
    strange = set(values_of(label)) - set(CODES)
    if strange:
        raise InputError(f"{name}: not the label map of its crop ({min(strange)} found in it); {_AGAIN}.")
    return label


_AGAIN = f"expected {', '.join(map(str, CODES[:-1]))} and {CODES[-1]} alone, build or export it again"


def orientation_of(source: Path | BinaryIO, name: str) -> int:
    """Return how a picture's file says that it lies, 1 to 8 as in EXIF; 1 where it does not say.

    Raises:
        InputError: no picture.
    """
    with opened(source, name) as picture:
        return orientation(picture)


def values_of(numbers: np.ndarray) -> list[int]:
    """List the numbers that a mask holds, in order."""
    if numbers.dtype == np.uint8:
        return np.flatnonzero(np.bincount(numbers.ravel(), minlength=256)).tolist()
    return np.unique(numbers).tolist()


def _tiff(file: BinaryIO, name: str) -> Mask:
    with opened_tiff(file, name) as pages:
        page = full_size(pages)
        if (found := len(alike(pages))) > 1:
            raise _several(name, found)
        exact = page.compression not in _LOSSY
        stored = stored_page(page, len(pages), name)
    values = stored.values
    if stored.photometric in ("rgb", "ycbcr"):
        if stored.photometric == "ycbcr" or values.dtype.kind not in "u":
            raise _unusual(name, stored.photometric)
        hidden = None if stored.alpha is None else values[..., 3] == 0
        return Mask(None, _eight_bit(values[..., :3], name), _any(hidden), exact, stored.orientation)
    if stored.photometric == "cmyk" or values.dtype.kind not in "bui":
        raise _unusual(name, f"{stored.photometric} of type {values.dtype}")
    if values.ndim == 3 and values.shape[2] - (stored.alpha is not None) > 1:
        raise _unusual(name, f"{values.shape[2]} numbers a pixel")
    numbers = values if values.ndim == 2 else values[..., 0]
    if numbers.dtype.kind == "b":
        numbers = numbers.astype(np.uint8)
    colours = None if stored.colours is None else _looked_up(numbers, stored.colours)
    black = 2**stored.bits - 1 if stored.photometric == "miniswhite" else None
    return Mask(numbers, colours, None, exact, stored.orientation, black)


def _other(file: BinaryIO, name: str) -> Mask:
    with opened(file, name) as picture:
        if (found := getattr(picture, "n_frames", 1)) > 1:
            raise _several(name, found)
        exact, bits = picture.format in _EXACT, _raw_mode(picture)
        turned = orientation(picture)
        picture.load()
        values = np.array(picture)
        mode, transparent = picture.mode, picture.info.get("transparency")
        palette = picture.getpalette("RGB") if mode in ("P", "PA") else None
    if mode in ("1", "L", "LA", "La") or mode.startswith("I"):
        numbers = values if values.ndim == 2 else values[..., 0]
        if mode == "1":
            numbers = numbers.astype(np.uint8)
        return Mask(numbers // _FEW_BITS.get(bits or "", 1), None, None, exact, turned)
    if mode in ("P", "PA"):
        numbers = values if values.ndim == 2 else values[..., 0]
        entries = np.array(palette, dtype=np.uint8).reshape(-1, 3)
        return Mask(numbers, _looked_up(numbers, entries), _hidden(numbers, transparent), exact, turned)
    if mode not in ("RGB", "RGBA", "RGBX"):
        raise _unusual(name, mode)
    colours = values[..., :3]
    if bits is not None and bits.endswith(";16B"):
        _refuse_grey_of_16_bit(colours, name)
    if mode == "RGBA":
        return Mask(None, colours, _any(values[..., 3] == 0), exact, turned)
    hidden = _any((colours == transparent).all(axis=-1)) if isinstance(transparent, tuple) else None
    return Mask(None, colours, hidden, exact, turned)


def _raw_mode(picture: Image.Image) -> str | None:
    """Return how a PNG that is not yet decoded stores its pixels, in Pillow's words."""
    if not isinstance(picture, ImageFile.ImageFile) or picture.format != "PNG" or not picture.tile:
        return None
    told = picture.tile[0].args
    return told if isinstance(told, str) else None


def _looked_up(numbers: np.ndarray, palette: np.ndarray) -> np.ndarray | None:
    """Return the colours of a palette's numbers, or None where a number has no colour."""
    return palette[numbers] if int(numbers.max()) < len(palette) else None


def _hidden(numbers: np.ndarray, transparent: bytes | int | None) -> np.ndarray | None:
    if isinstance(transparent, int):
        return _any(numbers == transparent)
    if isinstance(transparent, bytes):
        opacity = np.full(256, 255, dtype=np.uint8)
        opacity[: len(transparent)] = list(transparent[:256])
        return _any(opacity[numbers] == 0)
    return None


def _any(hidden: np.ndarray | None) -> np.ndarray | None:
    return hidden if hidden is not None and hidden.any() else None


def _eight_bit(colours: np.ndarray, name: str) -> np.ndarray:
    if colours.dtype == np.uint8:
        return colours
    if colours.dtype != np.uint16:
        raise _unusual(name, f"rgb of type {colours.dtype}")
    eight_bit = (colours >> 8).astype(np.uint8)
    _refuse_grey_of_16_bit(eight_bit, name)
    return eight_bit


def _refuse_grey_of_16_bit(colours: np.ndarray, name: str) -> None:
    if _is_grey(colours):
        raise InputError(
            f"{name}: grey stored as colours of 16 bit a channel found, expected one channel of numbers; "
            "save the mask as 8-bit grey."
        )


def _grey_as_numbers(mask: Mask) -> Mask:
    if mask.numbers is None and mask.colours is not None and _is_grey(mask.colours):
        return Mask(mask.colours[..., 0], None, mask.hidden, mask.exact, mask.orientation)
    return mask


def _is_grey(colours: np.ndarray) -> bool:
    red = colours[..., 0]
    return np.array_equal(red, colours[..., 1]) and np.array_equal(red, colours[..., 2])


def _several(name: str, found: int) -> InputError:
    return InputError(f"{name}: {found} pictures in one file found, expected one mask; save it on its own.")


def _unusual(name: str, found: str) -> InputError:
    return InputError(
        f"{name}: pixels of the kind {found} found, expected whole numbers, a palette or RGB; save the mask "
        "as 8-bit grey."
    )
