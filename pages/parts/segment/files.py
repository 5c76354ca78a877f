"""The files of a result, at the picture's own size, each made only when it is asked for."""

from collections.abc import Callable

import streamlit as st

from pages.shared.model import Finding, Model, Picture

PNG, CSV, JSON, ZIP = "image/png", "text/csv", "application/json", "application/zip"


def downloads(model: Model, picture: Picture, finding: Finding) -> None:
    """Offer the result for other programs, and everything as one file; of an empty one the label map."""
    from pap_core import export

    origin = export.Origin(picture.name, model.name, model.digest)
    label, cells, table = finding.label, finding.cells_map, finding.cells
    stem = export.safe_stem(picture.stem)

    def overlay() -> bytes:
        return export.overlay_png(picture.pixels(), label, origin)

    def everything() -> bytes:
        return export.bundle(picture.pixels(), label, cells, table, origin, stem)

    label_map = (
        "Label map (PNG)",
        f"{stem}_label.png",
        PNG,
        lambda: export.label_png(label, origin),
        "A grey picture of 0 (background), 1 (cytoplasm) and 2 (nucleus): nearly black to the eye",
    )
    notice = f"Each tells the checkpoint's digest. {export.NOTICE}"
    st.subheader("Download", anchor=False)
    if not label.any():
        _offer(*label_map)
        st.caption(notice)
        return
    with st.container(horizontal=True):
        _offer("Everything (ZIP)", f"{stem}.zip", ZIP, everything, "All these files in one", "primary")
        _offer(*label_map)
        _offer(
            "Colour map (PNG)",
            f"{stem}_map.png",
            PNG,
            lambda: export.map_png(label, origin),
            "The classes in colour: nucleus blue, cytoplasm red, background white, borders black",
        )
        _offer("Edges (PNG)", f"{stem}_overlay.png", PNG, overlay, "The picture with all edges drawn on it")
        _offer(
            "Cells (CSV)",
            f"{stem}_cells.csv",
            CSV,
            lambda: export.cells_csv(table, origin),
            "One row per cell, with more measures than the table shows",
        )
        _offer(
            "GeoJSON",
            f"{stem}.geojson",
            "application/geo+json",
            lambda: export.geojson(label, cells, table, origin),
            "Cells with their nuclei and measures, for QuPath: drag the file onto the picture opened there",
        )
        _offer(
            "COCO (JSON)",
            f"{stem}_coco.json",
            JSON,
            lambda: export.coco(label, cells, table, origin),
            "Nuclei and cells as annotations, for training other detectors",
        )
        _offer(
            "Contours (.dat)",
            f"{stem}_dat.zip",
            ZIP,
            lambda: export.dat_bundle(label, cells, origin, stem),
            "One file per outline in the form of SIPaKMeD, zipped",
        )
    st.caption(notice)


def _offer(
    name: str, file: str, mime: str, make: Callable[[], bytes], explained: str, kind: str = "secondary"
) -> None:
    st.download_button(
        name, make, file, mime, on_click="ignore", icon=":material/download:", help=explained, type=kind
    )
