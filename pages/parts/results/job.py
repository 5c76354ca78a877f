"""An evaluation on its way: begun, and watched while its process is at work."""

import time
from pathlib import Path

import streamlit as st

from pages.shared import access
from pages.shared.datasets import attempt
from pages.shared.display import plain
from pages.shared.words import duration
from pap_core.evaluation import job
from pap_core.evaluation.job import Evaluation, Progress
from pap_core.evaluation.store import TestSplit


def at_work(checkpoint: str, split: TestSplit) -> Evaluation | None:
    """Return the evaluation of a checkpoint's digest on a test split while a process is at it."""
    evaluation = job.of(checkpoint, split)
    return evaluation if evaluation.at_work else None


def show_failure(checkpoint: str, split: TestSplit) -> None:
    """Say why the last evaluation came to nothing, if it did."""
    told = job.of(checkpoint, split).progress()
    if told and told.error:
        st.error(plain(told.error))


def start(folder: Path, checkpoint: str, split: TestSplit) -> None:
    """Start an evaluation, unless somebody has. Raises as `access.require`."""
    access.require("reviewer")
    if not at_work(checkpoint, split):
        job.start(folder, checkpoint, split)


@st.fragment(run_every=1.0)
def watch(evaluation: Evaluation) -> None:
    """Show how far an evaluation is, until it ends."""
    told = evaluation.progress()
    if told is None or not told.at_work:
        st.rerun(scope="app")
    st.progress(told.done / told.total if told.total else 0.0, _words(told))
    # at the right, where the button that starts one never is: a second click on either meets nothing
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption("It continues when you leave the page, and is kept once done.")
        pressed = st.button(
            "Stop",
            icon=":material/stop:",
            disabled=told.state == "stopping" or not access.may("reviewer"),
            on_click=attempt,
            args=(access.act, "reviewer", evaluation.stop),
            help=access.hint("reviewer", "End the evaluation; partial results are discarded."),
        )
    if pressed:
        st.rerun(scope="app")  # something may be to be refused


def _words(told: Progress) -> str:
    if told.queue_place > 1:
        return "Waiting until another evaluation is done"
    if told.state == "stopping":
        return "Stopping"
    if not told.done:
        return f"Evaluating {told.total:,} crops: the model is being loaded"
    seconds = (time.time() - told.begun) / told.done * (told.total - told.done)
    if told.done == told.total:
        return f"Evaluated {told.total:,} crops; the time that one takes is being measured"
    return f"Evaluating: {told.done:,} of {told.total:,} crops, about {duration(seconds)} left"
