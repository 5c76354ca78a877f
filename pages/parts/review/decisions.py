"""Decisions on their way to the database: taken, refused, kept in mind when they could not be saved."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from pages.parts.review.canvas import current, reset
from pages.parts.review.words import forget, words
from pages.shared import access
from pages.shared.reviews import faulty, store
from pap_core.errors import InputError
from pap_core.outlines import Outlines
from pap_core.reviews.records import ACCEPTED, CORRECTED, REJECTED, Decision, ReviewCell

NAMED = "review_named"  # of the session: whether the file's name is kept
_SESSION = "review_session"


@dataclass
class Session:
    """What the reviewer was shown and could not save yet, by cell id; for as long as the page is open."""

    seen: dict[str, int | None]  # number of the latest decision shown
    basis: dict[str, int | None]  # number of the decision whose outlines the drawing began with
    unsaved: dict[str, Decision]
    refused: dict[str, tuple[str, str]]  # verdict, and a sentence that tells why it is not saved
    since: dict[str, list[Decision]]  # of others, learnt of when saving


def session() -> Session:
    """Return what is remembered of this session."""
    return st.session_state.setdefault(_SESSION, Session({}, {}, {}, {}, {}))


def drawing_key(cell: str) -> str:
    """Return the key under which the drawing of the cell of that id is kept."""
    return f"review_drawing_{cell[:16]}"


def begin(cell: ReviewCell, history: list[Decision]) -> Outlines:
    """Return the outlines that a drawing begins with: the reviewer's own latest, else the model's.

    What others drew is shown beside, not begun with: two who agree should have come to it by themselves. It
    stays what it was until the drawing is saved, however the history grows.

    Args:
        cell: under review.
        history: all its decisions, oldest first.
    """
    now = session()
    if cell.id not in now.basis:
        person = access.person()
        own = [one for one in history if one.reviewer == person.name or not access.may("reviewer")]
        now.basis[cell.id] = own[-1].number if own else None
    began = [one.after for one in history if one.number == now.basis[cell.id]]
    return began[0] if began else cell.before


def decide(verdict: str, cell: ReviewCell, name: str, saved: Callable[[], None]) -> None:
    """Save a decision on a cell as it is drawn now; what stands against it is told on the page.

    Args:
        verdict: one of `pap_core.reviews.records.VERDICTS`.
        cell: under review.
        name: of its file, kept where the person opted in.
        saved: called when it is on disk and nobody else decided meanwhile.
    """
    now = session()
    now.refused.pop(cell.id, None)
    now.since.pop(cell.id, None)
    drawn = current(drawing_key(cell.id), cell.before)
    try:
        access.require("reviewer")
        if sentence := stands(verdict, cell, drawn):
            raise InputError(sentence)
    except InputError as error:
        now.refused[cell.id] = verdict, str(error)
        return
    decision = _decision(verdict, cell, drawn)
    if (unsaved := now.unsaved.get(cell.id)) and replace(decision, key=unsaved.key) == unsaved:
        decision = unsaved  # it may have come to the disk after all, and is not to be there twice
    if st.session_state.get(NAMED):
        cell = replace(cell, name=name)
    try:
        outcome = store().save(cell, decision, now.seen.get(cell.id))
    except InputError as error:
        faulty()
        now.unsaved[cell.id], now.refused[cell.id] = decision, (verdict, str(error))
        return
    now.unsaved.pop(cell.id, None)
    now.basis.pop(cell.id, None)
    forget(cell.id)
    reset(drawing_key(cell.id))
    if outcome.since:
        now.since[cell.id] = outcome.since
    else:
        saved()


def stands(verdict: str, cell: ReviewCell, drawn: Outlines) -> str:
    """Return what stands against a verdict as things are now, "" where nothing does.

    Args:
        verdict: one of `pap_core.reviews.records.VERDICTS`.
        cell: under review.
        drawn: its outlines as they are now.
    """
    if verdict == REJECTED:
        return "" if words(cell.id).reason else "Not rejected yet: choose a reason."
    if not (drawn.cell and drawn.nucleus):
        missing = "nucleus" if drawn.cell else "cell"
        return f"There is no outline of the {missing}: draw it and save that, or reject the cell."
    if verdict == ACCEPTED and drawn != cell.before:
        return (
            "The outlines are not the model's any more: save the correction, or reset the drawing to accept."
        )
    if verdict == CORRECTED and drawn == cell.before:
        return "The outlines are still the model's: accept them, or correct them first."
    return ""


def _decision(verdict: str, cell: ReviewCell, drawn: Outlines) -> Decision:
    said = words(cell.id)
    return Decision(
        cell=cell.id,
        reviewer=access.person().name,
        verdict=verdict,
        checkpoint=cell.checkpoint,
        before=cell.before,
        after=drawn,
        reason=said.reason if verdict == REJECTED else "",
        category="" if said.category == cell.category else said.category,  # who reads blind may agree
        remark=said.remark,
    )
