"""What a reviewer says of a cell beside its outlines: reason, category, remark; kept until it is saved."""

from dataclasses import dataclass, replace

import streamlit as st

from pages.shared import access
from pap_core.reviews.records import REASONS, ReviewCell

REASON_HELP = "Why the cell cannot be used; needed to reject it, and kept with that alone."
CATEGORY_HELP = (
    "If you disagree with the category, choose yours, or type one that is not listed. Empty leaves it as it "
    "is."
)
REMARK_HELP = "Anything the next one to look at this cell should know. Leave out what names a patient."
DIGITS = [str(number) for number in range(1, len(REASONS) + 1)]  # keys
LONGEST = 500  # characters of a remark
_WORDS = "review_words"  # of the session: by cell id; widgets forget what is not on the screen


@dataclass(frozen=True)
class Words:
    """What was said of a cell so far."""

    reason: str = ""
    category: str = ""
    remark: str = ""


def words(cell: str) -> Words:
    """Return what was said of the cell of that id so far, as the widgets have it now."""
    return st.session_state.get(_WORDS, {}).get(cell, Words())


def forget(cell: str) -> None:
    """Begin anew with a cell."""
    st.session_state.get(_WORDS, {}).pop(cell, None)


def ask_reason(cell: ReviewCell, disabled: bool) -> None:
    """Ask why a cell is rejected; `disabled` for one who may not save."""
    st.pills(
        "Reason to reject",
        REASONS,
        format_func=lambda reason: f"{reason} :gray[{REASONS.index(reason) + 1}]",
        help=REASON_HELP,
        **_widget(cell.id, "reason", disabled),
    )


def press_reason(cell: str, digit: str) -> None:
    """Choose the reason of that digit for the cell of that id, or take it back; for callbacks."""
    if access.may("reviewer") and digit in DIGITS:
        reason = REASONS[DIGITS.index(digit)]
        _say(cell, "reason", "" if words(cell).reason == reason else reason)
        st.session_state[_key(cell, "reason")] = words(cell).reason or None


def ask(cell: ReviewCell, categories: list[str], hidden: bool, disabled: bool) -> None:
    """Ask for category and remark.

    Args:
        cell: under review.
        categories: to choose among.
        hidden: whether the cell's category is not told yet.
        disabled: for one who may not save.
    """
    said = words(cell.id)
    if said.category and said.category not in categories:
        categories = [*categories, said.category]
    known = bool(cell.category) and not hidden
    st.selectbox(
        f"Another category than {cell.category}" if known else "Category",
        [one for one in categories if one != cell.category or hidden or one == said.category],
        index=None,
        placeholder="As it is" if known else "Not said" if hidden else "Not known",
        accept_new_options=True,
        help=CATEGORY_HELP,
        **_widget(cell.id, "category", disabled),
    )
    st.text_input(
        "Remark",
        max_chars=LONGEST,
        placeholder="None",
        help=REMARK_HELP,
        **_widget(cell.id, "remark", disabled),
    )


def _key(cell: str, field: str) -> str:
    return f"review_{field}_{cell[:16]}"


def _say(cell: str, field: str, value: str) -> None:
    held = st.session_state.setdefault(_WORDS, {})
    held[cell] = replace(words(cell), **{field: value})


def _widget(cell: str, field: str, disabled: bool) -> dict:
    """Return what a widget is given that asks for something: what was said so far, for one."""
    key = _key(cell, field)
    st.session_state.setdefault(key, getattr(words(cell), field) or None)

    def take() -> None:
        _say(cell, field, st.session_state[key] or "")

    return {"key": key, "on_change": take, "disabled": disabled}
