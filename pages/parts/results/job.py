"""Evaluations under way: each in a thread of the server, so that it outlives a reload and all may watch."""

import logging
import threading
import time
from dataclasses import dataclass, field

import streamlit as st

from pages.shared import access
from pages.shared.datasets import attempt
from pages.shared.model import Model
from pap_core.errors import InputError
from pap_core.evaluation.store import TestSplit, evaluate_and_keep


@dataclass
class Job:
    """One evaluation, written by its thread and read by every page that watches it."""

    total: int  # crops
    done: int = 0
    started: float = field(default_factory=time.monotonic)
    finished: bool = False
    stopped: bool = False  # a person asked for it
    error: str = ""

    def left(self) -> str:
        """Say how long it will take yet, at the rate measured so far."""
        if not self.done:
            return "measuring the rate"
        seconds = (time.monotonic() - self.started) / self.done * (self.total - self.done)
        return f"about {seconds:.0f} s left" if seconds < 100 else f"about {seconds / 60:.0f} min left"


class _Stopped(Exception):
    """The evaluation is not wanted any more."""


class _Turns:
    """A segmenter that takes turns with the pages: between its batches others may have the model."""

    def __init__(self, model: Model):
        segmenter = model.segmenter
        self.model, self.name, self.digest = model, segmenter.name, segmenter.digest
        self.parameters = segmenter.parameters

    def generate(self, squares):
        """Generate colour maps as the segmenter does."""
        with self.model.lock:
            return self.model.segmenter.generate(squares)


@st.cache_resource(show_spinner=False)
def _jobs() -> dict[tuple[str, str], Job]:
    return {}


_starting = threading.Lock()


def current(checkpoint: str, split: TestSplit) -> Job | None:
    """Return the evaluation of a checkpoint's digest on a test split that runs, or failed last."""
    return _jobs().get((checkpoint, split.digest))


def start(model: Model, split: TestSplit) -> None:
    """Start an evaluation, unless somebody has. Raises as `access.require`."""
    access.require("reviewer")
    key = model.digest, split.digest
    jobs = _jobs()
    with _starting:
        if key in jobs and not jobs[key].finished:
            return
        job = jobs[key] = Job(split.crops)
    threading.Thread(target=_run, args=(job, model, split), daemon=True).start()


def _run(job: Job, model: Model, split: TestSplit) -> None:
    def progress(done: int, total: int) -> None:
        if job.stopped:
            raise _Stopped
        job.done, job.total = done, total

    try:
        evaluate_and_keep(_Turns(model), split, progress)
    except _Stopped:
        pass
    except InputError as error:
        job.error = str(error)
    except Exception as error:  # nobody else would hear of it
        logging.getLogger(__name__).exception("evaluation on %s", split.folder)
        job.error = f"The evaluation ended with {type(error).__name__}: {error}; try again."
    finally:
        job.finished = True


@st.fragment(run_every=1.0)
def watch(job: Job) -> None:
    """Show how far an evaluation is, until it ends."""
    if job.finished:
        st.rerun(scope="app")
    share = job.done / max(job.total, 1)
    st.progress(share, f"Evaluating: {job.done:,} of {job.total:,} crops, {job.left()}")
    # at the right, where the button that starts one never is: a second click on either meets nothing
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.caption("It continues when you leave the page, and is kept once done.")
        pressed = st.button(
            "Stop",
            icon=":material/stop:",
            disabled=not access.may("reviewer"),
            on_click=attempt,
            args=(access.act, "reviewer", _stop, job),
            help=access.hint("reviewer", "End the evaluation; partial results are discarded."),
        )
    if pressed:
        st.rerun(scope="app")  # something may be to be refused


def _stop(job: Job) -> None:
    job.stopped = True
    st.toast("The evaluation stops after the crops at hand.")
