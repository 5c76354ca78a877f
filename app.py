"""The pages and what they share: start it with ``streamlit run app.py``."""

import streamlit as st

from pages.shared.chooser import chooser
from pages.shared.datasets import ready_set

st.set_page_config(page_title="Pap smear segmentation", page_icon="🔬", layout="wide")

PAGES = [
    st.Page(
        "pages/segment.py",
        title="Segment",
        icon=":material/biotech:",
        help="Find the nucleus and the cytoplasm of each cell, measure them, download the result.",
        default=True,
    ),
    st.Page(
        "pages/results.py",
        title="Results",
        icon=":material/monitoring:",
        help="See how well a checkpoint does on a test split: by category, and cell by cell.",
    ),
    st.Page(
        "pages/dataset.py",
        title="Data sets",
        url_path="dataset",
        icon=":material/dataset:",
        help="Build a data set from contours or masks, and look into it.",
    ),
    st.Page(
        "pages/train.py",
        title="Train",
        url_path="train",
        icon=":material/model_training:",
        help="Train a network on a data set: start a run, watch it, stop it, go on with it.",
    ),
]

page = st.navigation(PAGES, position="top")
ready_set()  # the first call of all starts it, in the background
chooser()
page.run()
