"""Review: cells one after the other; edit the model's outlines, decide, and open the next."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.review.agreement import agreement
from pages.parts.review.canvas import canvas
from pages.parts.review.decide import KEYS, decide_panel
from pages.parts.review.decisions import begin, drawing_key, session
from pages.parts.review.exports import exports
from pages.parts.review.figures import figures
from pages.parts.review.history import notice, show_history
from pages.parts.review.place import SECOND, SECOND_HELP, choose_order, decided, following, open_cell, opened
from pages.parts.review.queues import Chosen, choose_queue
from pages.shared import access
from pages.shared.damaged import say_damaged
from pages.shared.display import plain
from pages.shared.front import enter
from pages.shared.reviews import faulty, store
from pap_core.errors import InputError

if TYPE_CHECKING:
    from pap_core.reviewing.queue import Entry, Queue
    from pap_core.reviews.records import Decision, ReviewCell

PURPOSE = (
    "Go through cells, edit the outlines that the model drew of **nucleus** and **cell**, and decide "
    "on each: what you accept or correct can be trained on."
)
NOTES = (
    "Research use only, not a medical device. The address of this page keeps where you are: come back "
    "to it, or send it on."
)
QUEUE_HELP = "Which cells, in which order, of which categories; and whether to give second opinions"
CHOOSE = (
    "press **What to review** above, and choose a test split that was evaluated, a picture of your own, or "
    "earlier predictions."
)
CANVAS, PANEL = 652, 420  # px
SAVED = "review_saved"  # of the session: id of the cell that came up when a decision was kept


# Parts


def reviewer() -> bool:
    """Ask who reviews, where no sign-in tells; whether that is known, or not needed to look."""
    who = access.person()
    if who.name or not access.may("reviewer"):
        return True
    st.info("Enter your name: each decision keeps the name of its reviewer.", icon=":material/person:")
    return bool(access.reviewer_name("review_name"))


@st.cache_resource(max_entries=16, show_spinner=False)
def cut_out(key: str, number: int, _queue: "Queue") -> "ReviewCell":
    """Return a cell of a queue; the next one is made before it is asked for."""
    return _queue.cell(number)


def progress(ids: list[str], deciders: dict[str, set[str]], place: int, done: set[str]) -> None:
    """Say how far the reviewer is, and step to other cells."""
    name = access.person().name
    by_all = sum(bool(deciders.get(one)) for one in ids)
    own = sum(name in deciders.get(one, ()) for one in ids)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        for words, icon, shortcut, explained, other in (
            ("Previous", "chevron_left", "P", "before", (place - 1) % len(ids)),
            ("Next", "chevron_right", "N", "after", (place + 1) % len(ids)),
        ):
            st.button(
                words,
                key=f"review_{words}",
                icon=f":material/{icon}:",
                shortcut=shortcut,
                on_click=open_cell,
                args=(ids[other],),
                help=f"The cell {explained} this one in the list; what you drew stays as it is.",
            )
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
        st.progress(
            by_all / len(ids),
            f"Cell **{place + 1:,}** of {len(ids):,} · **{by_all:,}** of {len(ids):,} decided, {own:,} "
            "by you",
        )


def unsaved(ids: list[str]) -> None:
    """Tell of decisions on other cells that could not be saved."""
    if ids:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(f"{len(ids)} of your decisions on other cells could not be saved yet.", width=520)
            st.button(
                "Open the first",
                on_click=open_cell,
                args=(ids[0],),
                help="There you can try again; your drawing is still here",
            )


def headline(entry: "Entry", cell: "ReviewCell", decided_by_me: bool) -> None:
    """Say which cell it is, and what is known of it.

    How well the model did by the truth is told once the reviewer has decided: before, it would sway them.
    """
    known = [f"**{plain(entry.category)}**"] if entry.category else []
    known.append(plain(entry.name))
    if entry.group != cell.name:  # of a picture that was given it is the digest, which says nothing to people
        known.append(f"smear or slide {plain(entry.group)}")
    if entry.uncertainty is not None:
        known.append(f"uncertainty {entry.uncertainty:.1%}")
    if entry.jaccard is not None and decided_by_me:
        known.append(f"Jaccard with the truth {entry.jaccard:.1%}")
    known.append(f"checkpoint `{plain(cell.checkpoint)}`" if cell.checkpoint else "checkpoint not known")
    st.markdown(" · ".join(known))


@st.fragment
def review(chosen: Chosen, numbers: list[int], second: bool) -> None:
    """Go through cells; all that a reviewer does reruns no more than this."""
    if one_cell(chosen, numbers, second):
        all_reviews()


def one_cell(chosen: Chosen, numbers: list[int], second: bool) -> bool:
    """Show the cell that is open, and what there is to do with it; whether the database answered."""
    entries = [chosen.queue.entries[number] for number in numbers]
    ids, name = [entry.id for entry in entries], access.person().name
    from pap_core.reviews.damage import readable  # databases take half a second to import

    deciders: dict[str, set[str]] = {}
    history: list[Decision] = []
    fault = ""
    try:
        deciders = store().reviewers(ids)
    except InputError as error:
        fault = str(error)
    done = decided(deciders, name, second)
    place = opened(ids, done)
    entry = entries[place]
    try:
        if not fault:
            decisions = store().history(entry.id)
            session().seen[entry.id] = decisions[-1].number if decisions else None
            history, broken = readable(decisions)
            say_damaged(broken, "decision")
    except InputError as error:
        fault = str(error)
    progress(ids, deciders, place, done)
    unsaved([one for one in ids if one in session().unsaved and one != entry.id])
    if fault:
        faulty()
        st.error(f"{plain(fault)} You can go on drawing; what you drew stays here.")
        st.button("Look again", icon=":material/refresh:", help="Asks the database once more")
    try:
        cell = cut_out(chosen.key, numbers[place], chosen.queue)
    except InputError as error:
        st.error(plain(str(error)))
        return not fault
    headline(entry, cell, name in deciders.get(entry.id, ()))
    notice(history, session().since.get(cell.id, []), name)
    following_id = ids[following(ids, place, done | {cell.id})]
    with st.container(horizontal=True, gap="medium"):  # beside each other where there is room for both
        with st.container(width=CANVAS):
            drawn = canvas(cell, begin(cell, history), drawing_key(cell.id))
        with st.container(width=PANEL):
            decide_panel(cell, entry.name, drawn, chosen.categories, partial(saved, following_id))
            figures(cell, drawn)
    st.caption(f"{KEYS} {NOTES}")
    show_history(cell, history, drawn)
    with suppress(InputError):  # told when it is opened
        cut_out(chosen.key, numbers[ids.index(following_id)], chosen.queue)
    return not fault


def saved(following_id: str) -> None:
    """Go on to the next cell once a decision is on disk."""
    st.session_state[SAVED] = following_id
    open_cell(following_id)


def all_reviews() -> None:
    """Show what came of all that was decided."""
    try:
        reviews = store()
        agreement(reviews)
        exports(reviews)
    except InputError as error:
        st.error(plain(str(error)))


# Layout

enter()
with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
    st.title("Review", anchor=False, width="content")
    queue_menu = st.popover("What to review", icon=":material/checklist:", help=QUEUE_HELP)
st.markdown(PURPOSE)
try:
    chosen, numbers = None, []
    if named := reviewer():
        with queue_menu:  # beside the title, so that the cell is seen without scrolling
            if chosen := choose_queue():
                numbers = choose_order(chosen.queue.entries)
                second = st.toggle("Second opinion", key=SECOND, bind="query-params", help=SECOND_HELP)
    if numbers:
        review(chosen, numbers, second)
    else:
        if chosen:
            st.info("No cell of these categories is in the queue: choose others under **What to review**.")
        elif named:
            st.info(f"There is nothing to review yet: {CHOOSE}", icon=":material/checklist:")
        all_reviews()
except InputError as error:
    st.error(plain(str(error)))
