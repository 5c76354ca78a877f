"""Nuclei one by one: how their measures are called, what is said of them, and matching those of before."""

from collections.abc import Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared import access
from pages.shared.display import plain
from pap_core.evaluation.intervals import LEVEL
from pap_core.evaluation.store import Kept, TestSplit

MEASURES = {
    "f1": "F1",
    "precision": "Precision",
    "recall": "Recall",
    "count_error": "Count error",
    "aji": "AJI",
    "panoptic_quality": "PQ",
    "boundary_mean": "Outlines apart, mean (px)",
    "boundary_95": "Outlines apart, 95th percentile (px)",
}
HEADING = "Nuclei one by one, protocol strict"
NOTE = (
    "A nucleus found and one marked are a pair from an intersection over union of 0.5. **Precision**, "
    "**recall**, **F1**: of those found, of those marked, and of both, the share in a pair. **Count error**: "
    "how many too many were found, less than 0 for too few, as a share of those marked. **AJI**: the "
    "aggregated Jaccard index (Kumar et al., 2017). **PQ**: panoptic quality, F1 times the mean overlap of "
    "the pairs (Kirillov et al., 2019). **Outlines apart**: between the two outlines of a pair, in pixels of "
    "the crop. Nuclei that touch are told apart where they are found; where they are marked, each connected "
    f"piece is one. Means over the crops that have a figure [{LEVEL} % interval by smear or slide]."
)


def offer_matching(kept: Sequence[Kept], split: TestSplit, named: str) -> None:
    """Offer to match the nuclei of evaluations that were made before that was done.

    Args:
        kept: the evaluations.
        split: on which they were made.
        named: whose they are.
    """
    st.info(
        f"Evaluated before nuclei were matched one by one: {plain(named)}. The predictions are kept, so the "
        "nuclei can be matched now, once for everybody."
    )
    if st.button(
        f"Match the nuclei of {len(kept) * split.crops:,} crops",
        type="primary",
        disabled=not access.may("reviewer"),
        help=access.hint("reviewer", "Takes seconds for a hundred crops."),
    ):
        bar = st.progress(0.0, "Matching the nuclei")
        for number, one in enumerate(kept):
            one.match_nuclei(split, partial(_show, bar, number, len(kept)))
        st.rerun()


def _show(bar: DeltaGenerator, before: int, several: int, done: int, of: int) -> None:
    bar.progress((before + done / of) / several)
