"""What clinicians decided, as files for other programs, each made only when it is asked for."""

from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

MIMES = {".zip": "application/zip", ".csv": "text/csv", ".jsonl": "application/x-ndjson"}
NOTHING = (
    "Nothing has been decided yet. What is accepted, corrected or rejected above can be downloaded here."
)
SAYS = (
    "Of each cell its latest decision counts. Shapes are of the {count:,} cells that were accepted or "
    "corrected; the table and the log hold every decision, with the reviewers' names and remarks."
)
_SINGLE = ("csv", "audit")  # of all decisions, not of the cells that can be used


def exports(reviews: "Reviews") -> None:
    """Offer all that was reviewed in each format, once it is asked for.

    Raises:
        InputError: the database cannot be read.
    """
    shown = st.expander(
        "Download the reviews", icon=":material/download:", key="review_exports", on_change="rerun"
    )
    with shown:
        if not shown.open:
            return
        from pap_core.reviews.exports import FORMATS

        count = reviews.usable()
        if not count and not reviews.reviewers():
            st.info(NOTHING)
            return
        st.caption(SAYS.format(count=count))
        with st.container(horizontal=True):
            for kind, one in FORMATS.items():
                st.download_button(
                    one.title,
                    lambda one=one: one.content(reviews),
                    one.file,
                    MIMES[one.file[one.file.rindex(".") :]],
                    key=f"review_export_{kind}",
                    on_click="ignore",
                    icon=":material/download:",
                    disabled=not count and kind not in _SINGLE,
                    help=one.says,
                )
