"""Segment: a picture in; its colour map, its cells' edges and measures, and the files out."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.parts.segment import pictures
from pages.parts.segment.cells import show_cell, show_table, show_totals
from pages.parts.segment.files import downloads
from pages.parts.segment.truth import Truth, comparison, given_truth
from pages.parts.segment.uploads import Chosen, choose_picture
from pages.parts.segment.viewer import Shown, viewer
from pages.shared import model as models
from pages.shared.display import plain
from pages.shared.front import enter
from pages.shared.heading import heading
from pages.shared.model import Finding, Model, Picture
from pap_core.errors import InputError

PURPOSE = (
    "Finds the **nucleus** and the **cytoplasm** of each cell of a Papanicolaou smear, and measures them."
)
NOTES = "Research use only, not a medical device. Pictures you upload are not stored."
AUTOMATIC, ONE_CELL, SMEAR = "Automatic", "One cell", "Smear"
KINDS = {AUTOMATIC: None, ONE_CELL: "crop", SMEAR: "smear"}
TAKEN_FOR = {"crop": "one cell", "smear": "a smear"}
SCALE_LIMITS = (0.1, 8.0)
SCALE_HELP = (
    "How much the picture is enlarged before the model sees it. It knows nuclei about 42 pixels across best: "
    "where yours are about 20, the scale should be 2."
)
MAP, UNCERTAINTY, TRUTH, NOTHING = "Colour map", "Uncertainty", "Truth", "Nothing"
READ_AS_HELP = (
    "**One cell** sees the whole picture at once. **Smear** goes over it in overlapping tiles. **Automatic** "
    "decides by the picture's size and the nuclei in it."
)
UNCERTAINTY_HELP = (
    "The model is asked eight times, each time with another part of it switched off at random. Where its "
    "answers differ, the picture is light: look there first. Takes about eight times as long as to segment."
)
BESIDE_HELP = (
    "What stands beside the picture, in the same view. **Colour map**: the classes predicted. "
    f"**Uncertainty**: where the model is not sure. {UNCERTAINTY_HELP} **Truth**: what you compare with."
)
HEAD_HELP = (
    "To the right: what the picture is read as, and what stands beside it."
    f"\n\n{READ_AS_HELP}\n\n{BESIDE_HELP}"
)
NO_CELL = (
    "no cell was found in it. Try to read it as something else, or as a smear at another scale; a picture "
    "out of focus, unstained or of other tissue may have none."
)
VIEWER = "segment_viewer"
OPENED = "segment_opened"  # (view, number): the cell opened, and of which result


# Parts


def reading(picture: Picture, automatic: tuple[str, float]) -> tuple[str | None, float | None]:
    """Let the person say what the picture is; a new picture starts at automatic."""
    chosen = st.segmented_control(
        "Read as",
        list(KINDS),
        default=AUTOMATIC,
        required=True,
        key=f"segment_kind_{picture.digest}",
        label_visibility="collapsed",  # in one line with the name, whose help has it
        help=READ_AS_HELP,
    )
    if KINDS[chosen] != "smear":
        return KINDS[chosen], None
    scale = st.number_input(
        "Scale",
        *SCALE_LIMITS,
        value=automatic[1] if automatic[0] == "smear" else 1.0,
        step=0.25,
        key=f"segment_scale_{picture.digest}",
        width=120,
        label_visibility="collapsed",
        help=SCALE_HELP,
    )
    return "smear", scale


def account(model: Model, picture: Picture, finding: Finding, kind: str | None) -> None:
    """Say what was done: with which picture, taken for what, by which checkpoint."""
    height, width = finding.label.shape
    how = "automatically" if kind is None else "as you chose"
    size = f" of {finding.pixel_size:.3g} µm" if finding.pixel_size else ""
    st.markdown(
        f"{width} × {height} pixels{size}, read as **{TAKEN_FOR[finding.kind]}** at scale "
        f"**{finding.scale:.3g}** ({how}) · checkpoint **{plain(model.name)}**, digest `{model.digest}`",
        help=SCALE_HELP,
    )
    for remark in finding.remarks:
        st.caption(plain(f"{remark[0].upper()}{remark[1:]}."))
    if (share := pictures.share(height, width)) < 1:
        st.caption(
            f"Shown at {share:.0%} of its size, which browsers can bear; measures and files are of the whole."
        )


def beside(
    wanted: str, model: Model, picture: Picture, finding: Finding, view: str, truth: Truth | None
) -> Shown | None:
    """Return what was chosen to stand beside the picture."""
    if wanted == UNCERTAINTY:
        with st.spinner("Asking the model eight times…", show_time=True):
            return pictures.uncertainty(model, picture, finding, view)
    if wanted == TRUTH and truth:
        return pictures.truth(picture, truth.label)
    return pictures.colours(view, picture, finding) if wanted == MAP else None


@st.fragment
def exploration(
    model: Model, chosen: Chosen, finding: Finding, kind: str | None, head: DeltaGenerator
) -> None:
    """Show the picture, its cells and the comparison, each linked with the others.

    Args:
        model: the checkpoint in use.
        chosen: the picture, and its truth where it came with one.
        finding: what was found in it.
        kind: what the person says that it is, if anything.
        head: where the choice of what stands beside it is to be, after what is there already.
    """
    picture, view = chosen.picture, pictures.view_id(model, chosen.picture, finding)
    table = f"segment_cells_{view}"

    def open_cell(number: int) -> None:
        st.session_state[OPENED] = (view, number)

    def from_viewer() -> None:
        said = st.session_state[VIEWER].get("selected")
        if said and said["view"] == view and 0 <= said["cell"] <= len(finding.cells):
            open_cell(said["cell"])

    def from_table() -> None:
        rows = st.session_state[table]["selection"]["rows"]
        open_cell(rows[0] + 1 if rows else 0)

    of, opened = st.session_state.get(OPENED, (view, 0))
    opened = opened if of == view else 0
    look, cell, rows = (st.container() for _ in range(3))
    with st.expander("Compare with a truth", icon=":material/fact_check:", expanded=chosen.label is not None):
        truth = given_truth(picture, finding, chosen.label)
        if truth:
            comparison(view, finding, truth, picture.name)
    with head:
        wanted = st.segmented_control(
            "Second view",
            [MAP, UNCERTAINTY, TRUTH, NOTHING],
            default=MAP,
            required=True,
            key="segment_beside",
            label_visibility="collapsed",
            help=BESIDE_HELP,
        )
    with look:
        if wanted == TRUTH and not truth:
            st.info("No truth is given yet: open **Compare with a truth** below the table and give one.")
        viewer(
            VIEWER,
            view,
            finding.label.shape[::-1],
            pictures.original(picture),
            beside(wanted, model, picture, finding, view, truth),
            pictures.places(view, finding),
            pictures.edge_colours(),
            opened,
            from_viewer,
        )
        account(model, picture, finding, kind)
    with cell:
        if opened:
            show_cell(picture, finding, opened, open_cell)
    with rows:
        if not finding.cells.empty:
            show_table(finding.cells, picture.name, table, opened, from_table)


def result(model: Model, chosen: Chosen) -> None:
    """Show all that there is to say of a picture; its name and all choices are one line, to begin high up."""
    picture = chosen.picture
    head = st.container(horizontal=True, vertical_alignment="center", gap="small")
    head.markdown(f"#### {plain(picture.name)}", width="content", help=HEAD_HELP)
    waiting = st.container()
    with waiting, st.spinner("Looking at the picture…", show_time=True):
        automatic = models.choose(model, picture)
    with head:
        kind, scale = reading(picture, automatic)
    with waiting, st.spinner("Segmenting…", show_time=True):
        finding = models.segment(model, picture, *(automatic if kind is None else (kind, scale)))
    if finding.cells.empty:
        st.warning(f"{plain(picture.name)}: {NO_CELL}")
    exploration(model, chosen, finding, kind, head)
    show_totals(finding.cells)
    downloads(model, picture, finding)
    model.warm()


# Layout

enter()
heading("Segment a Pap smear")
choice, outcome = st.columns([1, 3.2], gap="medium")
with choice:
    st.caption(PURPOSE)
    chosen = choose_picture()
    st.caption(NOTES)
with outcome:
    try:
        result(models.load(), chosen)
    except InputError as error:
        st.error(plain(str(error)))
