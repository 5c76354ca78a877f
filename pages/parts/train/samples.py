"""What the network of a run paints, epoch by epoch."""

import re
from pathlib import Path

import streamlit as st

from pap_core.training.run import Run

FOLDER = "samples"


def show_samples(run: Run) -> None:
    """Show what the network paints, of the latest epoch until the slider is moved back."""
    found = {
        int(match[1]): path
        for path in (run.folder / FOLDER).glob("epoch_*.png")
        if (match := re.fullmatch(r"epoch_(\d+)\.png", path.name))
    }
    if not found:
        return
    st.subheader("Samples", anchor=False)
    epochs = sorted(found)
    key, latest = f"train_epoch_{run.folder.name}", f"train_latest_{run.folder.name}"
    if (
        st.session_state.get(key) in (None, st.session_state.get(latest))
        or st.session_state[key] not in found
    ):
        st.session_state[key] = epochs[-1]
    st.session_state[latest] = epochs[-1]
    epoch = epochs[-1]
    if len(epochs) > 1:
        epoch = st.select_slider(
            "Epoch", epochs, key=key, width=480, help="Arrow keys step. At its right end it follows the run."
        )
    path = found[epoch]
    try:
        picture = _picture(str(path), path.stat().st_mtime_ns)
    except OSError:
        st.caption("The samples of this epoch are missing.")
        return
    st.caption("Validation crops, a row each: the input, the target, what the generator paints.")
    st.image(picture, width=480, alt=f"Samples of epoch {epoch}: rows of input, target and output")


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(path: str, changed: int) -> bytes:
    return Path(path).read_bytes()
