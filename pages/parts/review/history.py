"""What was decided of a cell, by whom, and the outlines of each, to be looked at beside each other."""

from datetime import datetime

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.display import fitted, jpeg_bytes, plain
from pap_core.outlines import Outlines
from pap_core.overlay import draw_edges
from pap_core.reviews.records import REJECTED, Decision, ReviewCell

HELP = "Choose rows to see their outlines below; each reviewer's latest is shown at first."
_WIDTH = 300  # px of a picture


def verdict(decision: Decision) -> str:
    """Say what was decided, with the reason where there is one."""
    return f"{decision.verdict}: {decision.reason}" if decision.verdict == REJECTED else decision.verdict


def others(history: list[Decision], name: str) -> dict[str, Decision]:
    """Return the latest decision of each reviewer but the one of that name."""
    return {one.reviewer: one for one in history if one.reviewer != name}


def moment(time: datetime) -> str:
    """Write a time as the reviewer's own clock has it, where their browser tells."""
    zone = st.context.timezone
    return f"{pd.Timestamp(time).tz_convert(zone or 'UTC'):%Y-%m-%d %H:%M}{'' if zone else ' UTC'}"


def notice(history: list[Decision], since: list[Decision], name: str) -> None:
    """Tell a reviewer what others decided.

    Args:
        history: all decisions on the cell, oldest first.
        since: those of others that came while the reviewer worked, told when theirs was saved.
        name: of the reviewer.
    """
    if since:
        told = "; ".join(f"**{plain(one.reviewer)}** {verdict(one)}" for one in since)
        st.warning(
            f"Your decision is saved. While you worked, another came: {told}. Both are kept, and shown "
            "below; the latest, yours, counts. Decide again if that changes your mind, or go on.",
            icon=":material/group:",
        )
    elif found := others(history, name):
        told = "; ".join(
            f"**{plain(one.reviewer)}** {verdict(one)}, {moment(one.time)}" for one in found.values()
        )
        st.info(
            f"Decided by others: {told}. Their outlines are shown below, yours begin with the model's; "
            "nobody's work is lost, the latest counts.",
            icon=":material/group:",
        )


def show_history(cell: ReviewCell, history: list[Decision], drawn: Outlines) -> None:
    """Show all decisions on a cell, and outlines beside each other.

    Args:
        cell: under review.
        history: all its decisions, oldest first.
        drawn: the outlines as they are drawn now.
    """
    if not history:
        return
    st.subheader(f"Decided {len(history)} {'time' if len(history) == 1 else 'times'}", anchor=False)
    newest = history[::-1]
    latest = {one.reviewer: place for place, one in reversed(list(enumerate(newest)))}
    selected = st.dataframe(
        pd.DataFrame(
            {
                "When": [moment(one.time) for one in newest],
                "Reviewer": [one.reviewer for one in newest],
                "Decision": [verdict(one) for one in newest],
                "Category": [one.category for one in newest],
                "Remark": [one.remark for one in newest],
                "Checkpoint": [one.checkpoint for one in newest],
            }
        ),
        hide_index=True,
        key=f"review_history_{cell.id[:16]}_{len(history)}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": sorted(latest.values())}},
        column_config={
            "When": st.column_config.TextColumn(help=HELP),
            "Category": st.column_config.TextColumn(help="Where the reviewer disagreed"),
            "Checkpoint": st.column_config.TextColumn(help="Digest of what had predicted the cell"),
        },
        placeholder="–",
        alt=f"The {len(history)} decisions on this cell, the newest first",
    )
    rows = [row for row in selected["selection"]["rows"] if row < len(newest)]
    shown = [(f"{newest[row].reviewer}, {moment(newest[row].time)}", newest[row].after) for row in rows]
    with st.container(horizontal=True):
        for words, outlines in [("The model", cell.before), *shown, ("Now on the canvas", drawn)]:
            st.image(
                _drawn(cell.id, outlines.to_json(), cell.picture),
                caption=plain(words),
                width=_WIDTH,
                alt=f"The cell with the outlines of: {words}",
            )


@st.cache_data(max_entries=64, max_size="64MB", show_spinner=False)
def _drawn(cell: str, outlines: str, _picture: np.ndarray) -> bytes:
    label = Outlines.from_json(outlines).label(_picture.shape[:2])
    return jpeg_bytes(draw_edges(fitted(_picture), fitted(label, exact=True), width=4))
