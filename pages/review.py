"""Review: cells one after the other; edit the model's outlines, decide, and open the next."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.review.agreement import agreement
from pages.parts.review.blind import HIDDEN, choose_blind, is_hidden
from pages.parts.review.canvas import canvas, prepare
from pages.parts.review.decide import decide_panel, remarks, trouble
from pages.parts.review.decisions import begin, drawing_key, session
from pages.parts.review.desk import cell_column, decisions_column, desk, furnish, tools_column
from pages.parts.review.exports import exports
from pages.parts.review.figures import figures
from pages.parts.review.history import notice, show_history
from pages.parts.review.known import Known, deciders_of, look_up
from pages.parts.review.place import SECOND, SECOND_HELP, choose_order, decided, following, opened
from pages.parts.review.progress import headline, progress, saved, unsaved
from pages.parts.review.queues import Chosen, choose_queue
from pages.shared import access
from pages.shared.damaged import say_damaged
from pages.shared.display import plain
from pages.shared.front import enter
from pages.shared.heading import heading
from pages.shared.reviews import store
from pap_core.errors import InputError

if TYPE_CHECKING:
    from pap_core.reviewing.queue import Queue
    from pap_core.reviews.records import ReviewCell

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
KEYS = """
| Key | |
|:--|:--|
| **V** · **P** · **F** | move and edit · polygon · free-hand |
| **B** · **E** | brush that adds · brush that takes away |
| **[** · **]** | brush thinner · wider |
| **Del** | take off the chosen outline |
| **Ctrl+Z** · **Ctrl+Y** | undo · redo |
| **1** to **4** | reason to reject |
| **A** · **S** · **X** | accept · save the correction · reject |
| **←** · **→** or **N** | previous · next cell |
| **U** | next undecided |

Keys are off while you type.
"""
FIGURES = 652  # px, their width


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


@st.fragment
def review(chosen: Chosen, numbers: list[int], second: bool, blind: bool) -> None:
    """Go through cells; all that a reviewer does reruns no more than this."""
    if one_cell(chosen, numbers, second, blind):
        all_reviews()


def one_cell(chosen: Chosen, numbers: list[int], second: bool, blind: bool) -> bool:
    """Show the cell that is open, and what there is to do with it; whether the database answered."""
    entries = [chosen.queue.entries[number] for number in numbers]
    ids, name = [entry.id for entry in entries], access.person().name
    known = deciders_of(ids)
    done = decided(known.deciders, name, second)
    place = opened(ids, done)
    entry = entries[place]
    look_up(known, entry.id)
    hidden = is_hidden(blind, known.deciders.get(entry.id, set()))
    try:
        cell, missing = cut_out(chosen.key, numbers[place], chosen.queue), ""
    except InputError as error:
        cell, missing = None, str(error)
    following_id = ids[following(ids, place, done | {entry.id})]
    go_on = partial(saved, following_id)
    with desk():
        places = tools_column(), cell_column()
        drawn = canvas(cell, begin(cell, known.history), drawing_key(cell.id), *places) if cell else None
        with places[1]:
            if missing:
                st.error(plain(missing))
            headline(entry, cell, hidden)
        with decisions_column():
            progress(ids, known.deciders, place, done)
            if cell and drawn:
                decide_panel(cell, entry.name, drawn, go_on)
            with st.container(key="review_messages"):  # what appears pushes no button away
                messages(known, [one for one in ids if one in session().unsaved and one != entry.id])
                if cell and drawn:
                    trouble(cell, entry.name, drawn, go_on)
                    if not hidden:
                        notice(known.history, session().since.get(cell.id, []), name)
            if cell:
                remarks(cell, chosen.categories, hidden)
    st.caption(f"{HIDDEN} {NOTES}" if hidden else NOTES)
    if cell and drawn and not hidden:
        with st.container(width=FIGURES):
            figures(cell, drawn)
        show_history(cell, known.history, drawn)
    with suppress(InputError):  # told when it is opened
        prepare(cut_out(chosen.key, numbers[ids.index(following_id)], chosen.queue))
    return not known.fault


def messages(known: Known, elsewhere: list[str]) -> None:
    """Say what is not in order with the database; `elsewhere` are other cells, not saved."""
    say_damaged(known.broken, "decision")
    unsaved(elsewhere)
    if known.fault:
        st.error(f"{plain(known.fault)} You can go on drawing; what you drew stays here.")
        st.button("Look again", icon=":material/refresh:", help="Asks the database once more")


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
furnish()
with heading("Review"):
    queue_menu = st.popover("What to review", icon=":material/checklist:", help=QUEUE_HELP)
    with st.popover("Keys", icon=":material/keyboard:", help="What each key does"):
        st.markdown(f"{PURPOSE}\n{KEYS}")
try:
    chosen, numbers = None, []
    if named := reviewer():
        with queue_menu:  # beside the title, so that the cell is seen without scrolling
            if chosen := choose_queue():
                numbers = choose_order(chosen.queue.entries)
                second = st.toggle("Second opinion", key=SECOND, bind="query-params", help=SECOND_HELP)
                blind = choose_blind(chosen.key)
    if numbers:
        review(chosen, numbers, second, blind)
    else:
        st.markdown(PURPOSE)
        if chosen:
            st.info("No cell of these categories is in the queue: choose others under **What to review**.")
        elif named:
            st.info(f"There is nothing to review yet: {CHOOSE}", icon=":material/checklist:")
        all_reviews()
except InputError as error:
    st.error(plain(str(error)))
