"""What the viewer shows of a segmented picture, made once and remembered."""

import numpy as np
import streamlit as st

from pages.parts.segment.viewer import Place, Shown
from pages.shared import model as models
from pages.shared.display import jpeg_bytes, lightened, resized
from pages.shared.model import Finding, Model, Picture
from pap_core.images import png_bytes
from pap_core.labels import CYTOPLASM, OF_CELL, colour_map
from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE

LARGEST = 16_000_000  # px; more is slow to decode and to move in a browser
LONGEST = 16_000  # px of a side, which browsers can draw
TOLERANCE = 0.5  # px that an outline sent to the browser may lie off the true one

_MEMORY = "256MB"


def share(height: int, width: int) -> float:
    """Return the factor that brings a picture to what a browser can bear, at most 1."""
    return min(1.0, (LARGEST / (height * width)) ** 0.5, LONGEST / max(height, width))


def view_id(model: Model, picture: Picture, finding: Finding) -> str:
    """Return what tells a result from any other."""
    return f"{picture.digest[:16]}-{model.digest[:12]}-{finding.kind}-{finding.scale:.6g}"


def original(picture: Picture) -> Shown:
    """Return the picture itself."""
    return Shown(_original(picture.digest, picture), f"{picture.name} with the predicted edges", "Picture")


def colours(view: str, picture: Picture, finding: Finding) -> Shown:
    """Return the predicted colour map."""
    alt = f"Colour map of {picture.name} with {len(finding.cells)} cells"
    return Shown(_colours(view, finding), alt, "Colour map: nucleus blue, cytoplasm red")


def uncertainty(model: Model, picture: Picture, finding: Finding, view: str) -> Shown:
    """Return where the model is not sure; the first time, it is asked eight times."""
    content = _uncertainty(view, model, picture, finding)
    return Shown(content, f"Uncertainty map of {picture.name}", "Uncertainty: black where sure, else lighter")


def truth(picture: Picture, label: np.ndarray) -> Shown:
    """Return the colour map of a given truth; cells whose nuclei it leaves open are drawn as cytoplasm."""
    label = np.where(label == OF_CELL, np.uint8(CYTOPLASM), label)
    return Shown(_colour_map(label), f"Truth of {picture.name} as a colour map", "Truth, as a colour map")


def edge_colours() -> dict[str, str]:
    """Return the colours that the edges have at first, as ``#rrggbb``."""
    return {"nucleus": f"#{bytes(NUCLEUS_EDGE).hex()}", "cell": f"#{bytes(CELL_EDGE).hex()}"}


@st.cache_data(max_entries=32, max_size=_MEMORY, show_spinner=False)
def places(view: str, _finding: Finding) -> list[Place]:
    """Return the cells as the viewer draws them."""
    from pap_core.export import outlines

    drawn = {one.number: one for one in outlines(_finding.label, _finding.cells_map)}
    return [
        Place(
            int(cell.cell),
            round(cell.x, 1),
            round(cell.y, 1),
            round(0.5 * cell.nucleus_area**0.5 + 3, 1),
            path(drawn[cell.cell].cell),
            path(drawn[cell.cell].nucleus),
            in_words(cell.nucleus_area, cell.cytoplasm_area, cell.nc_ratio),
        )
        for cell in _finding.cells.itertuples()
    ]


def path(polygons: list[np.ndarray]) -> str:
    """Write polygons ``(V, 2)`` as SVG path data, the centre of the first pixel at (0, 0)."""
    from skimage.measure import approximate_polygon

    parts = []
    for polygon in polygons:
        closed = np.vstack([polygon, polygon[:1]]) - 0.5
        # in two halves: a ring has no two ends to begin from
        half = len(closed) // 2
        fewer = [approximate_polygon(one, TOLERANCE) for one in (closed[: half + 1], closed[half:])]
        corners = np.vstack([fewer[0][:-1], fewer[1][:-1]])
        if len(corners) < 3:
            corners = closed[:-1]
        parts.append("M" + " ".join(f"{x:g},{y:g}" for x, y in corners) + "Z")
    return "".join(parts)


def in_words(nucleus: int, cytoplasm: int, ratio: float) -> str:
    """Tell a cell's areas, in px, and its N/C ratio."""
    told = f"{ratio:.3f}" if ratio == ratio else "–"
    return f"nucleus {nucleus:,} px, cytoplasm {cytoplasm:,} px\nN/C ratio {told}"


@st.cache_data(max_entries=32, max_size=_MEMORY, show_spinner=False)
def _original(digest: str, _picture: Picture) -> bytes:
    return jpeg_bytes(_fitted(_picture.pixels()))


@st.cache_data(max_entries=32, max_size=_MEMORY, show_spinner=False)
def _colours(view: str, _finding: Finding) -> bytes:
    return _colour_map(_finding.label)


@st.cache_data(max_entries=32, max_size=_MEMORY, show_spinner=False)
def _uncertainty(view: str, _model: Model, _picture: Picture, _finding: Finding) -> bytes:
    return png_bytes(_fitted(lightened(models.uncertainty(_model, _picture, _finding))))


def _colour_map(label: np.ndarray) -> bytes:
    fitted = _fitted(label, exact=True)
    return png_bytes(colour_map(fitted, border=max(1, round(max(fitted.shape) / 700))))


def _fitted(pixels: np.ndarray, exact: bool = False) -> np.ndarray:
    """Bring a picture to what a browser can bear; `exact` for a label map, whose values must not mix."""
    return resized(pixels, share(*pixels.shape[:2]), exact)
