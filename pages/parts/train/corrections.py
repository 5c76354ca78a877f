"""Corrections to train on: what clinicians reviewed, as a data set beside those that were chosen."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import access, datasets
from pages.shared.builds import STATES
from pages.shared.display import plain
from pages.shared.reviews import store
from pap_core.data import build_job
from pap_core.data.build_job import Build
from pap_core.data.composition import Composition
from pap_core.data.described import FILE as DESCRIBED
from pap_core.errors import InputError
from pap_core.workspace import datasets as folder_of_datasets

if TYPE_CHECKING:
    from pap_core.reviews.store import Reviews

KEY = "train_corrections"
HELP = (
    "Cells that were accepted or corrected on the Review page become a data set of their own, as their "
    "latest decisions have them, and are used with the data sets chosen. A slide or smear that one of these "
    "tests on stays on the test side; one that none of them knows is split as usual."
)
NONE = "Nothing was accepted or corrected yet: review cells on the Review page first."
ALL_TESTED = (
    "None of the {count} corrections is learnt from: all are of slides or smears that stay on the test side. "
    "Review cells of other smears, or switch the corrections off to train on the data sets alone."
)


def offer(key: str = KEY) -> "Reviews | None":
    """Let the person ask for corrections; returns the reviews where that is so."""
    try:
        reviews = store()
        count = reviews.usable()
    except InputError as error:
        st.caption(f"Corrections cannot be used: {plain(str(error))}")
        return None
    asked = st.toggle(
        f"With {count:,} correction{'' if count == 1 else 's'}",
        key=key,
        disabled=not count or not access.may("trainer"),
        persist_state="session",
        help=access.hint("trainer", HELP if count else f"{NONE} {HELP}"),
    )
    return reviews if asked and count and access.may("trainer") else None


def material(reviews: "Reviews", beside: Sequence[Path]) -> Composition | None:
    """Return the data set of the corrections, to be used with others; None while there is none to use.

    It is built once for the same decisions beside the same data sets; the first call starts that, and shows
    how far it is.

    Args:
        reviews: what was decided.
        beside: the data sets chosen.

    Raises:
        InputError: the database cannot be read, or the workspace not be written.
    """
    name = name_of(reviews, beside)
    folder = folder_of_datasets() / name
    if not (folder / DESCRIBED).is_file():
        _built(name, lambda: _begin(name, reviews, beside))
        return None
    found = datasets.composition(folder)
    if not (found.cells["split"] == "train").any():
        st.info(ALL_TESTED.format(count=f"{len(found.cells):,}"))
        return None
    st.caption(_told(found))
    return found


def name_of(reviews: "Reviews", beside: Sequence[Path]) -> str:
    """Return what the data set is called: another name for other decisions, or beside other data sets."""
    digests = sorted(datasets.composition(folder).described["digest"] for folder in beside)
    told = " ".join([reviews.digest(), *digests])
    return f"reviews-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def _begin(name: str, reviews: "Reviews", beside: Sequence[Path]) -> None:
    access.require("trainer")
    options = {"beside": [str(folder.resolve()) for folder in beside]}
    with st.spinner("Taking the corrections out of the database…"):
        build_job.from_reviews(name, reviews, options)


def _built(name: str, begin: Callable[[], None]) -> None:
    """Start to build the data set, unless somebody has, and show how far that is."""
    if Build(build_job.builds() / name).progress() is None:
        begin()
    _waiting(name)


@st.fragment(run_every=1.0)
def _waiting(name: str) -> None:
    job = Build(build_job.builds() / name)
    progress = job.progress()
    if progress is None:  # done, or deleted by somebody
        st.rerun()
    if progress.at_work:
        done = progress.done / progress.total if progress.total else 0.0
        st.progress(done, text=f"The data set of the corrections is being built: {STATES[progress.state]}")
        return
    said = plain(progress.error) or STATES[progress.state]
    st.error(f"The data set of the corrections was not built: {said}")
    st.button(
        "Build it again",
        key="train_corrections_again",
        icon=":material/refresh:",
        disabled=not access.may("trainer"),
        on_click=datasets.attempt,
        args=(access.act, "trainer", job.delete),
        help=access.hint(
            "trainer", "Takes the corrections out of the database anew, and begins from the start"
        ),
    )


def _told(found: Composition) -> str:
    """Say what becomes of the corrections."""
    sides = found.cells["split"].value_counts()
    train, test = int(sides.get("train", 0)), int(sides.get("test", 0))
    settled = found.described.get("settled", {}).get("test", 0)
    told = f"Corrections: {train:,} to learn from, {test:,} kept for the test"
    if settled:
        told += f"; {settled:,} of these are of test slides and stay on the test side"
    return f"{told}. {len(found.skipped):,} cannot be used." if len(found.skipped) else f"{told}."
