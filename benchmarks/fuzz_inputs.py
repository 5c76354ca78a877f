"""What `fuzz.py` damages: honest small files of every kind that is read, and the ways to damage them."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable

import numpy as np
import tifffile
from PIL import Image

from pap_core.contours import dat_text, trace
from pap_core.data.phantom.smear import smear
from pap_core.labels import NUCLEUS, colour_map
from pap_core.measurement import measure

Files = dict[str, bytes]  # path from the root of a source: content

SIDE = 96  # px
_EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_WORDS = (
    b"nan",
    b"inf",
    b"-1",
    b"1e999",
    b"1e5",
    b"",
    b",",
    b"0x10",
    b"9" * 400,
    b"\0",
    b"\xff\xfe",
    b"null",
)
_TEXT = (".dat", ".json", ".geojson", ".csv")


def pictures() -> Files:
    """Return a small picture in every form that is read."""
    rgb = _field()
    grey = rgb[..., 1]
    deep = grey.astype(np.uint16) * 257
    files = {f"rgb.{ending}": _saved(rgb, ending) for ending in ("png", "jpg", "bmp", "webp", "gif", "jp2")}
    files["palette.png"] = _encoded(Image.fromarray(rgb).quantize(16), "PNG")
    files["transparent.png"] = _encoded(Image.fromarray(np.dstack([rgb, grey])), "PNG")
    files["grey16.png"] = _encoded(Image.fromarray(deep), "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    files["turned.jpg"] = _encoded(Image.fromarray(rgb), "JPEG", exif=exif)
    plain = {"photometric": "minisblack"}
    planes = np.moveaxis(rgb, -1, 0)
    told = {"axes": "CYX", "Channel": {"Name": ["Red", "Green", "Blue"]}, "PhysicalSizeX": 0.25}
    for name, array, options in (
        ("rgb.tif", rgb, {"photometric": "rgb", "compression": "zlib", "predictor": True}),
        ("tiled.tif", rgb, {"photometric": "rgb", "tile": (32, 32), "compression": "lzw"}),
        ("jpeg.tif", rgb, {"photometric": "rgb", "compression": "jpeg"}),
        ("planar16.tif", planes.astype(np.uint16) * 257, {"photometric": "rgb", "planarconfig": "separate"}),
        ("white.tif", 65535 - deep, {"photometric": "miniswhite"}),
        ("stack.tif", np.stack([deep // 4, deep, deep // 2]), {**plain, "metadata": {"axes": "ZYX"}}),
        ("channels.ome.tif", planes, {**plain, "ome": True, "metadata": told}),
        (
            "composite.tif",
            planes,
            {**plain, "imagej": True, "metadata": {"axes": "CYX", "mode": "composite"}},
        ),
        ("large.tif", rgb, {"photometric": "rgb", "bigtiff": True, "compression": "zstd"}),
    ):
        files[name] = _tiff(array, **options)
    return files


def truths() -> Files:
    """Return what a person may give as the truth of a picture of `SIDE` squared."""
    _, label, cells = _drawn()
    outline, nucleus = cells[0]
    ring = lambda polygon: [[*polygon.round(1).tolist(), polygon[0].round(1).tolist()]]  # noqa: E731
    cell = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": ring(outline)},
        "nucleusGeometry": {"type": "MultiPolygon", "coordinates": [ring(nucleus)]},
        "properties": {
            "objectType": "cell",
            "classification": {"name": "Cell"},
            "measurements": {"area": 3.5},
        },
    }
    palette = Image.fromarray(label)
    palette.putpalette([255, 255, 255, 255, 0, 0, 0, 0, 255])
    herlev = np.array([[255, 0, 0], [0, 0, 128], [0, 0, 255]], dtype=np.uint8)[label]
    return {
        "label.png": _saved(label, "png"),
        "colours.png": _saved(colour_map(label), "png"),
        "herlev.bmp": _saved(herlev, "bmp"),
        "palette.png": _encoded(palette, "PNG"),
        "transparent.png": _encoded(Image.fromarray(label), "PNG", transparency=0),
        "label.tif": _tiff(label, photometric="minisblack"),
        "cells.geojson": json.dumps({"type": "FeatureCollection", "features": [cell]}).encode(),
        "a_cyt01.dat": dat_text(outline).encode(),
        "a_nuc01.dat": dat_text(nucleus).encode(),
    }


def sources() -> list[Files]:
    """Return the files of a small folder of every kind that is built from."""
    image, label, cells = _drawn()
    herlev = np.array([[255, 0, 0], [0, 0, 128], [0, 0, 255]], dtype=np.uint8)[label]
    contours = {
        f"001_{part}{number:02d}.dat": dat_text(polygon).encode()
        for number, pair in enumerate(cells, start=1)
        for part, polygon in zip(("cyt", "nuc"), pair, strict=True)
    }
    cropped = {"001_01_cyt.dat": contours["001_cyt01.dat"], "001_01_nuc.dat": contours["001_nuc01.dat"]}
    picture = _saved(image, "bmp")
    return [
        {f"im_Parabasal/{name}": content for name, content in ({"001.bmp": picture} | contours).items()},
        {
            f"im_Parabasal/CROPPED/{name}": content
            for name, content in ({"001_01.bmp": picture} | cropped).items()
        },
        {"carcinoma_in_situ/1-2-003.BMP": picture, "carcinoma_in_situ/1-2-003-d.bmp": _saved(herlev, "bmp")},
        {"normal/5-1.tif": _tiff(image, photometric="rgb"), "normal/5-1-d.png": _saved(herlev, "png")},
    ]


def archives() -> Files:
    """Return ZIP archives of those folders, stored and deflated."""
    packed = {}
    for number, files in enumerate(sources()):
        buffer = io.BytesIO()
        how = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)[number % 2]
        with zipfile.ZipFile(buffer, "w", how) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        packed[f"source{number}.zip"] = buffer.getvalue()
    return packed


def damaged(content: bytes, name: str, chance: np.random.Generator) -> bytes:
    """Damage a file in one to four ways; its kind, told by its name, decides in which."""
    text = name.lower().endswith(_TEXT)
    ways = [_flip, _cut, _repeat, _blank, *([_word, _word, _nest] if text else [_number, _number, _number])]
    data = bytearray(content)
    for _ in range(int(chance.integers(1, 5))):
        if data:
            data = ways[int(chance.integers(len(ways)))](data, chance)
    if name.lower().endswith(".png") and chance.random() < 0.7:
        return _with_right_sums(bytes(data))
    return bytes(data)


def _field() -> np.ndarray:
    return smear("Parabasal", 3, (320, 240)).image[60 : 60 + SIDE, 80 : 80 + SIDE].copy()


def _drawn() -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return picture, label map and outlines of two round cells."""
    y, x = np.mgrid[:SIDE, :SIDE]
    label = np.zeros((SIDE, SIDE), dtype=np.uint8)
    for middle in (30, 66):
        away = np.hypot(x - middle, y - middle)
        label[away < 22] = np.maximum(label[away < 22], 1)
        label[away < 8] = NUCLEUS
    image = np.array([[230, 225, 220], [120, 160, 200], [60, 40, 90]], dtype=np.uint8)[label]
    _, numbers = measure(image, label)
    cells = [(numbers == number) for number in (1, 2)]
    return image, label, [(trace(cell)[0], trace(cell & (label == NUCLEUS))[0]) for cell in cells]


def _saved(pixels: np.ndarray, ending: str) -> bytes:
    return _encoded(Image.fromarray(pixels), {"jpg": "JPEG", "jp2": "JPEG2000"}.get(ending, ending.upper()))


def _encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _tiff(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


# Ways to damage


def _at(data: bytearray, chance: np.random.Generator) -> int:
    """Return a place: half of the time near the beginning, where headers are."""
    reach = len(data) if chance.random() < 0.5 else min(len(data), 512)
    return int(chance.integers(reach))


def _flip(data: bytearray, chance: np.random.Generator) -> bytearray:
    for _ in range(int(chance.integers(1, 9))):
        data[_at(data, chance)] ^= 1 << int(chance.integers(8))
    return data


def _cut(data: bytearray, chance: np.random.Generator) -> bytearray:
    return data[: int(chance.integers(len(data) + 1))]


def _repeat(data: bytearray, chance: np.random.Generator) -> bytearray:
    start, length, place = _at(data, chance), int(chance.integers(1, 200)), _at(data, chance)
    return data[:place] + data[start : start + length] * int(chance.integers(1, 4)) + data[place:]


def _blank(data: bytearray, chance: np.random.Generator) -> bytearray:
    start, length = _at(data, chance), int(chance.integers(1, 64))
    data[start : start + length] = bytes([int(chance.choice((0, 255)))]) * len(data[start : start + length])
    return data


def _number(data: bytearray, chance: np.random.Generator) -> bytearray:
    """Write a number over two or four bytes, as sizes, counts and offsets are kept in."""
    form = ("<H", ">H", "<I", ">I")[int(chance.integers(4))]
    value = int(chance.choice(_EXTREMES)) if chance.random() < 0.7 else int(chance.integers(2**32))
    place, size = _at(data, chance), struct.calcsize(form)
    data[place : place + size] = struct.pack(form, value % 256**size)
    return data


def _word(data: bytearray, chance: np.random.Generator) -> bytearray:
    start = _at(data, chance)
    word = _WORDS[int(chance.integers(len(_WORDS)))]
    return data[:start] + word + data[start + int(chance.integers(0, 12)) :]


def _nest(data: bytearray, chance: np.random.Generator) -> bytearray:
    place, depth = _at(data, chance), int(chance.choice((3, 50, 5000, 200_000)))
    return data[:place] + (b"[" if chance.random() < 0.5 else b'{"a":') * depth + data[place:]


def _with_right_sums(png: bytes) -> bytes:
    """Give every chunk of a PNG the sum that its damaged content has, so that decoders go on."""
    found, place = bytearray(png[:8]), 8
    while place + 12 <= len(png):
        length = min(int.from_bytes(png[place : place + 4]), len(png) - place - 12)
        body = png[place + 4 : place + 8 + length]
        found += png[place : place + 4] + body + zlib.crc32(body).to_bytes(4)
        place += 12 + length
    return bytes(found)


SEEDS: dict[str, Callable[[], Files]] = {"images": pictures, "truth": truths, "archive": archives}
