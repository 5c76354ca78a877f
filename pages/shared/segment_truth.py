"""The comparison with a truth that a person gives: five metrics in the protocol of their choice."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.display import plain
from pages.shared.model import Finding, Picture
from pap_core.errors import InputError

HELP = (
    "What an expert drew, of the same size as the picture: one **mask** (a label map of 0, 1, 2; or a colour "
    "map; or a mask as Herlev has it), the **.dat** contours of the cells, all at once, or **GeoJSON** as "
    "QuPath exports it."
)
PROTOCOL_HELP = (
    "How the colours the model paints are read. **strict**: the nearest class colour. **colour-200**: the "
    "class's channel at least 200, both others below. **channel-200**: the class's channel at least 200, the "
    "others ignored, so that white counts as both classes; the reading that fits the published figures."
)
NAMES = {"jaccard": "Jaccard index"}  # where the name is not the metric's own
COLUMNS = {
    metric: st.column_config.NumberColumn(NAMES.get(metric, metric.capitalize()), format="percent")
    for metric in ("accuracy", "precision", "sensitivity", "specificity", "jaccard")
}


@dataclass(frozen=True)
class Truth:
    """What an expert drew."""

    label: np.ndarray  # (H, W) uint8, the size of the picture
    digest: str  # of the files it was read from


def given_truth(picture: Picture, finding: Finding, own: Path | None) -> Truth | None:
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
        if not files and own is not None:
            files = [(own.name, _read(own))]
        if not files:
            return None
        digest = hashlib.sha256(repr([(name, hashlib.sha256(one).digest()) for name, one in files]).encode())
        label = _label(digest.hexdigest(), finding.label.shape, picture.name, files)
        return Truth(label, digest.hexdigest())
    except InputError as error:
        st.error(plain(str(error)))
        return None


def comparison(view: str, finding: Finding, truth: Truth, name: str) -> None:
    """Show the five metrics of nucleus and cytoplasm.

    Args:
        view: what tells this result from any other.
        finding: what was found.
        truth: see `given_truth`.
        name: of the picture.
    """
    from pap_core.labels import PROTOCOLS

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
        alt=f"Five metrics of nucleus and cytoplasm of {name}, protocol {protocol}",
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        raise InputError(
            f"{path.name}: the data set's label is no longer there; build the data set again."
        ) from None


@st.cache_data(max_entries=16, max_size="128MB", show_spinner="Reading the truth…")
def _label(digest: str, shape: tuple[int, int], name: str, _files: list[tuple[str, bytes]]) -> np.ndarray:
    from pap_core.truth import read_truth

    return read_truth(_files, shape, name)


@st.cache_data(max_entries=64, show_spinner=False)
def _metrics(view: str, digest: str, protocol: str, _finding: Finding, _truth: Truth) -> pd.DataFrame:
    from pap_core.metrics import compare, scores

    counts = compare(_finding.colours, _truth.label, protocol)
    table = pd.DataFrame({part: scores(one) for part, one in counts.items()}).T.astype(float)
    table.index = table.index.str.capitalize()
    return table
