"""Train: start a run, watch it, stop it, go on with it, and take what came of it."""

import streamlit as st

from pages.parts.train.form import new_run
from pages.parts.train.live import live
from pages.parts.train.naming import name_of_run
from pages.parts.train.runs import COMPARED, NEW, RUNS, TAB, any_of, choose_run, search, table, tags_of
from pages.parts.train.setting_table import show_settings
from pages.shared import datasets
from pages.shared.damaged import say_damaged
from pages.shared.display import plain
from pages.shared.front import enter
from pages.shared.heading import heading
from pap_core.errors import InputError
from pap_core.training import process
from pap_core.training.run import Run
from pap_core.workspace import runs as folder_of_runs

PURPOSE = (
    "Train a network on a data set. A **run** continues by itself, whether this page is open or not, until "
    "it is done or stopped; it can be resumed at any time, and its best checkpoint is offered on every page."
)
NOTHING = "There is no run yet. Open **New run**, choose a data set and a preset, and start one."


# Parts


def runs() -> None:
    """Show all runs, and the open one."""
    found = process.listed()
    say_damaged(process.damaged(), "run", delete_damaged)
    if not found:
        st.info(NOTHING, icon=":material/model_training:")
        return
    with st.expander(f"All runs ({len(found)})", icon=":material/list:", expanded=True):
        listed = st.container()
    name = choose_run(found)
    with listed:
        shown = search(found) if len(found) > 1 else found
        if not shown:
            st.caption("No run is found by that: shorten what is asked for.")
        listing = table(shown, name)
    name_of_run(found[name], tags_of(found))
    others = [found[one] for one in st.session_state.get(COMPARED, []) if one in found]
    live(found[name], others, listing, any_of(found, process.LIVE))
    show_settings([found[name], *others])


def delete_damaged(name: str) -> None:
    """Delete a folder that was a run once; raises InputError where a process is at work in it."""
    if name in process.damaged():
        process.delete(Run(folder_of_runs() / name))


# Layout

enter()
heading("Train")
st.markdown(PURPOSE)
datasets.refusal()
if TAB not in st.session_state:
    st.session_state[TAB] = RUNS if process.listed() else NEW
looking, starting = st.tabs([RUNS, NEW], key=TAB, on_change="rerun")
try:
    if looking.open:
        with looking:
            runs()
    if starting.open:
        with starting:
            new_run()
except InputError as error:
    st.error(plain(str(error)))
