"""Reads the truth about one picture, in whichever of the usual forms a person has it."""

import io
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath

import numpy as np

from pap_core.contours import check_within, parse_dat
from pap_core.data.crop import draw
from pap_core.data.readers.cell import Cell, Truth
from pap_core.data.truth import documents
from pap_core.data.truth.areas import CELL, CORE, drawn
from pap_core.data.truth.naming import listed
from pap_core.data.truth.partial import only_told
from pap_core.errors import InputError
from pap_core.export import read_geojson, read_objects
from pap_core.images import SUFFIXES
from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS, OF_CELL
from pap_core.mask_forms import CELLS, NUCLEI, read_form
from pap_core.masks import read_mask_file

_CONTOUR = re.compile(r"(?P<picture>.+)_(?P<part>cyt|nuc)(?P<cell>\d*)\.dat", re.IGNORECASE)
_LARGEST = 1_000_000  # bytes of a contour's file; the official ones have some 2,000
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height, so that the size tells
MASKS_OF = {CORE: NUCLEI, CELL: CELLS}  # the form of masks of one part alone
PART_OF = {form: part for part, form in MASKS_OF.items()}
VALUE_OF = {CORE: NUCLEUS, CELL: OF_CELL}  # what areas of a part alone are


def read_truth(
    files: Sequence[tuple[str, bytes]],
    shape: tuple[int, int],
    name: str,
    form: str | None = None,
    orientation: int = 1,
) -> np.ndarray:
    """Read the truth about a picture: one mask, one file of areas, or the `.dat` contours of its cells.

    What form a mask has, its values tell, or a person; see `pap_core.mask_forms`. Areas come as GeoJSON, COCO
    or labelme JSON, as CVAT XML, or as a table of points; see `pap_core.data.truth.documents`. Contours are
    named as SIPaKMeD's, ``<picture>_cytNN.dat`` and ``<picture>_nucNN.dat``, or as those of its crops.

    Args:
        files: name and content of each.
        shape: ``(H, W)`` of the picture, upright.
        name: of the picture, for messages.
        form: of a mask, one of `pap_core.mask_forms.FORMS`; None to recognise it. `NUCLEI` and `CELLS` say
            also what areas are whose class does not tell.
        orientation: as the picture's EXIF data have it, 1 to 8.

    Returns:
        ``(H, W)`` uint8 label map.

    Raises:
        InputError: nothing of these, another size than the picture or outlines beyond it, a mask that may be
            read in two ways, one that EXIF data turn otherwise than the picture, or no cell in it.
    """
    if not files:
        raise InputError(f"{name}: no truth was given, expected a mask or .dat contours; choose the files.")
    endings = {Path(file).suffix.lower() for file, _ in files}
    if not endings <= set(SUFFIXES):
        _check_upright(orientation, name)
    if endings == {".dat"}:
        return _draw_contours(files, shape, name)
    if len(files) > 1:
        raise InputError(
            f"{name}: {len(files)} files found ({listed(file for file, _ in files)}), expected one mask or "
            "nothing but .dat contours; choose those of this picture."
        )
    ((file, content),) = files
    if endings <= set(documents.SUFFIXES):
        return _read_areas(file, content, shape, name, form)
    if endings <= set(SUFFIXES):
        return _read_mask(file, content, shape, name, form, orientation)
    raise InputError(
        f"{file}: no mask and no contour, expected {', '.join((*SUFFIXES, *documents.SUFFIXES))} or .dat."
    )


def read_truth_file(
    truth: Truth, shape: tuple[int, int], name: str, orientation: int = 1, dots: bool = True
) -> np.ndarray:
    """As `read_truth`, of a file that may tell of many pictures: it is read once for all of them.

    A mask that is known to be of nuclei or of cells may hold none: it says that there is none.

    Args:
        truth: the file, and what it is.
        shape: ``(H, W)`` of the picture, upright.
        name: of the picture, for messages.
        orientation: as the picture's EXIF data have it, 1 to 8.
        dots: draw what stands for points, too; without them a truth of points alone tells nothing.
    """
    path, part = truth.path, PART_OF.get(truth.form or "")
    found = documents.parse_file(path, part) if documents.is_one(path) else None
    if found is None or found.kind == documents.GEOJSON:
        content = path.read_bytes()
        if part and path.suffix.lower() in SUFFIXES:
            return _read_mask(path.name, content, shape, name, truth.form, orientation, may_be_empty=True)
        return read_truth([(path.name, content)], shape, name, truth.form, orientation)
    _check_upright(orientation, name)
    areas = found.of(truth.paths, shape[::-1], path.name)
    label = drawn(areas, shape, path.name, name, dots)
    return _with_cell(label, path.name, name) if dots else label


def _check_upright(orientation: int, name: str) -> None:
    if orientation != 1:
        raise _turned(name, orientation, "outlines do not tell whether they were drawn before or after that")


def _read_areas(file: str, content: bytes, shape: tuple[int, int], name: str, form: str | None) -> np.ndarray:
    found = documents.parse(content, file, PART_OF.get(form or ""))
    if found is None and Path(file).suffix.lower() == ".csv":
        raise InputError(f"{file}: a table without x and y found, expected points with image, x and y.")
    if found is None or found.kind == documents.GEOJSON:
        return _with_cell(_geojson(content, shape, file, name, form), file, name)
    paths = found.called(name)
    if len({PureWindowsPath(path).parent for path in paths}) > 1:
        raise InputError(
            f"{file}: {len(paths)} pictures that may be {name} found ({listed(paths)}), expected one; export "
            "the areas of this picture alone."
        )
    return _with_cell(drawn(found.of(paths, shape[::-1], file), shape, file, name), file, name)


def _geojson(content: bytes, shape: tuple[int, int], file: str, name: str, form: str | None) -> np.ndarray:
    """Draw GeoJSON; where some cells have nuclei, those without one are of a cell."""
    default = VALUE_OF.get(PART_OF.get(form or "", ""))
    label = read_geojson(content, shape, file, name, default)
    if (label == NUCLEUS).any():
        cells = read_objects(content, shape, file, OF_CELL, default)
        bare = np.setdiff1d(cells[label == CYTOPLASM], cells[label == NUCLEUS])
        label[np.isin(cells, bare[bare > 0])] = OF_CELL
    return only_told(label)


def _with_cell(label: np.ndarray, file: str, name: str) -> np.ndarray:
    """Return a label map that was drawn by areas, which must hold a cell."""
    if not np.isin(label, (CYTOPLASM, NUCLEUS, OF_CELL)).any():
        raise InputError(
            f"{file}: no pixel of a nucleus or of cytoplasm of {name} found, expected outlines with a cell "
            "in them; check that this is the right file."
        )
    return label


def _read_mask(
    file: str,
    content: bytes,
    shape: tuple[int, int],
    name: str,
    form: str | None,
    orientation: int,
    may_be_empty: bool = False,
) -> np.ndarray:
    mask = read_mask_file(io.BytesIO(content), file)
    upright = orientation in _SIDEWAYS and shape[0] != shape[1] and mask.shape == shape and not mask.turned
    if mask.orientation != orientation and not upright:
        if mask.turned:
            raise _turned(file, mask.orientation, f"{name} has {orientation}")
        raise _turned(name, orientation, f"{file} does not tell whether it was drawn before or after that")
    if mask.shape != shape:
        found, expected = (f"{width} × {height}" for height, width in (mask.shape, shape))
        raise InputError(
            f"{file}: the mask is {found} pixels, {name} is {expected}; choose the mask of this picture."
        )
    return read_form(mask, file, form, may_be_empty=may_be_empty)


def _turned(name: str, orientation: int, because: str) -> InputError:
    return InputError(
        f"{name}: EXIF orientation {orientation} found, which turns the picture, and {because}; save both "
        "upright, without that tag."
    )


def _draw_contours(files: Sequence[tuple[str, bytes]], shape: tuple[int, int], name: str) -> np.ndarray:
    cells: list[Cell] = []
    for number, parts in sorted(_contours_by_cell(files, name).items()):
        if len(parts) == 1:
            ((part, (file, _)),) = parts.items()
            has, lacks = ("cell", "nucleus") if part == "cyt" else ("nucleus", "cell")
            raise InputError(f"{file}: a {has} without its {lacks} found, expected both; add the other file.")
        outline, nucleus = (_contour(*parts[part], shape, name) for part in ("cyt", "nuc"))
        identifier = f"cell {number}" if number else "the cell"
        cells.append(Cell(identifier, "", "", Path(name), outline=outline, nucleus=nucleus))
    label, nuclei = np.full(shape, BACKGROUND, dtype=np.uint8), np.zeros(shape, dtype=bool)
    for cell in cells:  # one by one: each is drawn as large as the picture
        drawn, _ = draw(cell, shape)
        label[drawn.whole] = CYTOPLASM
        nuclei |= drawn.nucleus
    label[nuclei] = NUCLEUS
    return label


def _contour(file: str, content: bytes, shape: tuple[int, int], name: str) -> np.ndarray:
    if len(content) > _LARGEST:
        raise InputError(
            f"{file}: {len(content) // 1000:,} kB found, expected a contour drawn by hand, at most "
            f"{_LARGEST // 1000:,} kB; export it again."
        )
    contour = parse_dat(content, file)
    check_within([contour], shape, file, name)
    return contour


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
                f"{name}: contours of several pictures found ({listed(sorted(pictures))}), expected "
                "those of one; choose them again."
            )
        parts = cells[match["cell"]]
        if match["part"].lower() in parts:
            raise InputError(f"{file}: this contour was given twice; choose one of the two.")
        parts[match["part"].lower()] = file, content
    return cells
