"""What the database knows of the cells listed and of the one that is open, read once a rerun."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pages.parts.review.decisions import session
from pages.shared.reviews import faulty, store
from pap_core.errors import InputError

if TYPE_CHECKING:
    from pap_core.reviews.records import Decision


@dataclass
class Known:
    """What was found; empty where the database did not answer."""

    deciders: dict[str, set[str]] = field(default_factory=dict)  # by cell id
    history: "list[Decision]" = field(default_factory=list)  # of the cell that is open, oldest first
    broken: dict[str, str] = field(default_factory=dict)  # its decisions that cannot be read, and why
    fault: str = ""  # a sentence, where the database did not answer


def deciders_of(ids: Sequence[str]) -> Known:
    """Return who has decided on which of these cells."""
    try:
        return Known(store().reviewers(ids))
    except InputError as error:
        faulty()
        return Known(fault=str(error))


def look_up(known: Known, cell: str) -> None:
    """Find what was decided on the cell of that id, too; the reviewer counts as having been told of it."""
    from pap_core.reviews.damage import readable  # databases take half a second to import

    if known.fault:
        return
    try:
        decisions = store().history(cell)
        session().seen[cell] = decisions[-1].number if decisions else None
        known.history, known.broken = readable(decisions)
    except InputError as error:
        faulty()
        known.fault = str(error)
