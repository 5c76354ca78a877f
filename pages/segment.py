"""Segment: a picture in; its colour map, its cells' edges and measures, and the files out."""

from collections.abc import Callable

import streamlit as st

from pages.shared import model as models
from pages.shared.cells import cells_csv, show_table, show_totals
from pages.shared.display import fitted, framed, jpeg_bytes, lightened, numbered, overlay, page_ratio, plain
from pages.shared.examples import SEEDS, example, example_cards
from pages.shared.model import Finding, Model, Picture
from pap_core.errors import InputError
from pap_core.images import png_bytes

PURPOSE = (
    "Give it a Papanicolaou smear, or a crop of one cell: it finds the **nucleus** and the **cytoplasm** of "
    "each cell, draws their edges over the picture, and measures them."
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
LABEL_HELP = (
    "A grey picture of the values 0 (background), 1 (cytoplasm) and 2 (nucleus): nearly black to the eye"
)
MAP_HELP = "The classes in colour: nucleus blue, cytoplasm red, background white, borders black"
EDGES_HELP = "The picture with the edges that are switched on, at its own size"
CELLS_HELP = "A row a cell, with more measures than the table shows"
UNCERTAINTY = (
    "The model is asked eight times, each time with another part of it switched off at random. Where its "
    "answers differ, the picture is light: look there first. Takes about eight times as long as to segment."
)


# Data


def take_example(category: str) -> None:
    """Show an example from now on, and let go of the upload."""
    st.session_state.segment_example = category
    st.session_state.segment_uploads += 1  # an uploader of another key is an empty one


def uploaded() -> Picture | None:
    """Offer the uploader; return what is in it."""
    file = st.file_uploader(  # of any type: read_image tells what is wrong with a file, and names it
        "Your picture",
        key=f"segment_upload_{st.session_state.segment_uploads}",
        help="PNG, JPEG, BMP or TIFF, up to 50 megapixels. It stays in memory and is gone when you leave.",
    )
    return Picture(file.name, file.getvalue()) if file else None


# Parts


def reading(picture: Picture, automatic: tuple[str, float]) -> tuple[str | None, float | None]:
    """Let the person say what the picture is; a new picture starts at automatic."""
    chosen = st.segmented_control(
        "Take the picture for",
        list(KINDS),
        default=AUTOMATIC,
        required=True,
        key=f"segment_kind_{picture.digest}",
        help="**One cell** sees the whole picture at once. **Smear** goes over it in overlapping tiles. "
        "**Automatic** decides by the picture's size and the nuclei in it.",
    )
    if KINDS[chosen] != "smear":
        return KINDS[chosen], None
    scale = st.number_input(
        "Scale",
        *SCALE_LIMITS,
        value=automatic[1] if automatic[0] == "smear" else 1.0,
        step=0.25,
        key=f"segment_scale_{picture.digest}",
        width=140,
        help=SCALE_HELP,
    )
    return "smear", scale


def layers() -> tuple[dict[str, bool], bool]:
    """Let the person choose which edges are drawn over the picture, and whether the cells' numbers."""
    nucleus = st.toggle("Nucleus edge", True, key="segment_nucleus", help="Draw the nuclei's edges, in blue")
    cell = st.toggle("Cell edge", True, key="segment_cell", help="Draw the cells' edges, in orange")
    numbers = st.toggle("Numbers", True, key="segment_numbers", help="Write the numbers the table tells of")
    return {"nucleus": nucleus, "cell": cell}, numbers


def headline(model: Model, picture: Picture, finding: Finding, kind: str | None) -> None:
    """Say what was done: with which picture, taken for what, by which checkpoint."""
    height, width = finding.label.shape
    how = "automatically" if kind is None else "as you chose"
    st.subheader(plain(picture.name), anchor=False)
    st.markdown(
        f"{width} × {height} pixels, taken for **{TAKEN_FOR[finding.kind]}** at scale "
        f"**{finding.scale:.3g}** ({how}) · checkpoint **{plain(model.name)}**, digest `{model.digest}`",
        help=SCALE_HELP,
    )


def pictures(picture: Picture, finding: Finding, edges: dict[str, bool], numbers: bool) -> None:
    """Show the edges over the picture, and the colour map beside it."""
    from pap_core.labels import colour_map

    drawn = overlay(finding.shown, finding.shown_label, **edges)
    if numbers:
        drawn = numbered(drawn, finding.cells, page_ratio(*finding.label.shape))
    side_by_side = st.grid(2, min_column_width=320)
    side_by_side.image(
        jpeg_bytes(drawn),
        caption="Predicted edges over the picture: nucleus blue, cell orange",
        alt=f"{picture.name} with the predicted edges of {len(finding.cells)} cells",
        width="stretch",
    )
    side_by_side.image(
        png_bytes(framed(colour_map(finding.shown_label, border=3))),
        caption="Colour map: nucleus blue, cytoplasm red, background white",
        alt=f"Colour map of {picture.name} with {len(finding.cells)} cells",
        width="stretch",
    )


def uncertainty(model: Model, picture: Picture, finding: Finding) -> None:
    """Show where the model is not sure."""
    with st.spinner("Asking the model eight times…", show_time=True):
        grey = models.uncertainty(model, picture, finding)
    side_by_side = st.grid(2, min_column_width=320)
    side_by_side.image(
        png_bytes(lightened(fitted(grey))),
        caption="Uncertainty: black where sure, lighter where not",
        alt=f"Uncertainty of the segmentation of {picture.name}",
        width="stretch",
    )
    side_by_side.markdown(UNCERTAINTY)


def downloads(model: Model, picture: Picture, finding: Finding, edges: dict[str, bool]) -> None:
    """Offer the files, at the picture's own size."""
    from pap_core.labels import colour_map

    def label_map() -> bytes:
        return png_bytes(finding.label)

    def coloured() -> bytes:
        return png_bytes(colour_map(finding.label))

    def drawn() -> bytes:
        return png_bytes(overlay(picture.pixels(), finding.label, **edges))

    def table() -> bytes:
        return cells_csv(finding.cells, picture.name, model.digest)

    with st.container(horizontal=True):
        download("Label map (PNG)", f"{picture.stem}_label.png", label_map, LABEL_HELP)
        download("Colour map (PNG)", f"{picture.stem}_map.png", coloured, MAP_HELP)
        download("Edges (PNG)", f"{picture.stem}_overlay.png", drawn, EDGES_HELP)
        download("Cells (CSV)", f"{picture.stem}_cells.csv", table, CELLS_HELP)


def download(name: str, file: str, make: Callable[[], bytes], explained: str) -> None:
    """Offer a file made only when it is asked for: a smear takes seconds to encode."""
    mime = "text/csv" if file.endswith(".csv") else "image/png"
    st.download_button(name, make, file, mime, on_click="ignore", icon=":material/download:", help=explained)


def result(model: Model, picture: Picture) -> None:
    """Show all that there is to say of a picture."""
    head = st.container(gap="xsmall")
    with head, st.spinner("Looking at the picture…", show_time=True):
        automatic = models.choose(model, picture)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        kind, scale = reading(picture, automatic)
        edges, numbers = layers()
    with head, st.spinner("Segmenting…", show_time=True):
        finding = models.segment(model, picture, *(automatic if kind is None else (kind, scale)))
    with head:
        headline(model, picture, finding, kind)
    if finding.cells.empty:
        st.warning(
            f"{plain(picture.name)}: no cell was found in it; take it for something else, or try another."
        )
    pictures(picture, finding, edges, numbers)
    show_totals(finding.cells)
    if not finding.cells.empty:
        show_table(finding.cells, picture.name)
    downloads(model, picture, finding, edges)
    if st.toggle("Show where the model is not sure", key="segment_uncertainty", help=UNCERTAINTY):
        uncertainty(model, picture, finding)


# Layout

st.session_state.setdefault("segment_example", next(iter(SEEDS)))
st.session_state.setdefault("segment_uploads", 0)

st.title("Segment a Pap smear", anchor=False)
st.markdown(PURPOSE)
st.caption(NOTES)
choice, outcome = st.columns([1, 3.2], gap="medium")
with choice:
    own = uploaded()
    category = st.session_state.segment_example
    example_cards(None if own else category, take_example)
with outcome:
    try:
        result(models.load(), own or Picture(f"{category}.png", example(category)))
    except InputError as error:
        st.error(plain(str(error)))
