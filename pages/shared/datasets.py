"""The data sets of the workspace, and the ready one that makes itself."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import psutil
import streamlit as st

from pages.shared import access
from pages.shared.display import plain
from pap_core.data import build_job
from pap_core.data.build_job import Build, Progress
from pap_core.data.composition import Composition, read
from pap_core.data.described import FILE as DESCRIBED
from pap_core.errors import InputError
from pap_core.jobs.job import FAILED, LOST, STOPPED
from pap_core.jobs.removal import remove
from pap_core.workspace import datasets

READY = "phantoms"
SMEARS = 10
_REFUSAL = "dataset_refusal"  # key of a sentence
_STARTED = psutil.Process().create_time()
_DOING = {
    "painting": "painting smears",
    "reading": "reading the smears",
    "cutting": "cutting out the cells",
}


def listed() -> dict[str, Path]:
    """Return the finished data set folders of the workspace by name."""
    try:
        folders = sorted(datasets().iterdir())
    except OSError:
        return {}
    return {
        folder.name: folder
        for folder in folders
        if not folder.name.startswith(".") and (folder / DESCRIBED).is_file()
    }


def ready_set() -> Path | None:
    """Return the ready phantom data set; None while it is being made, which the first call starts.

    It is made once, in the background, with the lowest priority: whoever comes second finds the work
    begun, work that was killed is taken up again, and work that failed is tried once more by each server.
    """
    folder = datasets() / READY
    if (folder / DESCRIBED).is_file():
        return folder
    job = Build(build_job.builds() / READY)
    progress = job.progress()
    try:
        if progress is None:
            build_job.phantoms(READY, SMEARS)
        elif progress.state == LOST or (
            progress.state in (FAILED, STOPPED) and progress.heartbeat < _STARTED
        ):
            job.start()
    except InputError:
        pass  # taken by another session in this moment, or not to be written: `waiting` says which
    return None


def waiting() -> None:
    """Say how far the ready data set is, and show the page anew once it is there."""
    if ready_set() is None:
        _waiting()


@st.fragment(run_every=2.0)
def _waiting() -> None:
    if ready_set() is not None:
        st.rerun()
    job = Build(build_job.builds() / READY)
    progress = job.progress()
    if progress is None:
        st.info(
            f"The ready data set of phantoms cannot be made: {plain(str(build_job.builds()))} cannot be "
            "written. Name another folder in the environment variable PAP_WORKSPACE and start the program "
            "again.",
            icon=":material/info:",
        )
    elif progress.state in (FAILED, STOPPED):
        st.warning(
            f"The ready data set of phantoms was not made: {plain(progress.error) or 'it was stopped'}",
            icon=":material/warning:",
        )
        st.button(
            "Try again",
            key="ready_again",
            on_click=_again,
            args=(job,),
            disabled=not access.may("trainer"),
            help=access.hint("trainer", "Goes on where it was, if it can"),
        )
    else:
        st.info(
            f"A first data set is being made in the background: {SMEARS} phantom smears and their cells. "
            "Everything else works meanwhile.",
            icon=":material/hourglass_top:",
        )
        st.progress(_share(progress), text=_words(progress))


def _again(job: Build) -> None:
    with contextlib.suppress(InputError):  # `waiting` says why
        access.act("trainer", job.start)


def _share(progress: Progress) -> float:
    """Return how much of the whole is done; to paint takes the longer."""
    part = progress.done / progress.total if progress.total else 0.0
    return {"painting": 0.8 * part, "reading": 0.8, "cutting": 0.8 + 0.2 * part}.get(progress.state, 0.0)


def _words(progress: Progress) -> str:
    counted = f" {progress.done} of {progress.total}" if progress.total else ""
    return f"Ready set: {_DOING.get(progress.state, 'starting')}{counted}"


def composition(folder: Path) -> Composition:
    """Return what a data set is made of, read anew only when it has changed.

    Raises:
        InputError: it is gone, or no data set that this version made.
    """
    try:
        changed = (folder / DESCRIBED).stat().st_mtime_ns
    except OSError:
        changed = 0
    return _composition(str(folder.absolute()), changed)


@st.cache_data(max_entries=8, show_spinner="Reading the data set…")
def _composition(folder: str, changed: int) -> Composition:
    return read(Path(folder))


def attempt(act: Callable[..., None], *arguments: object) -> None:
    """Do what a button asks for; what stands against it is said by `refusal` in the run that follows."""
    try:
        act(*arguments)
    except InputError as error:
        st.session_state[_REFUSAL] = str(error)


def refusal() -> None:
    """Say, once, why the last `attempt` came to nothing, if it did."""
    if sentence := st.session_state.pop(_REFUSAL, None):
        st.error(plain(sentence))


def delete(name: str) -> None:
    """Delete a data set of the workspace; the ready one stays. Raises as `access.require`."""
    access.require("trainer")
    folder = listed().get(name)
    if folder is not None and name != READY:
        remove(folder)
