"""What the words in a TIFF say of its pages: channels, slices, times, as OME-XML, ImageJ and tifffile write.

Only the words are read here. That they fit the file is checked, since words outlive what they were said of.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import numpy as np

from pap_core.errors import InputError
from pap_core.pictures.pixel_size import from_density, from_sides

if TYPE_CHECKING:
    from tifffile import TiffPage

_LONGEST = 20_000_000  # characters of OME-XML


@dataclass(frozen=True)
class Words:
    """What is said of a file's pages."""

    # of each time, of each slice, of each channel: the page's number from 0; None where nothing is said
    planes: tuple[tuple[tuple[int, ...], ...], ...] | None = None
    names: tuple[str, ...] = ()  # of the channels, where all have one
    tables: tuple[np.ndarray, ...] = ()  # (256, 3) uint8 of each channel: the colours of its 8-bit values
    top: int | None = None  # the largest value possible
    display: tuple[float, float] | None = None  # the values that were shown black and white
    size: float | None = None  # µm per px
    remarks: tuple[str, ...] = ()


def words(pages: Sequence["TiffPage"], name: str) -> Words:
    """Read what is said of a file's pages; nothing, where the words are of a kind not known."""
    said = pages[0].description
    if not isinstance(said, str):
        return Words()
    if "<OME" in said[:5000] and len(said) <= _LONGEST:
        return _ome(said, pages, name)
    if said.startswith("ImageJ="):
        return _imagej(said, pages, name)
    if said.startswith('{"') and '"axes"' in said[:5000]:
        return Words(_shaped(said, pages, name))
    return Words()


def _ome(said: str, pages: Sequence["TiffPage"], name: str) -> Words:
    if "<!DOCTYPE" in said or "<!ENTITY" in said:  # which no OME-XML needs, and which can unfold without end
        raise ValueError("OME-XML with entities")
    root = ElementTree.fromstring(said.encode("utf-8"))
    pictures = [one for one in root.iter() if _tag(one) == "Pixels"]
    if not pictures:
        return Words()
    pixels = max(pictures, key=lambda one: _number(one, "SizeX") * _number(one, "SizeY"))
    order = [axis for axis in pixels.get("DimensionOrder", "XYCZT").upper() if axis in "CZT"]
    if sorted(order) != ["C", "T", "Z"]:
        raise ValueError("OME-XML without an order of dimensions")
    data = [one for one in pixels if _tag(one) == "TiffData"]
    if any(_tag(part) == "UUID" and part.get("FileName") for one in data for part in one) and _elsewhere(
        data, root
    ):
        raise InputError(f"{name}: parts of the picture lie in other files; save it as one file.")
    first = min((_number(one, "IFD", 0) for one in data), default=0)
    samples = pages[first].samplesperpixel if first < len(pages) else 1
    sizes = {axis: _number(pixels, f"Size{axis}") for axis in "CZT"}
    sizes["C"] = max(1, sizes["C"] // samples)
    _check_count(sizes, pages, name)
    channels = [one for one in pixels if _tag(one) == "Channel"]
    described = len(channels) == sizes["C"]
    names = tuple(one.get("Name", "") for one in channels) if described else ()
    colours = [one.get("Color", "") for one in channels] if described else []
    bits = _number(pixels, "SignificantBits", 0)
    size, remarks = from_sides(
        pixels.get("PhysicalSizeX"), pixels.get("PhysicalSizeY"), pixels.get("PhysicalSizeXUnit", "µm")
    )
    if pixels.get("PhysicalSizeYUnit", "µm") != pixels.get("PhysicalSizeXUnit", "µm"):
        size, remarks = None, ()
    if len(pictures) > 1:
        told = pictures.index(pixels) + 1
        remarks = (f"picture {told} of {len(pictures)} in the file was taken, the largest", *remarks)
    return Words(
        _planes(_ome_order(order, sizes, data), sizes, len(pages)),
        names if all(names) else (),
        tuple(_ramp(_rgb(int(one))) for one in colours) if all(colours) else (),
        2**bits - 1 if 0 < bits <= 32 else None,
        None,
        size,
        remarks,
    )


def _elsewhere(data: Iterable[ElementTree.Element], root: ElementTree.Element) -> bool:
    """Say whether a page lies in a file of another identity than this one's."""
    own = root.get("UUID")
    parts = [part for one in data for part in one if _tag(part) == "UUID"]
    return any((part.text or "").strip() != own for part in parts)


def _ome_order(
    order: Sequence[str], sizes: dict[str, int], data: Sequence[ElementTree.Element]
) -> dict[tuple[int, int, int], int]:
    """Return the page of each (channel, slice, time)."""
    total = prod(sizes.values())
    places = [dict(zip(order, at, strict=True)) for at in _counted([sizes[axis] for axis in order])]
    number = {(at["C"], at["Z"], at["T"]): n for n, at in enumerate(places)}
    pages: dict[tuple[int, int, int], int] = {}
    for one in data:
        c, z, t = (_number(one, f"First{axis}", 0) for axis in "CZT")
        start = number.get((c, z, t))
        if start is None:
            continue
        count = _number(one, "PlaneCount", 1 if one.get("IFD") is not None else total)
        page = _number(one, "IFD", 0)
        for at in range(start, min(start + count, total)):
            place = places[at]
            pages[place["C"], place["Z"], place["T"]] = page + at - start
    return pages if data else number


def _imagej(said: str, pages: Sequence["TiffPage"], name: str) -> Words:
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    sizes = {
        axis: max(1, int(told.get(key, 1)))
        for axis, key in (("C", "channels"), ("Z", "slices"), ("T", "frames"))
    }
    images = int(told.get("images", 1))
    if images > 1 and prod(sizes.values()) == 1:
        sizes["Z"] = images
    samples = pages[0].samplesperpixel
    if samples > 1 and prod(sizes.values()) > len(pages):  # the channels are samples of a page
        sizes["C"] = max(1, sizes["C"] // samples)
    _check_count(sizes, pages, name)
    number = {(c, z, t): n for n, (c, z, t) in enumerate(_counted([sizes["C"], sizes["Z"], sizes["T"]]))}
    extra = pages[0].tags.valueof(50839)
    tables = extra.get("LUTs", ()) if isinstance(extra, dict) else ()
    tables = [np.asarray(table).T for table in tables]
    fits = len(tables) == sizes["C"] and all(table.shape == (256, 3) for table in tables)
    display = None
    if "min" in told and "max" in told:
        display = float(told["min"]), float(told["max"])
    size: float | None = None
    remarks: tuple[str, ...] = ()
    if unit := told.get("unit"):
        size, remarks = from_density([_ratio(pages[0], code) for code in (282, 283)], unit)
    return Words(
        _planes(number, sizes, len(pages)),
        (),
        tuple(table.astype(np.uint8) for table in tables) if fits else (),
        None,
        display,
        size,
        remarks,
    )


def _shaped(said: str, pages: Sequence["TiffPage"], name: str) -> tuple | None:
    told = json.loads(said)
    axes, shape = told.get("axes"), told.get("shape")
    if not isinstance(axes, str) or not isinstance(shape, list) or len(axes) != len(shape):
        return None
    leading = {axis: size for axis, size in zip(axes, shape, strict=True) if axis not in "YXS"}
    sizes = {"C": 1, "Z": 1, "T": 1} | leading
    if set(sizes) != set("CZT") or not all(isinstance(size, int) and size > 0 for size in sizes.values()):
        return None
    _check_count(sizes, pages, name)
    if prod(sizes.values()) != len(pages):
        return None
    order = list(reversed(leading)) + [axis for axis in "CZT" if axis not in leading]
    places = [dict(zip(order, at, strict=True)) for at in _counted([sizes[axis] for axis in order])]
    return _planes({(at["C"], at["Z"], at["T"]): n for n, at in enumerate(places)}, sizes, len(pages))


def resolution(page: "TiffPage") -> tuple[float | None, tuple[str, ...]]:
    """Return the µm per px of a page's own resolution, and remarks."""
    unit = {2: "inch", 3: "cm"}.get(page.tags.valueof(296, 2))
    return from_density([_ratio(page, code) for code in (282, 283)], unit) if unit else (None, ())


def _planes(pages: dict[tuple[int, int, int], int], sizes: dict[str, int], number: int) -> tuple:
    """Order the pages by time, slice and channel."""
    if set(pages.values()) - set(range(number)) or len(pages) < prod(sizes.values()):
        raise ValueError("its words name pages that it has not")
    return tuple(
        tuple(tuple(pages[c, z, t] for c in range(sizes["C"])) for z in range(sizes["Z"]))
        for t in range(sizes["T"])
    )


def _check_count(sizes: dict[str, int], pages: Sequence["TiffPage"], name: str) -> None:
    if prod(sizes.values()) > len(pages):
        told = " × ".join(
            f"{size:,} {kind}"
            for kind, size in zip(("channels", "slices", "times"), sizes.values(), strict=True)
            if size > 1
        )
        raise InputError(
            f"{name}: {told} told, but {len(pages):,} pages found; save the picture again, as RGB."
        )


def _counted(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """List the indices of an array, the first running fastest."""
    return [tuple(reversed(at)) for at in np.ndindex(*reversed(sizes))]


def _rgb(colour: int) -> tuple[int, int, int]:
    return (colour >> 24) & 255, (colour >> 16) & 255, (colour >> 8) & 255


def _ramp(colour: tuple[int, int, int]) -> np.ndarray:
    """Return the table from black to a colour."""
    return ((np.arange(256)[:, None] * np.array(colour) + 127) // 255).astype(np.uint8)


def _ratio(page: "TiffPage", code: int) -> float:
    above, below = page.tags.valueof(code, (0, 1))
    return above / below


def _tag(element: ElementTree.Element) -> str:
    """Return an element's name without its namespace."""
    return re.sub(r"^\{.*\}", "", element.tag) if isinstance(element.tag, str) else ""


def _number(element: ElementTree.Element, attribute: str, default: int = 1) -> int:
    number = int(element.get(attribute, default))
    if number < 0:
        raise ValueError(f"{attribute} is {number}")
    return number
