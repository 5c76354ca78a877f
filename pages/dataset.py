"""Data sets: build them from annotated smears or cells, and look into them."""

import streamlit as st

from pages.parts.dataset.build import build_form
from pages.parts.dataset.cells import cells
from pages.parts.dataset.overview import counted, figures, skipped, split
from pages.shared import access, datasets
from pages.shared.builds import builds, finished
from pages.shared.display import plain
from pages.shared.front import enter
from pages.shared.heading import heading
from pages.shared.reading import keep_choice
from pap_core.data.composition import Composition
from pap_core.errors import InputError

PURPOSE = (
    "A data set is what a network learns from and is measured on: **crops** of annotated cells, each with "
    "its **label map**, on a training side and a test side. Look into one, or build one from smears with "
    "contours or masks."
)
LOOK, BUILD = "Look into one", "Build one"
TAB = "dataset_tab"  # key of the session
OPEN = "dataset_open"  # of the session, and the name in the address


# Data


def look_into(name: str) -> None:
    """Open a data set from now on."""
    st.query_params[OPEN] = name
    st.session_state[TAB] = LOOK


def delete(name: str) -> None:
    """Delete a data set, and open another."""
    datasets.attempt(datasets.delete, name)
    st.query_params[OPEN] = datasets.READY


# Parts


def chosen() -> Composition | None:
    """Let the person choose a data set; None where there is none to show."""
    found = datasets.listed()
    asked = st.query_params.get(OPEN) or st.session_state.get(OPEN)
    if asked and asked not in found and asked != datasets.READY:
        st.warning(f"{plain(asked)} was not found: another is shown. Choose one.")
    if datasets.ready_set() is None:
        datasets.waiting()
    if not found:
        return None
    if asked not in found:
        asked = datasets.READY if datasets.READY in found else next(iter(found))
        st.query_params.pop(OPEN, None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = keep_choice("Data set", found, asked, OPEN, "The finished data sets of the workspace")
        ready = name == datasets.READY
        if st.button(
            "Delete",
            icon=":material/delete:",
            disabled=ready or not access.may("trainer"),
            help=access.hint(
                "trainer",
                "The ready set stays: it would be made again" if ready else "Asks before it deletes",
            ),
        ):
            confirm(name)
    return datasets.composition(found[name])


@st.dialog("Delete a data set")
def confirm(name: str) -> None:
    """Ask whether to delete a data set, and do it."""
    st.markdown(
        f"Delete **{plain(name)}** with all its crops? The folder it was built from stays, and so do the "
        "runs and evaluations made with it; but a run cannot be continued without it."
    )
    with st.container(horizontal=True):
        deleted = st.button("Delete it", on_click=delete, args=(name,), help="This cannot be taken back")
        if st.button("Keep it", help="Closes this question") or deleted:
            st.rerun()


def look() -> None:
    """Show all that there is to say of a data set."""
    try:
        found = chosen()
    except InputError as error:
        st.error(plain(str(error)))
        return
    if found is None:
        return
    figures(found)
    st.subheader("Cells", anchor=False)
    cells(found)
    counted(found)
    split(found)
    skipped(found)


def done() -> None:
    """Tell of a build that came to its end."""
    name = finished()
    if name:
        st.session_state.dataset_done = name
    name = st.session_state.get("dataset_done")
    if name and name in datasets.listed():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.success(f"{plain(name)} is built.", icon=":material/check_circle:")
            if st.button("Look into it", on_click=look_into, args=(name,), help=f"Opens {plain(name)}"):
                del st.session_state.dataset_done


# Layout

enter()
heading("Data sets")
st.markdown(PURPOSE)
datasets.refusal()
done()
looking, building = st.tabs([LOOK, BUILD], key=TAB, on_change="rerun")
if looking.open:
    with looking:
        look()
if building.open:
    with building:
        builds()
        build_form()
