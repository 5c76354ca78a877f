"""The forms of a result for other programs, by the words under which a command asks for them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pap_core.export.archive import bundle, dat_bundle
from pap_core.export.coco_json import coco
from pap_core.export.origin import Origin
from pap_core.export.qupath import geojson


@dataclass(frozen=True)
class Result:
    """What was found in a picture, to be written."""

    image: np.ndarray  # (H, W, 3) uint8
    label: np.ndarray  # (H, W) uint8 label map
    cells: np.ndarray  # (H, W) int32, each pixel's cell, 0 for none
    table: pd.DataFrame  # a row a cell, as `pap_core.measurement.measure` returns it
    origin: Origin
    stem: str  # the picture's name without its ending


def _geojson(one: Result) -> bytes:
    return geojson(one.label, one.cells, one.table, one.origin)


def _coco(one: Result) -> bytes:
    return coco(one.label, one.cells, one.table, one.origin)


def _dat(one: Result) -> bytes:
    return dat_bundle(one.label, one.cells, one.origin, one.stem)


def _zip(one: Result) -> bytes:
    return bundle(one.image, one.label, one.cells, one.table, one.origin, one.stem)


# the end of the file's name, and what writes it
FORMATS: dict[str, tuple[str, Callable[[Result], bytes]]] = {
    "geojson": (".geojson", _geojson),
    "coco": ("_coco.json", _coco),
    "dat": ("_dat.zip", _dat),
    "zip": (".zip", _zip),
}
