"""A segmented picture as files for other programs: pictures, tables, GeoJSON, COCO, `.dat`, one ZIP."""

from pap_core.export.archive import bundle, dat_bundle, dat_files, safe_stem
from pap_core.export.cells import CellOutline, outlines
from pap_core.export.coco_json import coco
from pap_core.export.origin import NOTICE, Origin
from pap_core.export.pictures import cells_png, label_png, map_png, nuclei_png, overlay_png
from pap_core.export.qupath import geojson, read_geojson, read_objects
from pap_core.export.tables import cells_csv, cells_table, table_csv

__all__ = [
    "NOTICE",
    "CellOutline",
    "Origin",
    "bundle",
    "cells_csv",
    "cells_png",
    "cells_table",
    "coco",
    "dat_bundle",
    "dat_files",
    "geojson",
    "label_png",
    "map_png",
    "nuclei_png",
    "outlines",
    "overlay_png",
    "read_geojson",
    "read_objects",
    "safe_stem",
    "table_csv",
]
