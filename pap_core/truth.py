"""Reads the truth about one picture, in whichever of the usual forms a person has it."""

import io
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from pap_core.contours import parse_dat
from pap_core.data.cell import Cell
from pap_core.data.crop import draw, label_map
from pap_core.data.herlev import read_mask
from pap_core.errors import InputError
from pap_core.export import read_geojson
from pap_core.images import SUFFIXES, read_image
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS, decode

EXPECTED = (
    "expected a label map (0 background, 1 cytoplasm, 2 nucleus, 255 ignore), a colour map (white, red, "
    "blue), a mask in Herlev's colours (red, dark blue, blue) or one of the grey levels 0, 51 and 170"
)

_CONTOUR = re.compile(r"(?P<picture>.+)_(?P<part>cyt|nuc)(?P<cell>\d*)\.dat", re.IGNORECASE)
_LABELS = {BACKGROUND: BACKGROUND, CYTOPLASM: CYTOPLASM, NUCLEUS: NUCLEUS, IGNORE: IGNORE}
_GREYS = {0: BACKGROUND, 51: CYTOPLASM, 170: NUCLEUS}  # drawn so by others from SIPaKMeD's contours
_NEAR = 48  # levels a channel may be off the palette's
_MAX_FOREIGN = 0.01  # share of pixels that may be further off
_NAMED = 8  # files or values named in a message


def read_truth(files: Sequence[tuple[str, bytes]], shape: tuple[int, int], name: str) -> np.ndarray:
    """Read the truth about a picture: one mask, one GeoJSON file, or the `.dat` contours of its cells.

    What kind of mask it is, its values tell: a label map of 0, 1, 2 and 255; the colour map that this
    program writes; Herlev's colours; or the grey levels 0, 51 and 170. Contours are named as SIPaKMeD's,
    ``<picture>_cytNN.dat`` and ``<picture>_nucNN.dat``, or as those of its crops.

    Args:
        files: name and content of each.
        shape: ``(H, W)`` of the picture.
        name: of the picture, for messages.

    Returns:
        ``(H, W)`` uint8 label map.

    Raises:
        InputError: nothing of these, another size than the picture, or no cell in it.
    """
    if not files:
        raise InputError(f"{name}: no truth was given, expected a mask or .dat contours; choose the files.")
    endings = {Path(file).suffix.lower() for file, _ in files}
    if endings == {".dat"}:
        return _draw_contours(files, shape, name)
    if len(files) > 1:
        raise InputError(
            f"{name}: {len(files)} files found ({_listed(file for file, _ in files)}), expected one mask or "
            "nothing but .dat contours; choose those of this picture."
        )
    ((file, content),) = files
    if endings <= {".geojson", ".json"}:
        label = read_geojson(content, shape, file)
    elif endings <= set(SUFFIXES):
        label = _read_mask(file, content, shape, name)
    else:
        raise InputError(f"{file}: no mask and no contour, expected {', '.join(SUFFIXES)}, .geojson or .dat.")
    if not np.isin(label, (CYTOPLASM, NUCLEUS)).any():
        raise InputError(
            f"{file}: no pixel of a nucleus or of cytoplasm found; {EXPECTED}, with a cell in it and 8 bit a "
            "pixel, so check that this is the right file."
        )
    return label


def _read_mask(file: str, content: bytes, shape: tuple[int, int], name: str) -> np.ndarray:
    pixels = read_image(io.BytesIO(content), file)
    if pixels.shape[:2] != shape:
        found, expected = (f"{width} × {height}" for height, width in (pixels.shape[:2], shape))
        raise InputError(
            f"{file}: the mask is {found} pixels, {name} is {expected}; choose the mask of this picture."
        )
    red, green, blue = (pixels[..., channel] for channel in range(3))
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return _read_grey(file, red)
    if _is_colour_map(pixels):
        return _read_colour_map(file, pixels)
    try:
        return read_mask(io.BytesIO(content), shape)
    except InputError:
        raise InputError(
            f"{file}: a picture in other colours found; {EXPECTED}, saved as PNG or BMP."
        ) from None


def _read_grey(file: str, grey: np.ndarray) -> np.ndarray:
    found = np.flatnonzero(np.bincount(grey.ravel(), minlength=256)).tolist()
    if set(found) == {0, 255}:
        raise InputError(f"{file}: only the values 0 and 255 found, which do not tell its class; {EXPECTED}.")
    for kind in (_LABELS, _GREYS):
        if set(found) <= kind.keys():
            classes = np.zeros(256, dtype=np.uint8)
            classes[list(kind)] = list(kind.values())
            return classes[grey]
    raise InputError(f"{file}: the grey values {_listed(map(str, found))} found; {EXPECTED}.")


def _is_colour_map(pixels: np.ndarray) -> bool:
    """Tell whether nearly all pixels are near to white, red, blue, or the black of the borders."""
    high, low = pixels >= 255 - _NEAR, pixels <= _NEAR
    near = (high | low).all(axis=-1)
    near &= ~high[..., 1] | high.all(axis=-1)  # no green but in white
    near &= ~(high[..., 0] & high[..., 2]) | high[..., 1]  # no violet
    return float(near.mean()) >= 1 - _MAX_FOREIGN


def _read_colour_map(file: str, pixels: np.ndarray) -> np.ndarray:
    """Read a colour map; its borders, which are no class, become what lies nearest to each pixel."""
    if not (pixels >= 255 - _NEAR).all(axis=-1).any():
        raise InputError(
            f"{file}: only red and blue found, which are cytoplasm and nucleus in a colour map, background "
            "and nucleus in Herlev's masks; give it as a label map of 0, 1 and 2."
        )
    label = decode(pixels)
    border = (pixels < 128).all(axis=-1)
    if border.any():
        rows, columns = ndimage.distance_transform_edt(border, return_distances=False, return_indices=True)
        label = label[rows, columns]
    return label


def _draw_contours(files: Sequence[tuple[str, bytes]], shape: tuple[int, int], name: str) -> np.ndarray:
    drawn = []
    for number, parts in sorted(_contours_by_cell(files, name).items()):
        if len(parts) == 1:
            ((part, (file, _)),) = parts.items()
            has, lacks = ("cell", "nucleus") if part == "cyt" else ("nucleus", "cell")
            raise InputError(f"{file}: a {has} without its {lacks} found, expected both; add the other file.")
        outline, nucleus = (parse_dat(content, file) for file, content in (parts["cyt"], parts["nuc"]))
        identifier = f"cell {number}" if number else "the cell"
        cell = Cell(identifier, category="", group="", image=Path(name), outline=outline, nucleus=nucleus)
        drawn.append(draw(cell, shape)[0])
    return label_map(drawn, shape)


def _contours_by_cell(
    files: Sequence[tuple[str, bytes]], name: str
) -> dict[str, dict[str, tuple[str, bytes]]]:
    """Sort contour files by the cell's number, then by "cyt" and "nuc"."""
    pictures: set[str] = set()
    cells: dict[str, dict[str, tuple[str, bytes]]] = defaultdict(dict)
    for file, content in files:
        match = _CONTOUR.fullmatch(file)
        if not match:
            raise InputError(
                f"{file}: no contour's name; expected <picture>_cytNN.dat or <picture>_nucNN.dat, rename it."
            )
        pictures.add(match["picture"])
        if len(pictures) > 1:
            raise InputError(
                f"{name}: contours of several pictures found ({_listed(sorted(pictures))}), expected "
                "those of one; choose them again."
            )
        parts = cells[match["cell"]]
        if match["part"].lower() in parts:
            raise InputError(f"{file}: this contour was given twice; choose one of the two.")
        parts[match["part"].lower()] = file, content
    return cells


def _listed(names: Iterable[str]) -> str:
    """Name the first few."""
    names = list(names)
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
