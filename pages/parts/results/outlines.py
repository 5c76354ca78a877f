"""Which outlines the small pictures have: those found, those marked by the expert, or both."""

from pathlib import Path

import streamlit as st

from pages.shared.display import jpeg_bytes, resized
from pap_core.data import places
from pap_core.data.manifest import extent_of
from pap_core.errors import InputError
from pap_core.evaluation.store import THUMBNAIL, Kept
from pap_core.images import read_image
from pap_core.labels import BACKGROUND, decode
from pap_core.masks import read_label
from pap_core.overlay import draw_edges

PREDICTED, MARKED, BOTH = "Predicted", "Marked", "Both"
_FOUND, _TRUE = "Predicted: nucleus blue, cell orange", "Marked: nucleus green, cell purple"
WORDS = {PREDICTED: _FOUND, MARKED: _TRUE, BOTH: f"{_FOUND}. {_TRUE}"}  # what their colours mean
_NUCLEUS, _CELL = (0, 150, 60), (160, 40, 170)  # of those marked, apart from those found


def choose_outlines() -> str:
    """Let the person choose; returns one of `WORDS`."""
    return st.segmented_control(
        "Outlines",
        list(WORDS),
        default=PREDICTED,
        required=True,
        key="results_outlines",
        bind="query-params",
        help="**Predicted**: as the checkpoint found them. **Marked**: as the expert did.",
    )


@st.cache_data(max_entries=512, max_size="64MB", show_spinner=False)
def outlined(kept: str, dataset: str, digest: str, crop: str, outlines: str) -> bytes:
    """Draw a small picture of a crop.

    Args:
        kept: folder of the evaluation.
        dataset: folder of its data set.
        digest: of the data set.
        crop: id.
        outlines: `MARKED` or `BOTH`.

    Raises:
        InputError: a picture is gone, or of another size than the others.
    """
    image = read_image(places.image(dataset, crop))
    true = read_label(places.label(dataset, crop))
    found = decode(read_image(Kept(Path(kept)).prediction(crop)))
    if not image.shape[:2] == true.shape == found.shape:
        raise InputError(
            f"{Path(dataset).name}: crop {crop} has another size than when it was evaluated, expected the "
            "same data set; build it again and evaluate again."
        )
    extent = extent_of(Path(dataset), crop, image.shape)
    ratio = min(1.0, THUMBNAIL / max(true.shape))
    drawn = resized(extent.veiled(image), ratio)
    small = resized(extent.cleared(true, BACKGROUND), ratio, exact=True)
    drawn = draw_edges(drawn, small, _NUCLEUS, _CELL, width=2)
    if outlines == BOTH:
        drawn = draw_edges(drawn, resized(extent.cleared(found, BACKGROUND), ratio, exact=True), width=1)
    return jpeg_bytes(drawn)
