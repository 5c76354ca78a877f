"""A run in figures: how well it does, how quick it is, and what the GPU does where it has one."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.parts.train.costs import share_of_peak
from pages.parts.train.gpu import gpus
from pages.shared.words import size
from pap_core.training.curves import Curves
from pap_core.training.run import Run

if TYPE_CHECKING:
    from pap_core.training.process import Status


def show_figures(run: Run, status: "Status", curves: Curves) -> None:
    """Show what was logged last. To be called in a fragment."""
    jaccard = {name: curves.last("validation", name) for name in ("nucleus", "cytoplasm")}
    rate = curves.last("step", "images_per_second")
    share = share_of_peak(run, rate) if rate else None
    with st.container(horizontal=True, gap="medium"):
        for name, value in jaccard.items():
            words = "–" if value is None else f"{value:.3f}"
            st.metric(
                f"Jaccard, {name}", words, help="Strict, over the validation crops, after the last epoch"
            )
        best = "–" if status.best is None else f"{status.best:.3f}"
        st.metric("Best so far", best, help="Mean of both classes; the weights of that epoch are kept")
        st.metric("Images per second", f"{rate:.3g}" if rate else "–", help="Training crops, jitter included")
        st.metric(
            "Share of peak",
            "–" if share is None else f"{share:.1%}",
            help="The arithmetic of its steps, of what a large matrix product reaches on this machine at the "
            "same precision. The peak is measured where a new run is planned while none computes.",
        )
        if status.device.startswith("cuda"):
            _gpu(status.device)


def _gpu(device: str) -> None:
    number = device.rpartition("-")[2]
    found = gpus()
    if number.isdecimal() and int(number) < len(found):
        gpu = found[int(number)]
        used = "–" if np.isnan(gpu.utilisation) else f"{gpu.utilisation:.0%}"
        st.metric("GPU at work", used, help=f"{gpu.name}: share of the last moment in which it computed")
        st.metric("GPU memory", f"{size(gpu.used)} of {size(gpu.total)}", help="Of all that runs on it")
