"""What can be done with a run: stop it, go on with it, delete it."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import access
from pages.shared.datasets import attempt
from pages.shared.display import plain
from pages.shared.train_runs import forget
from pap_core.training import process

if TYPE_CHECKING:
    from pap_core.training.process import Status
    from pap_core.training.run import Run


def actions(run: "Run", status: "Status") -> None:
    """Offer what can be done with a run in its state. To be called within a fragment."""
    name, pressed, allowed = run.folder.name, False, access.may("trainer")
    with st.container(horizontal=True, width="content"):
        if status.state in process.LIVE:
            pressed |= st.button(
                "Stop",
                key=f"train_stop_{name}",
                icon=":material/stop:",
                disabled=status.state == "stopping" or not allowed,
                on_click=attempt,
                args=(access.act, "trainer", _stop, run),
                help=access.hint(
                    "trainer", "Asks it to write a checkpoint and end, within a few steps; it can be resumed"
                ),
            )
        if status.state == "stopping":
            pressed |= st.button(
                "End now",
                key=f"train_end_{name}",
                icon=":material/dangerous:",
                disabled=not allowed,
                on_click=attempt,
                args=(access.act, "trainer", process.stop, run),
                help=access.hint(
                    "trainer",
                    "Ends it without waiting: what it did since its last checkpoint is done again on resume",
                ),
            )
        if status.state in ("stopped", "failed", "lost"):
            pressed |= st.button(
                "Resume",
                key=f"train_resume_{name}",
                type="primary",
                icon=":material/play_arrow:",
                disabled=not allowed,
                on_click=attempt,
                args=(access.act, "trainer", process.resume, run),
                help=access.hint("trainer", "Goes on from its last checkpoint: the same run, the same curve"),
            )
        if status.state not in process.LIVE and st.button(
            "Delete",
            key=f"train_delete_{name}",
            icon=":material/delete:",
            disabled=not allowed,
            help=access.hint("trainer", "Asks before it deletes"),
        ):
            _confirm(run)
    if pressed:
        st.rerun()  # the whole page: it may have to be watched from now on, or has something to refuse


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
        deleted = st.button(
            "Delete it", type="primary", on_click=_delete, args=(run,), help="This cannot be taken back"
        )
        if st.button("Keep it", help="Closes this question") or deleted:
            st.rerun()


def _delete(run: "Run") -> None:
    attempt(access.act, "trainer", process.delete, run)
    if not run.folder.exists():
        forget(run.folder.name)
