"""Looking at the cells of a data set, one by one."""

import pandas as pd
import streamlit as st

from pages.shared.display import fitted, jpeg_bytes, overlay, plain
from pap_core.data import composition
from pap_core.data.composition import Composition
from pap_core.data.manifest import extent_of
from pap_core.errors import InputError
from pap_core.images import png_bytes
from pap_core.labels import colour_map

ALL = "All"
SIDES = {ALL: None, "Training": "train", "Test": "test"}
SIDE_WORDS = {"train": "training", "test": "test"}
CATEGORY, SIDE, CELL = "dataset_category", "dataset_side", "dataset_cell"  # keys, and names in the address
RATIO_HELP = (
    "Nucleus area over cytoplasm area, of all that is annotated within the crop: where neighbours reach into "
    "it, of them too"
)
FRAME = (190, 197, 208)  # grey: a white picture on a white page has no end otherwise
COLOURS = "Colour map: nucleus blue, cytoplasm red, background white"
EDGES = "Contours over the crop: nucleus blue, cell orange"


@st.fragment
def cells(found: Composition) -> None:
    """Show one cell of those the person filters, with its contours, and the way to the next."""
    shown = _filtered(found)
    if shown.empty:
        st.info(
            "No cell is of that category and on that side; choose another.", icon=":material/filter_alt_off:"
        )
        return
    names = shown["id"].tolist()
    left, middle, right = st.columns([1, 4, 1], vertical_alignment="bottom")
    with middle:
        chosen = st.selectbox(
            "Cell",
            names,
            key=CELL,
            bind="query-params",
            filter_mode="contains",
            help="Its id: category, smear or slide, and number. Type to search.",
        )
    place = names.index(chosen)
    for column, label, step, key in ((left, "Previous", -1, "Left"), (right, "Next", 1, "Right")):
        column.button(
            label,
            key=f"cell_{label}",
            on_click=_go,
            args=(names[(place + step) % len(names)],),
            shortcut=key,
            width="stretch",
            help=f"The {label.lower()} of the cells filtered; beyond the end it begins again",
        )
    st.caption(f"Cell {place + 1:,} of {len(names):,}")
    try:
        _cell(found, shown.iloc[place])
    except InputError as error:
        st.error(plain(str(error)))


def _filtered(found: Composition) -> pd.DataFrame:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        category = st.selectbox(
            "Category",
            [ALL, *sorted(found.cells["category"].unique())],
            key=CATEGORY,
            bind="query-params",
            width=280,
            help="Show only cells of this category",
        )
        side = st.segmented_control(
            "Side",
            list(SIDES),
            default=ALL,
            required=True,
            key=SIDE,
            bind="query-params",
            help="Show only cells to train on, or only cells to test with",
        )
    rows = found.cells
    if category != ALL:
        rows = rows[rows["category"] == category]
    if SIDES[side]:
        rows = rows[rows["split"] == SIDES[side]]
    return rows


def _go(identifier: str) -> None:
    st.session_state[CELL] = identifier


def _cell(found: Composition, row: pd.Series) -> None:
    with st.container(horizontal=True):
        edges = {
            "nucleus": st.toggle(
                "Nucleus edge", True, key="cell_nucleus", help="Draw the contours of nuclei"
            ),
            "cell": st.toggle("Cell edge", True, key="cell_edge", help="Draw the contours of whole cells"),
        }
    digest = found.described["digest"]
    drawn, target = _pictures(str(found.folder.absolute()), digest, row["id"], **edges, _found=found)
    beside = st.grid(3, min_column_width=230)
    beside.image(drawn, EDGES, width="stretch", alt=f"Crop of cell {row['id']} with its contours")
    beside.image(target, COLOURS, width="stretch", alt=f"Colour map of cell {row['id']}")
    with beside.container():
        _facts(found, row)


def _facts(found: Composition, row: pd.Series) -> None:
    """Say what the manifest tells of a cell."""
    side = SIDE_WORDS.get(row["split"], row["split"])
    st.markdown(
        f"**{plain(row['id'])}**  \nCategory: **{plain(row['category'])}**  \n"
        f"{found.group_word.capitalize()}: **{plain(row['group'])}**  \nSide: **{side}**  \n"
        f"From: {plain(row['source'])}"
    )
    ratio = f"{row['nucleus'] / row['cytoplasm']:.3f}" if row["cytoplasm"] else "–"
    figures = [
        ("N/C ratio", ratio, RATIO_HELP),
        ("Nucleus (px)", f"{row['nucleus']:,}", "Pixels of the crop that are nucleus"),
        ("Cytoplasm (px)", f"{row['cytoplasm']:,}", "Pixels of the crop that are cytoplasm"),
        ("Background (px)", f"{row['background']:,}", "Pixels of the crop that are neither"),
    ]
    if row["ignore"]:
        figures.append(
            (
                "Unclear (px)",
                f"{row['ignore']:,}",
                "Marked as unclear, or beyond the edge of the picture, grey in the target: never judged",
            )
        )
    grid = st.grid(2, min_column_width=110, gap="small")
    for name, value, explained in figures:
        grid.metric(name, value, help=explained)


@st.cache_data(max_entries=256, show_spinner="Drawing the contours…")
def _pictures(
    folder: str, digest: str, identifier: str, nucleus: bool, cell: bool, _found: Composition
) -> tuple[bytes, bytes]:
    """Return the crop with its contours as JPEG, and its colour map as PNG."""
    image, label = composition.crop(_found, identifier)
    extent = extent_of(_found.folder, identifier, image.shape)
    large, large_label = fitted(extent.veiled(image)), fitted(label, exact=True)

    target = colour_map(large_label, border=4)
    target[[0, 1, -2, -1]] = target[:, [0, 1, -2, -1]] = FRAME
    return jpeg_bytes(overlay(large, large_label, nucleus=nucleus, cell=cell)), png_bytes(target)
