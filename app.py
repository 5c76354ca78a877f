"""The pages and what they share: start it with ``streamlit run app.py``."""

import streamlit as st

st.set_page_config(page_title="Pap smear segmentation", page_icon="🔬", layout="wide")

segment = st.Page(
    "pages/segment.py",
    title="Segment",
    icon=":material/biotech:",
    help="Find the nucleus and the cytoplasm of each cell of a picture, measure them, download the result.",
    default=True,
)
st.navigation([segment], position="top").run()
