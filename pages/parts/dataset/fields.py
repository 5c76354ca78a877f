"""What is asked of pictures of many cells, with masks, outlines or points beside them."""

import streamlit as st

TRUTHS = {
    "Automatic": None,
    "Nuclei": "nucleus",
    "Cells": "cell",
    "None": "none",
}
TRUTH_HELP = (
    "What masks and outlines are of that do not tell it. **None**: pictures without any; all of them is left "
    "open, for pseudo-labels (`pap pseudo-label`)."
)
SCALE_HELP = (
    "Network px per image px. Empty: for each picture such that the nuclei that its truth tells are about "
    "42 px wide; without them, 1."
)
GLASS_HELP = (
    "Of liquid-based smears with nuclei marked: what is as clear as the glass is background, and what is "
    "clearly stained and no nucleus is cytoplasm. What lies between the two stays open."
)
GROUPS_HELP = (
    "A regular expression: its first group in a picture's name is the slide; with a slash in it, that in the "
    "picture's path. Empty: by a table or a folder; without either, each picture is a slide of its own."
)


def of_fields() -> dict[str, object]:
    """Let the person say how pictures of many cells are read; returns options of `BuildOptions`."""
    with (
        st.expander("Pictures of many cells", icon=":material/grid_view:"),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        truth = st.selectbox("Truth", list(TRUTHS), width=150, key="build_truth", help=TRUTH_HELP)
        scale = st.number_input(
            "Scale",
            0.01,
            16.0,
            None,
            0.1,
            placeholder="By the nuclei",
            width=180,
            key="build_scale",
            help=SCALE_HELP,
        )
        groups = st.text_input(
            "Slides by pattern", placeholder=r"(\d+)_", width=200, key="build_groups", help=GROUPS_HELP
        )
        glass = st.toggle("Background by the glass", key="build_glass", help=GLASS_HELP)
    return {"truth": TRUTHS[truth], "scale": scale, "groups": groups.strip() or None, "glass": glass}
