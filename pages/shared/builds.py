"""The builds that are not done: how far they are, and what can be done with them."""

from collections.abc import Callable

import streamlit as st

from pages.shared import access
from pages.shared.datasets import READY, attempt, listed
from pages.shared.display import plain
from pap_core.data import build_job
from pap_core.data.build_job import Build, Progress
from pap_core.jobs.job import FAILED, STOPPING

WATCHED = "build_watched"  # key of the names of the builds this session waits for
_DELETING = "build_deleting"  # key of the name of the build that is asked about
STATES = {
    "starting": "starting",
    "queued": "waiting until another build is done",
    "waiting": "waiting until another build is done",
    "unpacking": "unpacking",
    "painting": "painting smears",
    "reading": "reading what the source holds",
    "cutting": "cutting out the cells",
    "stopping": "stopping",
    "lost": "interrupted before it was done",
    "stopped": "stopped",
    "failed": "could not be built",
}


def builds() -> None:
    """Show the builds that are not done, of everybody, and how far they are."""
    found = _found()
    if (name := st.session_state.pop(_DELETING, None)) in found:
        _confirm(Build(build_job.builds() / name))  # a dialog of the fragment would go as that is drawn anew
    if found:
        # without one at work there is nothing to watch
        st.fragment(_builds, run_every=1.0 if any(progress.at_work for progress in found.values()) else None)(
            {name: progress.at_work for name, progress in found.items()}
        )


def _found() -> dict[str, Progress]:
    # of the ready set, `datasets.waiting` tells
    others = (job for job in build_job.listed() if job.name != READY)
    return {job.name: progress for job in others if (progress := job.progress())}


def _builds(before: dict[str, bool]) -> None:
    found = _found()
    if {name: progress.at_work for name, progress in found.items()} != before:
        st.rerun()
    st.subheader("Builds", anchor=False)
    for name, progress in found.items():
        with st.container(border=True, key=f"build_{name}"):
            _card(Build(build_job.builds() / name), progress)


def _card(job: Build, progress: Progress) -> None:
    """Show a build; each button has a place of its own, so that a second click on one meets no other."""
    st.markdown(f"**{plain(job.name)}**: {STATES[progress.state]}")
    at_work, stopping = progress.at_work, progress.state == STOPPING
    left = progress.state != FAILED or (job.folder / build_job.RESULT).exists()
    with st.container(horizontal=True):
        pressed = [
            _action(
                job,
                "Stop",
                "stop",
                job.stop,
                at_work and not stopping,
                "What is done is kept, and can be continued",
            ),
            _action(job, "Continue", "play_arrow", job.start, not at_work and left, "Goes on where it was"),
        ]
        st.button(
            "Delete",
            key=f"delete_{job.name}",
            icon=":material/delete:",
            disabled=at_work or not access.may("trainer"),
            on_click=attempt,
            args=(access.act, "trainer", st.session_state.update, {_DELETING: job.name}),
            help=access.hint("trainer", "Of a build that is not at work. Asks before it deletes"),
        )
    if at_work:
        st.progress(progress.done / progress.total if progress.total else 0.0, text=_counted(progress))
    if progress.error:
        st.error(plain(progress.error))
    if any(pressed) or _DELETING in st.session_state:
        st.rerun()  # the whole page: it may have something to refuse


def _action(job: Build, label: str, icon: str, do: Callable[[], None], enabled: bool, explained: str) -> bool:
    return st.button(
        label,
        key=f"{label.lower()}_{job.name}",
        icon=f":material/{icon}:",
        disabled=not (enabled and access.may("trainer")),
        on_click=attempt,
        args=(access.act, "trainer", do),
        help=access.hint("trainer", explained),
    )


@st.dialog("Delete a build")
def _confirm(job: Build) -> None:
    st.markdown(
        f"Delete the build **{plain(job.name)}**, what is done of it, and what was uploaded for it? The "
        "folder of a source stays."
    )
    with st.container(horizontal=True):
        deleted = st.button(
            "Delete it",
            on_click=attempt,
            args=(access.act, "trainer", job.delete),
            help="This cannot be taken back",
        )
        if st.button("Keep it", help="Closes this question") or deleted:
            st.rerun()


def _counted(progress: Progress) -> str:
    if not progress.total:
        return STATES[progress.state].capitalize()
    if progress.state == "unpacking":
        return f"Unpacked {progress.done / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB"
    return f"{progress.done:,} of {progress.total:,} pictures done"


def finished() -> str | None:
    """Return the name of a build this session waited for and that is done now, once."""
    names = st.session_state.get(WATCHED, [])
    for name in [one for one in names if Build(build_job.builds() / one).progress() is None]:
        names.remove(name)
        if name in listed():
            return name
    return None
