"""Where one is in the queue: how far it is decided, which cell is open, and the way to others."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.review.place import following, open_cell
from pages.shared import access
from pages.shared.display import plain

if TYPE_CHECKING:
    from pap_core.reviewing.queue import Entry
    from pap_core.reviews.records import ReviewCell

SAVED = "review_saved"  # of the session: id of the cell that came up when a decision was kept


def progress(ids: list[str], deciders: dict[str, set[str]], place: int, done: set[str]) -> None:
    """Say how far the reviewer is, and step to other cells.

    Args:
        ids: of the cells listed.
        deciders: by cell id, who has decided on it.
        place: of the cell that is open, in `ids`.
        done: ids of cells that the reviewer need not be led to.
    """
    name = access.person().name
    by_all = sum(bool(deciders.get(one)) for one in ids)
    own = sum(name in deciders.get(one, ()) for one in ids)
    st.progress(
        by_all / len(ids),
        f"Cell **{place + 1:,}** of {len(ids):,} · **{by_all:,}** of {len(ids):,} decided, {own:,} by you",
    )
    with st.container(horizontal=True, gap="xsmall"):
        _step("Previous", "chevron_left", None, ids[(place - 1) % len(ids)], "before this one (left arrow)")
        _step("Next", "chevron_right", "N", ids[(place + 1) % len(ids)], "after this one (right arrow)")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Next undecided",
            icon=":material/skip_next:",
            shortcut="U",
            on_click=open_cell,
            args=(ids[following(ids, place, done)],),
            help="The next cell that is waiting for a decision",
        )
        if st.session_state.get(SAVED) != ids[place]:
            st.session_state.pop(SAVED, None)
        else:
            # no toast: in a fragment it takes the place of what else is sent beside the page, its styles
            st.badge("Saved", icon=":material/check:", color="green")


def _step(words: str, icon: str, shortcut: str | None, other: str, explained: str) -> None:
    st.button(
        words,
        key=f"review_{words}",
        icon=f":material/{icon}:",
        shortcut=shortcut,
        on_click=open_cell,
        args=(other,),
        help=f"The cell {explained} in the list; what you drew stays as it is.",
        width="stretch",
    )


def headline(entry: "Entry", cell: "ReviewCell | None", hidden: bool) -> None:
    """Say which cell it is, and what is known of it.

    Args:
        entry: of the queue.
        cell: that is open, None if it cannot be.
        hidden: whether what would sway the reviewer is not told yet.
    """
    known = [] if hidden or not entry.category else [f"**{plain(entry.category)}**"]
    names = [entry.name]
    if cell and entry.group != cell.name:  # of a picture that was given it is the digest, no word for people
        names.append(f"smear or slide {entry.group}")
    if hidden and entry.category:  # which names of crops often say
        names = [one for one in names if entry.category.casefold() not in one.casefold()]
    known += [plain(one) for one in names or [f"cell {entry.id[:8]}"]]
    if entry.uncertainty is not None and not hidden:
        known.append(f"uncertainty {entry.uncertainty:.1%}")
    if entry.jaccard is not None and not hidden:
        known.append(f"Jaccard with the truth {entry.jaccard:.1%}")
    if cell:
        known.append(f"checkpoint `{plain(cell.checkpoint)}`" if cell.checkpoint else "checkpoint not known")
    st.markdown(" · ".join(known))


def saved(following_id: str) -> None:
    """Go on to the next cell once a decision is on disk."""
    st.session_state[SAVED] = following_id
    open_cell(following_id)


def unsaved(ids: list[str]) -> None:
    """Tell of decisions on other cells that could not be saved."""
    if ids:
        st.warning(f"{len(ids)} of your decisions on other cells could not be saved yet.")
        st.button(
            "Open the first",
            on_click=open_cell,
            args=(ids[0],),
            help="There you can try again; your drawing is still here",
        )
