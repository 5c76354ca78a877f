"""Everything about one picture as one ZIP file, and the contours in SIPaKMeD's form."""

import io
import re
import zipfile
from collections.abc import Iterable

import numpy as np
import pandas as pd

from pap_core.contours import dat_text
from pap_core.export.cells import outlines
from pap_core.export.coco_json import coco
from pap_core.export.origin import NOTICE, Origin
from pap_core.export.pictures import cells_png, label_png, map_png, nuclei_png, overlay_png
from pap_core.export.qupath import geojson
from pap_core.export.tables import cells_csv

ABOUT = "about.txt"

_LEGEND = {
    "_label.png": "0 background, 1 cytoplasm, 2 nucleus",
    "_map.png": "nucleus blue, cytoplasm red, background white, borders black",
    "_overlay.png": "the picture with the edges of its cells and nuclei",
    "_nuclei.png": "the number of each pixel's nucleus, that of its cell, 0 for none, in 16 bits",
    "_cells.png": "the number of each pixel's cell, 0 for none, in 16 bits",
    "_cells.csv": "a row a cell, areas and lengths in pixels of the picture",
    ".geojson": "the cells as objects for QuPath",
    "_coco.json": "the cells and the nuclei as COCO annotations",
    ".dat": "outlines in the form of SIPaKMeD, cyt of a whole cell and nuc of its nucleus",
}
_DAY = (1980, 1, 1, 0, 0, 0)  # the format's first: the same cells make the same bytes on any day
_LONGEST = 80  # characters of a name, so that its endings fit wherever it is unpacked


def dat_files(label: np.ndarray, cells: np.ndarray, stem: str) -> dict[str, bytes]:
    """Write the outlines in SIPaKMeD's form: ``<stem>_cytNN.dat``, ``<stem>_nucNN.dat`` by the cell's number.

    The form holds one closed line. So of a cell or a nucleus in several pieces the largest is written, and
    left out are holes, a cell whose nucleus is too small for three vertices, and what belongs to no cell.

    Args:
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none.
        stem: the picture's name without its ending; made safe as `safe_stem` does.
    """
    stem = safe_stem(stem)
    files = {}
    for one in outlines(label, cells):
        if one.cell and one.nucleus:
            files[f"{stem}_cyt{one.number:02d}.dat"] = dat_text(one.cell[0]).encode()
            files[f"{stem}_nuc{one.number:02d}.dat"] = dat_text(one.nucleus[0]).encode()
    return files


def dat_bundle(label: np.ndarray, cells: np.ndarray, origin: Origin, stem: str) -> bytes:
    """Return the files of `dat_files` as one ZIP, with the text about them that `.dat` has no place for."""
    return _zipped(dat_files(label, cells, stem), origin)


def bundle(
    image: np.ndarray, label: np.ndarray, cells: np.ndarray, table: pd.DataFrame, origin: Origin, stem: str
) -> bytes:
    """Return every export of a picture as one ZIP; the same cells make the same bytes.

    Args:
        image: ``(H, W, 3)`` uint8.
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none.
        table: a row a cell, as `pap_core.measurement.measure` returns it.
        origin: goes into every file.
        stem: how the files' names begin; made safe as `safe_stem` does.
    """
    stem = safe_stem(stem)
    files = {
        f"{stem}_label.png": label_png(label, origin),
        f"{stem}_map.png": map_png(label, origin),
        f"{stem}_overlay.png": overlay_png(image, label, origin),
        f"{stem}_nuclei.png": nuclei_png(label, cells, origin),
        f"{stem}_cells.png": cells_png(cells, origin),
        f"{stem}_cells.csv": cells_csv(table, origin),
        f"{stem}.geojson": geojson(label, cells, table, origin),
        f"{stem}_coco.json": coco(label, cells, table, origin),
    }
    contours = dat_files(label, cells, stem)
    return _zipped(files | {f"dat/{name}": content for name, content in contours.items()}, origin)


def safe_stem(stem: str) -> str:
    """Return a name that is one plain file name on any system: no folders, no hidden file, no odd characters.

    >>> safe_stem("../../etc/.smear 7: left")
    'smear 7_ left'
    """
    last = re.split(r"[/\\]", stem)[-1]
    plain = re.sub(r"[^\w .()+-]", "_", last).strip(". ")[:_LONGEST].strip(". ")
    return plain or "picture"


def _about(origin: Origin, names: Iterable[str]) -> bytes:
    legend = [
        f"*{end}: {told}\n" for end, told in _LEGEND.items() if any(name.endswith(end) for name in names)
    ]
    return (
        f"{NOTICE}\n\n"
        f"Picture: {origin.picture}\n"
        f"Checkpoint: {origin.checkpoint}\n"
        f"Digest of its weights: {origin.digest}\n\n"
        f"{''.join(legend)}"
    ).encode()


def _zipped(files: dict[str, bytes], origin: Origin) -> bytes:
    return zipped(({ABOUT: _about(origin, files)} | files).items())


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return files by name and content as one ZIP; the same files make the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files:
            entry = zipfile.ZipInfo(name, _DAY)
            entry.external_attr = 0o644 << 16
            # a PNG is compressed already
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".png") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()
