"""What can be done with a run: stop it, go on with it, delete it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.train.runs import forget
from pages.shared import access
from pages.shared.datasets import attempt
from pages.shared.display import plain
from pap_core.training import process

if TYPE_CHECKING:
    from pap_core.training.process import Status
    from pap_core.training.run import Run


_DELETING = "train_deleting"  # key of the name of the run that is asked about


def ask_of_deletion(run: "Run") -> None:
    """Ask whether to delete a run, where that was pressed. To be called outside of the fragment.

    A dialog of a fragment would go as that is drawn anew.
    """
    if st.session_state.pop(_DELETING, None) == run.folder.name:
        _confirm(run)


def actions(run: "Run", status: "Status") -> None:
    """Offer what can be done with a run in its state. To be called within a fragment.

    Each button is always there, in a place of its own, so that a second click on one never meets another.
    """
    state, allowed = status.state, access.may("trainer")
    with st.container(horizontal=True, width="content"):
        pressed = [
            _button(
                run,
                *("Resume", "play_arrow", process.resume),
                state in ("stopped", "failed", "lost") and allowed,
                "Goes on from its last checkpoint: the same run, the same curve",
            ),
            _button(
                run,
                *("Stop", "stop", _stop),
                state in ("queued", "running") and allowed,
                "Asks it to write a checkpoint and end after the step it is at; it can be resumed",
            ),
            _button(
                run,
                *("End now", "dangerous", process.stop),
                state == "stopping" and allowed,
                "Once it is asked to stop: ends it without waiting. What it did since its last checkpoint is "
                "done again on resume",
            ),
        ]
        st.button(
            "Delete",
            key=f"train_delete_{run.folder.name}",
            icon=":material/delete:",
            disabled=state in process.LIVE or not allowed,
            on_click=attempt,
            args=(access.act, "trainer", st.session_state.update, {_DELETING: run.folder.name}),
            help=access.hint("trainer", "Of a run that is not at work. Asks before it deletes"),
        )
    if any(pressed) or _DELETING in st.session_state:
        st.rerun()  # the whole page: it may have to be watched from now on, or has something to refuse


def _button(
    run: "Run", label: str, icon: str, act: Callable[["Run"], None], enabled: bool, explained: str
) -> bool:
    return st.button(
        label,
        type="primary" if act is process.resume else "secondary",  # never what ends or destroys
        key=f"train_{label.split()[0].lower()}_{run.folder.name}",
        icon=f":material/{icon}:",
        disabled=not enabled,
        on_click=attempt,
        args=(access.act, "trainer", act, run),
        help=access.hint("trainer", explained),
    )


def _stop(run: "Run") -> None:
    if process.state(run) != "stopping":  # another was first; to end it at once takes the other button
        process.stop(run)


@st.dialog("Delete a run")
def _confirm(run: "Run") -> None:
    name = run.folder.name
    st.markdown(
        f"Delete **{plain(name)}** with its checkpoints, curves and samples? Evaluations kept of it stay, "
        "but nothing can be segmented with it any more."
    )
    with st.container(horizontal=True):
        deleted = st.button("Delete it", on_click=_delete, args=(run,), help="This cannot be taken back")
        if st.button("Keep it", help="Closes this question") or deleted:
            st.rerun()


def _delete(run: "Run") -> None:
    attempt(access.act, "trainer", process.delete, run)
    if not run.folder.exists():
        forget(run.folder.name)
