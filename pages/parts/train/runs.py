"""The runs of the workspace: all of them in a table, and which one is open."""

from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from pages.parts.train.naming import called, said_of
from pages.shared import watch
from pages.shared.datasets import listed
from pages.shared.display import plain
from pap_core.data.described import located
from pap_core.errors import InputError
from pap_core.jobs.glance import Stamp, stamp
from pap_core.training import process
from pap_core.training.about import FILE
from pap_core.workspace import runs as folder_of_runs

if TYPE_CHECKING:
    from pap_core.training.process import Status
    from pap_core.training.run import Run

TAB, OPEN, COMPARED = "train_tab", "train_run", "train_compared"  # keys; the second in the address, too
_LAST = "train_last"  # the run that was open when the person left for another page
RUNS, NEW = "Runs", "New run"
COMPUTING = ("running", "stopping")  # of the states; a waiting run leaves the machine to others
_PAUSE = 4.0  # s, at least, between two drawings of the table
_ROWS = 6  # of the table, before it scrolls
_TABLE = "train_table"


def look_into(name: str) -> None:
    """Open a run from now on."""
    st.query_params[OPEN] = name
    st.session_state[TAB] = RUNS


def forget(name: str) -> None:
    """Open another run than one that is not there any more."""
    if st.session_state.get(_LAST) == name:
        del st.session_state[_LAST]
    if st.query_params.get(OPEN) == name:
        del st.query_params[OPEN]


def any_of(found: dict[str, "Run"], states: tuple[str, ...]) -> bool:
    """Whether one of some runs is in one of some states."""
    return any(process.state(run) in states for run in found.values())


def choose_run(found: dict[str, "Run"]) -> str:
    """Let the person choose a run; the address names the one that is open.

    Args:
        found: runs by name, at least one, the newest first.
    """
    asked = st.query_params.get(OPEN) or st.session_state.get(_LAST)
    if asked and asked not in found:
        st.warning(f"{plain(asked)} was not found: another is shown. Choose one.")
    name = asked if asked in found else next(iter(found))
    st.session_state[OPEN] = st.session_state[_LAST] = st.query_params[OPEN] = name
    with st.container(horizontal=True, gap="medium"):
        st.selectbox(
            "Run",
            list(found),
            key=OPEN,
            on_change=lambda: look_into(st.session_state[OPEN]),
            format_func=lambda one: called(one, found[one]),
            width=360,
            help="The runs of the workspace, the newest first",
        )
        if name in st.session_state.get(COMPARED, []):
            st.session_state[COMPARED].remove(name)
        if COMPARED in st.session_state:
            st.session_state[COMPARED] = [one for one in st.session_state[COMPARED] if one in found]
        if len(found) > 1:
            st.multiselect(
                "Compare with",
                [one for one in found if one != name],
                format_func=lambda one: called(one, found[one]),
                key=COMPARED,
                max_selections=5,
                width=420,
                placeholder="Other runs",
                help="Draws the curves of these runs over those of the open one",
            )
    return name


def tags_of(found: dict[str, "Run"]) -> list[str]:
    """Return the tags that runs have, each once, in order."""
    return sorted({tag for run in found.values() for tag in said_of(run).tags})


def search(found: dict[str, "Run"]) -> dict[str, "Run"]:
    """Let the person look for runs by what is said of them; returns those found."""
    with st.container(horizontal=True, gap="medium"):
        text = st.text_input(
            "Find",
            key="train_find",
            width=360,
            icon=":material/search:",
            placeholder="A word of its name, notes or data",
            help="Each word has to stand somewhere in what a run is called, its notes, tags, preset or data",
        )
        tags = st.multiselect("Tagged", tags_of(found), key="train_tags", width=360, placeholder="Any tag")
    words = text.casefold().split()
    return {name: run for name, run in found.items() if _fits(name, run, words, tags)}


def _fits(name: str, run: "Run", words: list[str], tags: list[str]) -> bool:
    said = said_of(run)
    preset = str(settings(run)["config"].get("preset", "")) if words else ""
    text = " ".join([name, said.name, said.notes, *said.tags, preset, *(data_of(run) if words else ())])
    return set(tags) <= set(said.tags) and all(word in text.casefold() for word in words)


def table(found: dict[str, "Run"], opened: str) -> watch.Part:
    """Show all runs and how far they are; a click on one opens it. Returns what is to be watched of it."""
    alive = _alive(found)
    draw = partial(_table, found, opened, alive, stamp(folder_of_runs()))
    return watch.show(watch.Part("train_all", partial(_look, found), draw, _PAUSE))


def _alive(found: dict[str, "Run"]) -> list[str]:
    return [name for name, run in found.items() if process.glance(run).state in process.LIVE]


def _look(found: dict[str, "Run"]) -> object:
    """What stands in the table, to the percent; and whether there is another run, or one less."""
    rows = []
    for run in found.values():
        status = process.glance(run)
        done = 100 * status.step // status.steps if status.steps else 0
        rows.append((state_words(status), done, status.best, stamp(run.folder / FILE)))
    return stamp(folder_of_runs()), rows


def _table(found: dict[str, "Run"], opened: str, alive: list[str], there: Stamp | None) -> None:
    if stamp(folder_of_runs()) != there or _alive(found) != alive:
        st.rerun()
    rows = [_row(name, run) for name, run in found.items()]
    names = [row["Run"] for row in rows]
    # another table each time, on which the open run is the one selected
    key = f"train_table_{opened}_{hash(tuple(names))}"

    def take() -> None:
        chosen = st.session_state[key]["selection"]["rows"]
        if chosen and chosen[0] < len(names):
            look_into(names[chosen[0]])

    st.dataframe(
        pd.DataFrame(rows),
        key=key,
        hide_index=True,
        height="auto" if len(rows) <= _ROWS else 36 * (_ROWS + 1),
        on_select=take,
        selection_mode="single-row",
        selection_default={"selection": {"rows": [names.index(opened)] if opened in names else []}},
        column_config={
            "Tags": st.column_config.ListColumn(),
            "Done": st.column_config.ProgressColumn(format="percent", min_value=0.0, max_value=1.0),
            "Best Jaccard": st.column_config.NumberColumn(
                format="%.3f", help="Mean of nucleus and cytoplasm over the validation crops"
            ),
            "Begun": st.column_config.DatetimeColumn(
                format="YYYY-MM-DD HH:mm", help="Its first start; when it was resumed changes nothing"
            ),
        },
        placeholder="–",
        alt=f"All {len(rows)} runs with their state, how much is done, and their best validation score",
    )
    if st.query_params.get(OPEN, opened) != opened:
        st.rerun()  # the click was on a table that refreshes by itself


def _row(name: str, run: "Run") -> dict:
    status = process.glance(run)
    said = said_of(run)
    return {
        "Run": name,
        "Name": said.name,
        "Tags": list(said.tags),
        "State": state_words(status),
        "Done": status.step / status.steps if status.steps else 0.0,
        "Best Jaccard": status.best,
        "Preset": settings(run)["config"].get("preset", ""),
        "Data": ", ".join(data_of(run)),
        "Begun": datetime.fromtimestamp(status.started) if status.started else None,
    }


def state_words(status: "Status") -> str:
    """Say what a run does, in a word or two."""
    if status.damaged:
        return "damaged"
    if status.state == "queued":
        return f"waiting, number {status.queue_place}" if status.queue_place else "starting"
    if status.state == "running" and status.phase == "evaluating":
        return "evaluating"
    return status.state


def settings(run: "Run") -> dict:
    """Return the frozen configuration of a run and its data sets as plain values; empty where it is gone."""
    try:
        return run.read_settings()
    except InputError:
        return {"config": {}, "datasets": []}


def data_of(run: "Run") -> dict[str, Path | None]:
    """Return the data sets of a run by name, with None for one that is not in the workspace any more."""
    here = {folder.resolve(): name for name, folder in listed().items()}
    folders = [located(Path(one["folder"]), one["digest"]) for one in settings(run)["datasets"]]
    return {here.get(one, one.name): one if one in here else None for one in folders}
