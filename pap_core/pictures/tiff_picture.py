"""A TIFF as the picture that its author meant: of its pages the right one, of its channels the colours."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from pap_core.errors import InputError
from pap_core.pictures import tiff
from pap_core.pictures.alpha import alpha_of, on_white
from pap_core.pictures.brightness import eight_bit, from_range
from pap_core.pictures.file import upright
from pap_core.pictures.tiff import Stored
from pap_core.pictures.tiff_words import Words, resolution, words

if TYPE_CHECKING:
    from tifffile import TiffPage

_LARGEST_STACK = 1_000_000_000  # pixels of all slices together
_PRIMARIES = {"r": 0, "red": 0, "g": 1, "green": 1, "b": 2, "blue": 2}
_NO_NAME = r"(channel|chan|ch|c)?[\s_:#-]*\d*"  # "Channel 1", "C:0"
_SAVE_AS_RGB = "save the picture as RGB"

Pixels = tuple[np.ndarray, tuple[str, ...]]  # (H, W, 3) uint8, and remarks


def read(source: Path | BinaryIO, name: str) -> tuple[np.ndarray, tuple[str, ...], float | None, int]:
    """Read a TIFF as upright ``(H, W, 3)`` uint8, with remarks, its pixels' size in µm, and its orientation.

    Raises:
        InputError: whatever cannot be read, or cannot be read without a guess.
    """
    with tiff.opened(source, name) as pages:
        said = words(pages, name)
        page, channels, chosen = _choose(pages, said, name)
        if len(channels) == 1:
            pixels, remarks = _page(channels[0], said, name)
        else:
            pixels, remarks = _composite([_sample(one, name) for one in channels], channels[0], said, name)
        size, about_size = (said.size, ()) if said.size else resolution(page)
        return (
            upright(pixels, channels[0].orientation),
            (*chosen, *said.remarks, *remarks, *about_size),
            size,
            channels[0].orientation,
        )


# Which pages


def _choose(
    pages: Sequence["TiffPage"], said: Words, name: str
) -> tuple["TiffPage", list[Stored], tuple[str, ...]]:
    """Return the page taken, or the first of several channels, their values, and what is to be said of it."""
    if said.planes is None:
        alike = tiff.alike(pages)
        best, stored = _sharpest([[page] for page in alike], len(pages), name)
        page = alike[best]
        if len(pages) == 1 and page is pages[0]:
            return page, stored, ()
        told = f"page {page.index + 1} of {len(pages)}" if page in pages else "the picture below page 1"
        if len(alike) == 1:
            return page, stored, (f"{told} was taken, the largest",)
        return (
            page,
            stored,
            (
                f"{told} was taken, the sharpest of {len(alike)} of the same size; "
                "the file does not say what they are",
            ),
        )
    named = [pages[number] for time in said.planes for plane in time for number in plane]
    alike = tiff.alike(pages)
    if not any(page in alike for page in named):  # the words are of a thumbnail
        return _choose(pages, Words(), name)
    slices = [[pages[number] for number in plane] for plane in said.planes[0]]
    best, stored = _sharpest(slices, len(pages), name)
    remarks = []
    if len(said.planes) > 1:
        remarks.append(f"the first of {len(said.planes)} times was taken")
    if len(slices) > 1:
        remarks.append(f"slice {best + 1} of {len(slices)} was taken, the sharpest")
    if aside := sum(page not in named for page in alike):
        remarks.append(f"{aside} more pages of this size were left aside, which its words do not tell of")
    return slices[best][0], stored, tuple(remarks)


def _sharpest(planes: Sequence[Sequence["TiffPage"]], pages: int, name: str) -> tuple[int, list[Stored]]:
    """Return which of several planes is the sharpest, and its channels."""
    if len(planes) == 1:
        return 0, [tiff.stored_page(page, pages, name) for page in planes[0]]
    total = sum(page.imagewidth * page.imagelength for plane in planes for page in plane)
    if total > _LARGEST_STACK:
        raise InputError(
            f"{name}: {len(planes)} slices of together {total // 10**6:,} megapixels, more than the "
            f"{_LARGEST_STACK // 10**6:,} allowed; save the sharpest one on its own."
        )
    best: tuple[int, list[Stored]] = (0, [])
    highest = 0.0
    for number, plane in enumerate(planes):
        stored = [tiff.stored_page(page, pages, name) for page in plane]
        sharp = sum(_sharpness(one.values) for one in stored)
        if number == 0 or sharp > highest:
            best, highest = (number, stored), sharp
    return best


def _sharpness(values: np.ndarray) -> float:
    """Return the mean square of the steps between neighbours, noise of single pixels averaged out."""
    grey = values if values.ndim == 2 else values[..., min(1, values.shape[2] - 1)]  # green, the sharpest
    height, width = (side // 2 * 2 for side in grey.shape)
    pairs = grey[0:height:2, :width].astype(np.float32) + grey[1:height:2, :width]
    blocks = pairs[:, 0::2] + pairs[:, 1::2]
    steps = [np.diff(blocks, axis=axis) for axis in (0, 1)]
    return float(sum(np.mean(step * step) for step in steps if step.size))


# Which colours


def _page(stored: Stored, said: Words, name: str) -> Pixels:
    """Bring one page to RGB."""
    samples = stored.values if stored.values.ndim == 3 else stored.values[..., None]
    extra = samples.shape[2] - stored.colour_samples
    if stored.photometric in ("minisblack", "miniswhite") and extra and not stored.alpha:
        return _composite([samples[..., one] for one in range(samples.shape[2])], stored, said, name)
    colours, remarks = _colours(stored, samples[..., : stored.colour_samples], said, name)
    if stored.alpha:
        _check_depth(stored, name)
        alpha = samples[..., stored.colour_samples]
        alpha = alpha_of(alpha, samples[..., : stored.colour_samples], stored.bits)
        colours, about_alpha = on_white(colours, alpha, stored.alpha == "associated")
        remarks += about_alpha
    elif extra:
        remarks += (f"{extra} more samples a pixel, of a meaning not told, were left aside",)
    return colours, remarks


def _colours(stored: Stored, values: np.ndarray, said: Words, name: str) -> Pixels:
    kind = stored.photometric
    if stored.colours is not None:  # a palette
        index = values[..., 0].astype(np.uint8 if stored.bits <= 8 else np.uint16)
        if index.max() >= len(stored.colours):
            raise ValueError("a colour beyond the end of the palette")
        return stored.colours[index], ()
    if kind in ("cmyk", "ycbcr"):
        _check_depth(stored, name)
        eight, _ = eight_bit(values, stored.bits, 2**stored.bits - 1)
        mode = "CMYK" if kind == "cmyk" else "YCbCr"
        picture = Image.frombytes(mode, eight.shape[1::-1], np.ascontiguousarray(eight).tobytes())
        return np.array(picture.convert("RGB")), ()
    eight, remarks = _eight_bit(stored, values, said, name)
    return (np.repeat(eight, 3, axis=2) if kind != "rgb" else eight), remarks


def _eight_bit(stored: Stored, values: np.ndarray, said: Words, name: str) -> Pixels:
    """Scale grey or RGB values of any type to 8 bit, where it is known what white is."""
    inverted = stored.photometric == "miniswhite"
    if values.dtype.kind in "ub" and stored.bits <= 16:
        if values.dtype.kind == "b":
            values = values.astype(np.uint8)
        return eight_bit(values, stored.bits, said.top or _depth_told(stored), inverted)
    low, high = stored.limits or said.display or (0, said.top or 0)
    if not (np.isfinite([low, high]).all() and low < high):
        _check_depth(stored, name)
    if not np.isfinite(values).all():
        raise InputError(
            f"{name}: pixels that are no number; expected 8 or 16 bit a channel, convert the picture."
        )
    if stored.limits and (values.min() < low or values.max() > high):
        raise InputError(
            f"{name}: values from {values.min():g} to {values.max():g}, but {low:g} to {high:g} told; "
            "expected 8 or 16 bit a channel, convert the picture."
        )
    eight, remarks = from_range(values, low, high)
    return (255 - eight if inverted else eight), remarks


def _depth_told(stored: Stored) -> int | None:
    """Return the largest value that the tags tell, where it is one of a whole number of bits.

    Any other was counted in this picture, and says nothing of white.
    """
    low, high = stored.limits or (0, 0)
    whole = low == 0 and high > 0 and float(high + 1).hex().startswith("0x1.0000000000000p")
    return int(high) if whole else None


def _check_depth(stored: Stored, name: str) -> None:
    kinds = {"f": "floating-point", "i": "signed", "u": "unsigned", "b": "unsigned"}
    kind = stored.values.dtype.kind
    if stored.bits > 16 or kind not in "ub":
        raise InputError(
            f"{name}: {stored.bits}-bit {kinds[kind]} pixels without a word of what is black and white; "
            "expected 8 or 16 bit a channel, convert the picture."
        )


def _composite(channels: Sequence[np.ndarray], stored: Stored, said: Words, name: str) -> Pixels:
    """Put channels together in the colours that are told; three without a word are red, green and blue."""
    number = len(channels)
    order, how = list(range(number)), "as red, green and blue, which the file does not say"
    names = said.names if len(said.names) == number else ()
    named = [_PRIMARIES.get(one.strip().casefold()) for one in names]
    tables = said.tables if len(said.tables) == number and any(map(_coloured, said.tables)) else ()
    if not tables and sorted(one for one in named if one is not None) == [0, 1, 2] and number == 3:
        order, how = [named.index(one) for one in range(3)], "as the red, green and blue that they are named"
    elif not tables and (number != 3 or not all(re.fullmatch(_NO_NAME, one.strip(), re.I) for one in names)):
        told = f" ({', '.join(names)})" if names else ""
        raise InputError(
            f"{name}: {number} channels{told} whose colours the file does not tell; "
            f"expected red, green and blue, {_SAVE_AS_RGB}."
        )
    eight, remarks = _eight_bit(stored, np.stack([channels[one] for one in order], axis=-1), said, name)
    if tables:
        how = "in the colours that the file tells"
        mixed = np.zeros((*eight.shape[:2], 3), dtype=np.uint16)
        for channel, table in enumerate(tables):
            mixed += table[eight[..., channel]]
        eight = np.minimum(mixed, 255).astype(np.uint8)
    return eight, (f"its {number} channels were put together {how}", *remarks)


def _coloured(table: np.ndarray) -> bool:
    return bool((table != table[:, :1]).any())


def _sample(stored: Stored, name: str) -> np.ndarray:
    if stored.values.ndim != 2 or stored.photometric not in ("minisblack", "miniswhite"):
        raise InputError(f"{name}: several channels that are coloured themselves; {_SAVE_AS_RGB}.")
    return stored.values
