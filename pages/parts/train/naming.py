"""What people say of a run: its name, notes and tags, shown and edited."""

from typing import TYPE_CHECKING

import streamlit as st

from pages.shared import access, datasets
from pages.shared.display import plain
from pap_core.errors import InputError
from pap_core.training import about
from pap_core.training.about import About

if TYPE_CHECKING:
    from pap_core.training.run import Run

HELP = "For people: to find it again, and to know what it was for. Whoever may train can change it"


def said_of(run: "Run") -> About:
    """Return what is said of a run; nothing where that is damaged, which is told where the run is open."""
    try:
        return about.read(run)
    except InputError:
        return About()


def called(name: str, run: "Run") -> str:
    """Return what to call a run in a list: its own name before its folder's."""
    given = said_of(run).name
    return f"{given} ({name})" if given else name


def name_of_run(run: "Run", tags: list[str]) -> None:
    """Show what a run is called, and what else is said of it; offer to change that.

    Args:
        run: the one that is open.
        tags: of all runs, to choose from.
    """
    try:
        found, damage = about.read(run), ""
    except InputError as error:
        found, damage = About(), str(error)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(found.name or run.folder.name), anchor=False, width="content")
        for tag in found.tags:
            st.badge(plain(tag), color="blue")
        popover = st.popover(
            "Name, notes, tags", icon=":material/edit_note:", key="train_naming", on_change="rerun", help=HELP
        )
    if popover.open:
        with popover:
            _form(run, found, tags)
    if damage:
        st.warning(plain(damage))
    if found.name:
        st.caption(plain(run.folder.name))
    if found.notes:
        st.markdown("  \n".join(map(plain, found.notes.splitlines())))


def _form(run: "Run", found: About, tags: list[str]) -> None:
    key = f"train_about_{run.folder.name}"
    name, notes, chosen = f"{key}_name", f"{key}_notes", f"{key}_tags"

    def save() -> None:
        state = st.session_state
        datasets.attempt(
            access.act, "trainer", about.write, run, state[name], state[notes], tuple(state[chosen])
        )

    with st.form(key, border=False, enter_to_submit=False):
        st.text_input("Name", found.name, about.LONGEST_NAME, key=name)
        st.text_area("Notes", found.notes, max_chars=about.LONGEST_NOTES, key=notes)
        st.multiselect(
            "Tags",
            sorted({*tags, *found.tags}),
            list(found.tags),
            key=chosen,
            max_selections=about.MOST_TAGS,
            accept_new_options=True,
            placeholder="Choose, or type a new one",
        )
        st.form_submit_button(
            "Save",
            type="primary",
            on_click=save,
            disabled=not access.may("trainer"),
            help=access.hint("trainer", "Kept in the folder of the run"),
        )
