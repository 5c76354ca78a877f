"""A run as it goes: how far it is, its figures and curves, what it paints, the end of its log."""

import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from pages.parts.train.actions import actions, ask_of_deletion
from pages.parts.train.curves import curves_of, show_curves
from pages.parts.train.figures import show_figures
from pages.parts.train.outcome import outcome
from pages.parts.train.runs import data_of, settings, state_words
from pages.parts.train.samples import FOLDER, show_samples
from pages.shared import watch
from pages.shared.display import plain
from pages.shared.model import IN_USE
from pages.shared.words import duration
from pap_core.jobs.glance import stamp
from pap_core.training import process
from pap_core.training.run import METRICS, Run

if TYPE_CHECKING:
    from pap_core.training.process import Status

_EVERY = 2.0  # s between two looks at what goes on
_PAUSE = 10.0  # s, at least, between two drawings of the curves
_LOG = 6000  # characters of the log's end


def live(run: Run, others: list[Run], table: watch.Part, going_on: bool) -> None:
    """Show a run; what changes of it, of those beside it and of the table is drawn again as they go on.

    Args:
        run: the one that is open.
        others: whose curves are drawn with its own.
        table: of all runs, shown already.
        going_on: whether any run of the table is at work.
    """
    ask_of_deletion(run)
    runs = [run, *others]
    alive, used = _alive(runs), st.session_state.get(IN_USE)
    head = watch.Part("train_head", partial(_head_look, runs), partial(_head, run, runs, alive))
    body = watch.Part("train_body", partial(_body_look, runs), partial(_body, run, others, used), _PAUSE)
    watch.show(head)
    watch.watch("train_pulse", [table, head, body], _EVERY if going_on else None, partial(_pulse, run))
    watch.show(body)


def _alive(runs: list[Run]) -> list[bool]:
    return [process.glance(run).state in process.LIVE for run in runs]


# What is told of the run, and done with it


def _head_look(runs: list[Run]) -> object:
    """What is told of the run is all but what the pulse shows."""
    still = {"heartbeat": None, "silent": None, "epoch": 0, "step": 0, "steps": 0, "best": None, "done": 0}
    still |= {"total": 0, "paced": 0, "pace": None}
    return _alive(runs), replace(process.glance(runs[0]), **still)


def _head(run: Run, runs: list[Run], alive: list[bool]) -> None:
    if not run.folder.is_dir() or _alive(runs) != alive:
        st.rerun()  # deleted, or it has ended: the whole page has something to say to that
    _state(run, process.glance(run))


def _state(run: Run, status: "Status") -> None:
    data = ", ".join(map(plain, data_of(run)))
    preset = plain(str(settings(run)["config"].get("preset", "?")))
    device = f" · {plain(status.device)}" if status.device else ""
    actions(run, status)  # above all whose height changes
    st.markdown(f"**{state_words(status).capitalize()}** · preset {preset} on {data}{device}")
    if status.state == "failed":
        st.error(plain(status.error or "The run failed; the end of its log may say why."))
    elif status.state == "lost":
        st.warning(plain(status.error), icon=":material/link_off:")
    elif status.queue_place:
        st.info("It waits for the device, and begins by itself when the runs before it are done.")
    elif status.state == "stopping":
        st.info("It writes a checkpoint and ends after this step. **End now** does not wait for that.")
    if status.note:
        st.info(plain(status.note), icon=":material/info:")


# What moves at every look


def _pulse(run: Run) -> None:
    status = process.glance(run)
    _progress(status)
    if status.state not in process.LIVE or not status.heartbeat:
        return
    words = f"Heartbeat {duration(max(0.0, time.time() - status.heartbeat))} ago"
    if status.left is not None:
        steps = "its first step" if status.paced == 1 else f"its {status.paced:,} steps so far"
        words += f". The time left is an estimate, at the pace of {steps}, validation included"
    if status.silent:
        st.warning(f"Its process lives, and has said nothing for {duration(time.time() - status.silent)}.")
    else:
        st.caption(f"{words}.")


def _progress(status: "Status") -> None:
    if status.phase == "evaluating":
        share = status.done / status.total if status.total else 0.0
        st.progress(share, f"Evaluating on the test split: {status.done:,} of {status.total:,} crops")
        return
    if not status.steps:
        if status.state in process.LIVE:
            st.progress(0.0, "Not begun yet" if status.state == "queued" else "Reading the data")
        return
    words = f"Epoch {status.epoch} of {status.epochs} · step {status.step:,} of {status.steps:,}"
    if status.left is not None:
        words += f" · about {duration(status.left)} left"
    st.progress(min(1.0, status.step / status.steps), words)


# What has come of it so far


def _body_look(runs: list[Run]) -> object:
    folder = runs[0].folder
    files = [stamp(one.folder / METRICS) for one in runs] + [stamp(folder / FOLDER), stamp(folder / Run.LOG)]
    return process.glance(runs[0]).best, files


def _body(run: Run, others: list[Run], used: str | None) -> None:
    if not run.folder.is_dir() or st.session_state.get(IN_USE) != used:
        st.rerun()  # what is in use stands above the page
    status, curves = process.glance(run), curves_of(run)
    show_figures(run, status, curves)
    if status.state not in process.LIVE:
        outcome(run)
    show_curves([run, *others])
    if curves.damaged:
        lines = "1 line" if curves.damaged == 1 else f"{curves.damaged} lines"
        st.caption(f"{lines} of metrics.jsonl cannot be read: left out of the curves.")
    show_samples(run)
    _log(run)


def _log(run: Run) -> None:
    try:
        with open(run.folder / run.LOG, "rb") as file:
            file.seek(max(0, file.seek(0, 2) - _LOG))
            text = file.read().decode(errors="replace")
    except OSError:
        return
    with st.expander("End of the log", icon=":material/article:"):
        st.code(text.strip() or "Nothing has been logged.", language=None, height=240, wrap_lines=True)
