"""The comparison with a truth that a person gives: metrics in the protocol of their choice."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from pages.parts.segment.uploads import OwnLabel
from pages.shared.display import plain
from pages.shared.model import Finding, Picture
from pages.shared.reading import METRICS
from pap_core.data.truth.read import read_truth
from pap_core.errors import InputError
from pap_core.evaluation.metrics import compare, compare_cells, scores
from pap_core.images import SUFFIXES
from pap_core.labels import OF_CELL, PROTOCOLS
from pap_core.mask_forms import FORMS
from pap_core.masks import orientation_of

HELP = (
    "What an expert drew, of the same size as the picture: one **mask** (a label map of 0, 1, 2; or a colour "
    "map; or a mask as Herlev has it), the **.dat** contours of the cells, all at once, or outlines as "
    "**GeoJSON**, **COCO**, **labelme** or **CVAT**. A mask is read as its numbers or "
    "colours are stored, transparency aside."
)
FORM_HELP = (
    "What the values of a mask mean. Most masks tell; one that may be read in two ways, such as 0 and 1, or "
    "a number for each cell, is refused until you say. **Nuclei** leaves open where cytoplasm is, **cells** "
    "where nuclei are: what is not known has no figure."
)
AUTOMATIC = "Automatic"
PROTOCOL_HELP = (
    "How the colours the model paints are read. **strict**: the nearest class colour. **colour-200**: the "
    "class's channel at least 200, both others below. **channel-200**: the class's channel at least 200, the "
    "others ignored, so that white counts as both classes; the reading that fits the published figures."
)
COLUMNS = {metric: st.column_config.NumberColumn(name, format="percent") for metric, name in METRICS.items()}


@dataclass(frozen=True)
class Truth:
    """What an expert drew."""

    label: np.ndarray  # (H, W) uint8, the size of the picture
    digest: str  # of the picture, the files it was read from, and how


def given_truth(picture: Picture, finding: Finding, own: OwnLabel | None) -> Truth | None:
    """Offer to give a truth; return it.

    Args:
        picture: what was segmented.
        finding: what was found in it.
        own: the label that came with the picture, if any; used until the person gives another.
    """
    uploads = st.file_uploader(
        "Truth to compare with",
        accept_multiple_files=True,
        key=f"segment_truth_{picture.digest}",
        help=HELP,
    )
    try:
        files = [(file.name, file.getvalue()) for file in uploads]
        form = _form(picture) if any(Path(name).suffix.lower() in SUFFIXES for name, _ in files) else None
        if not files and own is not None:
            files, form = [(own.path.name, own.read())], "labels"
        if not files:
            return None
        named = [(name, hashlib.sha256(one).digest()) for name, one in files]
        digest = hashlib.sha256(repr([picture.digest, form, *named]).encode()).hexdigest()
        return Truth(_label(digest, finding.label.shape, form, picture, files), digest)
    except InputError as error:
        st.error(plain(str(error)))
        return None


def comparison(view: str, finding: Finding, truth: Truth, name: str) -> None:
    """Show the metrics of nucleus and cytoplasm.

    Args:
        view: what tells this result from any other.
        finding: what was found.
        truth: see `given_truth`.
        name: of the picture.
    """
    protocol = st.segmented_control(
        "Protocol",
        PROTOCOLS,
        default=PROTOCOLS[0],
        required=True,
        key="segment_protocol",
        help=PROTOCOL_HELP,
    )
    st.dataframe(
        _metrics(view, truth.digest, protocol, finding, truth),
        column_config={"_index": f"Protocol {protocol}", **COLUMNS},
        placeholder="–",
        alt=f"Metrics of nucleus and cytoplasm of {name}, protocol {protocol}",
    )


def _form(picture: Picture) -> str | None:
    """Let the person say what form a mask has; None to recognise it."""
    return st.selectbox(
        "Form of the mask",
        [None, *FORMS],
        format_func=lambda form: AUTOMATIC if form is None else f"{form.capitalize()}: {FORMS[form]}",
        key=f"segment_truth_form_{picture.digest}",
        width=460,
        help=FORM_HELP,
    )


@st.cache_data(max_entries=16, max_size="128MB", show_spinner="Reading the truth…")
def _label(
    digest: str,
    shape: tuple[int, int],
    form: str | None,
    _picture: Picture,
    _files: list[tuple[str, bytes]],
) -> np.ndarray:
    name = _picture.name
    return read_truth(_files, shape, name, form, orientation_of(io.BytesIO(_picture.content), name))


@st.cache_data(max_entries=64, show_spinner=False)
def _metrics(view: str, digest: str, protocol: str, _finding: Finding, _truth: Truth) -> pd.DataFrame:
    counts = compare(_finding.colours, _truth.label, protocol)
    if (_truth.label == OF_CELL).any():
        counts["whole cell"] = compare_cells(_finding.colours, _truth.label, protocol)
    table = pd.DataFrame({part: scores(one) for part, one in counts.items()}).T.astype(float)
    table.index = table.index.str.capitalize()
    return table
