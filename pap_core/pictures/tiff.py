"""TIFF files, page by page: what a page says of itself, and its values as they are stored.

Nothing is decoded before the page is known to be bearable and to be there as a whole; nothing is scaled,
inverted or laid over anything here.
"""

import io
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from PIL import Image

from pap_core.errors import InputError
from pap_core.pictures.file import MAX_PIXELS, binary, check_size, reading

if TYPE_CHECKING:  # imported where a TIFF is read: it takes its time
    from tifffile import TiffPage, TiffPages

MAX_PAGES = 2_000
_MAX_SAMPLES = 16  # a pixel
_MAX_BYTES = 12 * MAX_PIXELS  # of a page once it is decoded: RGB of 32 bit
_MAX_SEGMENTS = 250_000  # strips or tiles of a page
_REDUCED, _MASK = 1, 4  # of NewSubfileType

# compressions that are undone to no more than is asked for, ...
_BOUNDED = {1, 2, 3, 4, 5, 8, 32773, 32946, 34925, 34926, 50000}
# ... and those whose strips and tiles are pictures of a size of their own, which is looked at first
_EMBEDDED = {7: "JPEG", 33005: "JPEG2000", 34712: "JPEG2000", 34927: "WEBP", 50001: "WEBP", 34933: "PNG"}

_PHOTOMETRIC = {0: "miniswhite", 1: "minisblack", 2: "rgb", 3: "palette", 5: "cmyk", 6: "ycbcr"}
_COLOURS = {"miniswhite": 1, "minisblack": 1, "rgb": 3, "palette": 1, "cmyk": 4, "ycbcr": 3}
_ALPHA = {1: "associated", 2: "unassociated"}

_SIGNATURES = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

logging.getLogger("tifffile").setLevel(logging.CRITICAL + 1)  # what is wrong with a file, we say ourselves


@dataclass(frozen=True)
class Stored:
    """A page of a TIFF as it is stored."""

    values: np.ndarray  # (H, W) or (H, W, samples), of the type stored, neither scaled nor turned upright
    photometric: str  # "miniswhite", "minisblack", "rgb", "palette", "cmyk" or "ycbcr"
    bits: int  # a sample
    colour_samples: int  # the first of the samples; what follows is alpha, or of unknown meaning
    alpha: str | None  # what the sample after the colours is: "associated", "unassociated", or no alpha
    colours: np.ndarray | None  # (entries, 3) uint8 of a palette
    limits: tuple[float, float] | None  # the smallest and the largest value, where the page tells them
    orientation: int  # 1 to 8, as in EXIF
    page: int  # which one this is, from 1, ...
    pages: int  # ... of how many


def is_tiff(head: bytes) -> bool:
    """Say whether a file that begins so is a TIFF."""
    return head[:4] in _SIGNATURES


def stored(source: Path | BinaryIO, name: str) -> Stored:
    """Read the full-size page of a TIFF without changing any value: for masks, whose values mean something.

    Raises:
        InputError: missing, damaged, cut short, too large, or of a kind that cannot be read.
    """
    with opened(source, name) as pages:
        return stored_page(full_size(pages), len(pages), name)


@contextmanager
def opened(source: Path | BinaryIO, name: str) -> Iterator[list["TiffPage"]]:
    """Open a TIFF and list its pages, none of them decoded.

    Whatever goes wrong within the context is an `InputError` of one sentence.
    """
    import tifffile

    with (
        reading(name),
        binary(source) as file,
        tifffile.TiffFile(
            file,
            _multifile=False,  # no file that OME-XML names beside this one
            is_lsm=False,  # no makers' formats, for which tifffile would go through the file on its own
            is_scanimage=False,
            is_ndpi=False,
        ) as tiff,
    ):
        yield _pages(tiff.pages, name)


def full_size(pages: Sequence["TiffPage"]) -> "TiffPage":
    """Return the first of the largest pages, reductions and transparency masks left aside."""
    return max(_pictures(pages), key=lambda page: page.imagewidth * page.imagelength)


def alike(pages: Sequence["TiffPage"]) -> list["TiffPage"]:
    """List the pages of the kind and size of the full-size one, itself among them."""
    full = full_size(pages)
    return [page for page in _pictures(pages) if _kind(page) == _kind(full)]


def stored_page(page: "TiffPage", pages: int, name: str) -> Stored:
    """Decode a page; see `stored`.

    Args:
        page: of a file that is still open.
        pages: how many the file has.
        name: what to call the file in a message.
    """
    photometric = _photometric(page, name)
    values = _values(page, name)
    if page.compression == 7 and photometric == "ycbcr" and values.shape[-1] == 3:
        photometric = "rgb"  # the decoder has converted it
    colours = _COLOURS[photometric]
    if values.shape[-1] < colours:
        raise InputError(
            f"{name}: {values.shape[-1]} of {colours} colour channels found; save or copy the picture again."
        )
    extra = tuple(page.extrasamples)
    return Stored(
        values[..., 0] if values.shape[-1] == 1 else values,
        photometric,
        page.bitspersample,
        colours,
        _ALPHA.get(extra[0]) if extra and values.shape[-1] > colours else None,
        _palette(page, name) if photometric == "palette" else None,
        _limits(page),
        _orientation(page),
        page.index + 1,
        pages,
    )


def _orientation(page: "TiffPage") -> int:
    told = page.tags.valueof(274)
    return told if told in range(1, 9) else 1


def _limits(page: "TiffPage") -> tuple[float, float] | None:
    for low, high in ((340, 341), (280, 281)):  # of any type; of unsigned 16 bit
        told = [page.tags.valueof(code) for code in (low, high)]
        if None not in told:
            smallest, largest = (np.ravel(one).astype(np.float64) for one in told)
            return float(smallest.min()), float(largest.max())
    return None


def _pages(chain: "TiffPages", name: str) -> list["TiffPage"]:
    """List the pages of a file, with those that hang below the first, as some cameras hide the picture."""
    pages: list[TiffPage] = []
    seen: set[int] = set()
    while True:
        try:
            page = cast("TiffPage", chain[len(pages)])  # lighter frames come only to who asks for them
        except IndexError:
            break
        if page.offset in seen:
            raise ValueError("its pages go round in a circle")
        if len(pages) == MAX_PAGES:
            raise InputError(f"{name}: more than {MAX_PAGES:,} pages; save the ones you need on their own.")
        seen.add(page.offset)
        pages.append(page)
    if not pages:
        raise ValueError("it has no page")
    return pages


def _pictures(pages: Sequence["TiffPage"]) -> Sequence["TiffPage"]:
    below = pages[0].pages if pages[0].subifds else None
    candidates = [*pages, *(below[:16] if below else ())]
    full = [page for page in candidates if not page.subfiletype & (_REDUCED | _MASK)]
    return full or candidates


def _kind(page: "TiffPage") -> tuple:
    return page.shaped, page.dtype, page.bitspersample, page.photometric, page.extrasamples


def _photometric(page: "TiffPage", name: str) -> str:
    if page.tags.valueof(262) is None:  # required, but forgotten by some
        return "rgb" if page.samplesperpixel >= 3 else "minisblack"
    if page.photometric == 5 and page.tags.valueof(332, 1) != 1:
        raise InputError(f"{name}: printed in other inks than CMYK; expected RGB, convert the picture.")
    try:
        return _PHOTOMETRIC[page.photometric]
    except KeyError:
        told = getattr(page.photometric, "name", page.photometric)
        raise InputError(
            f"{name}: colours told as {told}; expected RGB, grey, a palette, CMYK or YCbCr, "
            "convert the picture."
        ) from None


def _values(page: "TiffPage", name: str) -> np.ndarray:
    """Decode a page as ``(H, W, samples)``, once it is known to be bearable and whole."""
    check_size(page.imagewidth, page.imagelength, name)
    _check_layout(page, name)
    _check_segments(page, name)
    values = page.asarray(squeeze=False, maxworkers=1)
    return np.moveaxis(values[:, 0, ..., 0], 0, -1) if page.planarconfig == 2 else values[0, 0]


def _check_layout(page: "TiffPage", name: str) -> None:
    _, depth, height, width, _ = page.shaped
    if depth != 1:
        raise InputError(f"{name}: a volume in one page; expected flat pages, save its slices as such.")
    if min(height, width, page.samplesperpixel) < 1:
        raise ValueError("it has no pixels")
    if page.samplesperpixel > _MAX_SAMPLES:
        raise InputError(
            f"{name}: {page.samplesperpixel} samples a pixel, at most {_MAX_SAMPLES} can be read; "
            "save the picture as RGB."
        )
    if page.dtype is None or not isinstance(page.bitspersample, int) or page.dtype.kind not in "buif":
        raise InputError(
            f"{name}: pixels of an unusual type ({page.bitspersample} bit, format {page.sampleformat}); "
            "expected 8 or 16 bit a channel, convert the picture."
        )
    if height * width * page.samplesperpixel * page.dtype.itemsize > _MAX_BYTES:
        raise InputError(
            f"{name}: over {_MAX_BYTES // 10**6} MB of pixels in one page; save it as 8-bit RGB."
        )
    if page.compression not in _BOUNDED and page.compression not in _EMBEDDED:
        told = getattr(page.compression, "name", page.compression)
        raise InputError(
            f"{name}: compressed as {told}, which is not read; save it uncompressed, "
            "or with LZW, Deflate or JPEG."
        )
    if page.is_subsampled and page.compression != 7:
        raise InputError(f"{name}: subsampled colours without JPEG; expected RGB, convert the picture.")


def _check_segments(page: "TiffPage", name: str) -> None:
    """Check that all strips or tiles lie in the file, and that none unfolds to more than its place."""
    file = page.parent.filehandle
    number = int(np.prod(page.chunked))
    if page.is_tiled:
        width, height = page.tilewidth, page.tilelength * page.tiledepth
    else:
        width, height = page.imagewidth, page.rowsperstrip
    if number > _MAX_SEGMENTS or not 0 < width * height <= MAX_PIXELS:
        raise InputError(f"{name}: {number:,} strips or tiles of {width} × {height} pixels; save it again.")
    offsets, counts = page.dataoffsets[:number], page.databytecounts[:number]
    if len(offsets) < number or len(counts) < number:
        raise ValueError(f"{min(len(offsets), len(counts))} of {number} strips or tiles found")
    for offset, count in zip(offsets, counts, strict=True):
        if offset < 8 or count < 1 or offset + count > file.size:
            raise ValueError("pixels beyond the end of the file")
        if kind := _EMBEDDED.get(page.compression):
            file.seek(offset)
            with Image.open(io.BytesIO(file.read(count)), formats=[kind]) as embedded:
                # the last strip may be told as high as the others
                if embedded.width > 2 * width or embedded.height > max(2 * height, 4096):
                    raise ValueError(f"a strip or tile of {embedded.width} × {embedded.height} pixels")


def _palette(page: "TiffPage", name: str) -> np.ndarray:
    colours = page.colormap
    if colours is None or colours.ndim != 2 or len(colours) != 3:
        raise ValueError("a palette is missing")
    if page.dtype is None or page.dtype.kind not in "ub":
        raise InputError(f"{name}: a palette with signed numbers; convert the picture to RGB.")
    deep = colours.max() > 255  # 16 bit, as the format wants it; some write 8
    return np.ascontiguousarray((colours >> 8 if deep else colours).T.astype(np.uint8))
