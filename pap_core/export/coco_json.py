"""COCO JSON: each cell and each nucleus as an annotation of its own.

Areas are run lengths, not polygons: a COCO polygon cannot hold a hole, and a cell may have several. They
are uncompressed, so that nothing but JSON is needed to read them, and ``iscrowd`` is 0 all the same: readers
tell run lengths by their form, and would leave a crowd out of training and of scores.
"""

import json

import numpy as np
import pandas as pd

from pap_core.export.cells import cell_masks
from pap_core.export.origin import NOTICE, Origin
from pap_core.export.tables import measures
from pap_core.labels import CYTOPLASM, NUCLEUS

CATEGORIES = {"cell": 1, "nucleus": 2}  # name: id


def coco(label: np.ndarray, cells: np.ndarray, table: pd.DataFrame, origin: Origin) -> bytes:
    """Write the cells, nucleus included, and the nuclei as COCO annotations.

    An annotation has two members more than COCO asks for: ``cell``, the number that a cell and its nucleus
    share, and, on the cell's, ``measures``, its row of the table, what is not defined left out. Cytoplasm and
    nuclei that belong to no cell are a crowd each, which is COCO's way to mark what was not told apart.

    Args:
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none.
        table: a row a cell, as `pap_core.measurement.measure` returns it.
        origin: goes into ``info``.
    """
    height, width = label.shape
    return document(
        {
            "description": f"Cells of {origin.picture}",
            "checkpoint": origin.checkpoint,
            "digest": origin.digest,
        },
        [{"id": 1, "file_name": origin.picture, "width": width, "height": height}],
        annotations(label, cells, measures(table)),
    )


def annotations(
    label: np.ndarray, cells: np.ndarray, rows: dict[int, dict], image: int = 1, first: int = 1
) -> list[dict]:
    """Return the annotations of one picture; see `coco`.

    Args:
        label: ``(H, W)`` uint8 label map.
        cells: ``(H, W)`` int32, each pixel's cell, 0 for none.
        rows: each cell's measures by its number.
        image: id of the picture.
        first: id of the first annotation.
    """
    found: list[dict] = []

    def annotate(category: str, mask: np.ndarray, corner: tuple[int, int], **more: object) -> None:
        if mask.any():
            found.append(
                {"id": first + len(found), "image_id": image, "category_id": CATEGORIES[category]}
                | _area(mask, corner, label.shape)
                | {"iscrowd": 0}
                | more
            )

    for one in cell_masks(label, cells):
        annotate("cell", one.cell, one.corner, cell=one.number, measures=rows.get(one.number, {}))
        annotate("nucleus", one.nucleus, one.corner, cell=one.number)
    loose = cells == 0
    annotate("cell", loose & ((label == CYTOPLASM) | (label == NUCLEUS)), (0, 0), iscrowd=1)
    annotate("nucleus", loose & (label == NUCLEUS), (0, 0), iscrowd=1)
    return found


def document(info: dict, images: list[dict], annotations: list[dict]) -> bytes:
    """Write a COCO file of cells and nuclei."""
    categories = [
        {"id": number, "name": name, "supercategory": "cell"} for name, number in CATEGORIES.items()
    ]
    return json.dumps(
        {
            "info": info | {"notice": NOTICE},
            "licenses": [],
            "images": images,
            "categories": categories,
            "annotations": annotations,
        },
        ensure_ascii=False,
    ).encode()


def _area(mask: np.ndarray, corner: tuple[int, int], shape: tuple[int, int]) -> dict:
    """Return a mask's run lengths, box and area.

    Args:
        mask: ``(h, w)`` bool, at least one pixel True, cut out of the picture.
        corner: x, y in the picture of the mask's first pixel.
        shape: ``(H, W)`` of the picture.
    """
    columns, rows = np.nonzero(mask.T)  # in COCO's order: down each column, then to the next
    x, y = columns + corner[0], rows + corner[1]
    place = x * shape[0] + y
    breaks = np.flatnonzero(np.diff(place) > 1) + 1
    starts, ends = place[np.r_[0, breaks]], place[np.r_[breaks - 1, -1]] + 1
    edges = np.r_[0, np.stack([starts, ends], axis=1).ravel(), shape[0] * shape[1]]
    counts = np.diff(edges)
    if counts[-1] == 0:
        counts = counts[:-1]
    left, top = int(x.min()), int(y.min())
    return {
        "segmentation": {"size": list(shape), "counts": counts.tolist()},
        "bbox": [left, top, int(x.max()) + 1 - left, int(y.max()) + 1 - top],
        "area": len(place),
    }
