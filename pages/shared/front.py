"""What stands around every page: the navigation, the ready data set, the checkpoint in use."""

import streamlit as st

from pages.shared.access import person
from pages.shared.account import gate, notices
from pages.shared.datasets import ready_set

_ENTERED = "entered"  # key of the session


def front() -> None:
    """Run the page that the address names, with what stands around it."""
    st.set_page_config(page_title="Pap smear segmentation", page_icon="🔬", layout="wide")
    page = st.navigation(
        [
            st.Page(
                "pages/segment.py",
                title="Segment",
                url_path="first",
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
                "pages/compare.py",
                title="Compare",
                icon=":material/balance:",
                help="See the methods of the paper's Table 5 side by side on the same crops, or any two.",
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
                icon=":material/model_training:",
                help="Start a training run, watch it, stop it, resume it; use what it learnt.",
            ),
            st.Page(
                "pages/review.py",
                title="Review",
                icon=":material/rate_review:",
                help="Go through cells, edit the outlines that the model drew, and decide on each.",
            ),
            # the first page's address is the bare one, and who types its name gets there, too
            st.Page(_first, title="Segment", url_path="segment", visibility="hidden"),
        ],
        position="top" if person().role else "hidden",
    )
    gate()
    notices()
    st.session_state[_ENTERED] = True
    page.run()
    ready_set()  # the first call of all starts it, in the background, once the page is there


def _first() -> None:
    st.switch_page("pages/segment.py")


def enter() -> None:
    """Put the front around a page that was opened without it; every page begins with this.

    Streamlit runs the files of a folder named ``pages`` by themselves until `st.navigation` was called for
    the first time: so it is with an address that is opened, or opened still, when the server is fresh.
    """
    if not st.session_state.get(_ENTERED):
        front()
        st.stop()
    gate()
