"""What a reviewer says of a cell beside its outlines: reason, category, remark; kept until it is saved."""

from dataclasses import dataclass, replace

import streamlit as st

from pap_core.reviews.records import REASONS, ReviewCell

REASON_HELP = "Why the cell cannot be used; needed to reject it, and kept with that alone."
CATEGORY_HELP = (
    "If you disagree with the category, choose yours, or type one that is not listed. Empty leaves it as it "
    "is."
)
REMARK_HELP = "Anything the next one to look at this cell should know. Leave out what names a patient."
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


def ask(cell: ReviewCell, categories: list[str], disabled: bool) -> None:
    """Ask for reason, category and remark.

    Args:
        cell: under review.
        categories: to choose among.
        disabled: for one who may not save.
    """
    said, key = words(cell.id), cell.id[:16]
    if said.category and said.category not in categories:
        categories = [*categories, said.category]

    def take(field: str, widget: str) -> None:
        held = st.session_state.setdefault(_WORDS, {})
        held[cell.id] = replace(words(cell.id), **{field: st.session_state[widget] or ""})

    def widget(field: str) -> dict:
        name = f"review_{field}_{key}"
        st.session_state.setdefault(name, getattr(said, field) or None)
        return {"key": name, "on_change": take, "args": (field, name), "disabled": disabled}

    st.pills("Reason to reject", REASONS, help=REASON_HELP, **widget("reason"))
    st.selectbox(
        f"Another category than {cell.category}" if cell.category else "Category",
        [one for one in categories if one != cell.category],
        index=None,
        placeholder="As it is" if cell.category else "Not known",
        accept_new_options=True,
        help=CATEGORY_HELP,
        **widget("category"),
    )
    st.text_input("Remark", max_chars=LONGEST, placeholder="None", help=REMARK_HELP, **widget("remark"))
