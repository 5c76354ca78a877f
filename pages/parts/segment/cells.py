"""The cells of a result: their totals, their table, and the one that is opened."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from pages.shared.display import fitted, jpeg_bytes, overlay
from pages.shared.model import Finding, Picture

STAIN = "Mean optical density: 0 for clear glass, higher the darker it is stained"
COLUMNS = {
    "cell": st.column_config.NumberColumn("Cell", help="Its number, in reading order, as on the picture"),
    "nucleus_area": st.column_config.NumberColumn("Nucleus area (px)", format="localized"),
    "cytoplasm_area": st.column_config.NumberColumn("Cytoplasm area (px)", format="localized"),
    "nc_ratio": st.column_config.NumberColumn(
        "N/C ratio",
        format="%.3f",
        help="Nucleus area over cytoplasm area; empty where no cytoplasm was found",
    ),
    "nucleus_perimeter": st.column_config.NumberColumn("Nucleus perimeter (px)", format="%.0f"),
    "nucleus_eccentricity": st.column_config.NumberColumn(
        "Nucleus eccentricity", format="%.2f", help="0 for a circle, towards 1 for a long ellipse"
    ),
    "nucleus_solidity": st.column_config.NumberColumn(
        "Nucleus solidity",
        format="%.2f",
        help="Its area over that of its convex hull: 1 without dents, less the more of them",
    ),
    "nucleus_density": st.column_config.NumberColumn("Nucleus stain", format="%.3f", help=STAIN),
    "cytoplasm_density": st.column_config.NumberColumn("Cytoplasm stain", format="%.3f", help=STAIN),
    "x": st.column_config.NumberColumn(
        "x (px)", format="%.0f", help="Of the nucleus's centre, from the left edge"
    ),
    "y": st.column_config.NumberColumn(
        "y (px)", format="%.0f", help="Of the nucleus's centre, from the top edge"
    ),
}
_WORDS = {  # of an opened cell: the measure's name, and how it is written
    "nucleus_area": ("Nucleus area", "{:,.0f} px"),
    "cytoplasm_area": ("Cytoplasm area", "{:,.0f} px"),
    "nc_ratio": ("N/C ratio", "{:.3f}"),
    "nucleus_perimeter": ("Nucleus perimeter", "{:.0f} px"),
    "nucleus_eccentricity": ("Nucleus eccentricity", "{:.2f}"),
    "nucleus_solidity": ("Nucleus solidity", "{:.2f}"),
    "nucleus_density": ("Nucleus stain", "{:.3f}"),
    "cytoplasm_density": ("Cytoplasm stain", "{:.3f}"),
}
_LARGE = 440  # px of the page, the longer side of an opened cell
_MARGIN = 0.12  # of the cell's longer side, around it where it is opened


def show_totals(cells: pd.DataFrame) -> None:
    """Show how many cells there are, and their areas together."""
    nucleus, cytoplasm = cells["nucleus_area"].sum(), cells["cytoplasm_area"].sum()
    ratio = f"{nucleus / cytoplasm:.3f}" if cytoplasm else "–"
    figures = (
        ("Cells", f"{len(cells):,}", "Each nucleus found counts as a cell"),
        ("Nucleus area (px)", f"{nucleus:,}", "Of all cells together, in pixels of the picture"),
        ("Cytoplasm area (px)", f"{cytoplasm:,}", "Of all cells together, without their nuclei"),
        ("N/C ratio", ratio, "Nucleus area over cytoplasm area, of all cells together"),
    )
    for place, pair in zip(st.columns(2), (figures[:2], figures[2:]), strict=True):
        with place, st.grid(2, min_column_width=160):  # four in a row, or two and two
            for name, value, explained in pair:
                st.metric(name, value, border=True, help=explained)


def show_table(
    cells: pd.DataFrame, name: str, key: str, selected: int, on_select: Callable[[], None]
) -> None:
    """Show a row a cell, one of them marked.

    Args:
        cells: the measures, row by row in the order of the cells' numbers from 1.
        name: of the picture.
        key: of the widget; in `on_select`, ``st.session_state[key]["selection"]["rows"]`` are those chosen.
        selected: the number of the cell to mark, 0 for none.
        on_select: called when a person chooses a row, or none.
    """
    rows = [selected - 1] if selected else []
    if key in st.session_state and list(st.session_state[key]["selection"]["rows"]) != rows:
        st.session_state[key] = {"selection": {"rows": rows}}
    st.dataframe(
        cells,
        column_order=list(COLUMNS),
        column_config=COLUMNS,
        hide_index=True,
        placeholder="–",
        alt=f"Measures of the {len(cells)} cells of {name}",
        key=key,
        on_select=on_select,
        selection_mode="single-row",
        selection_default={"selection": {"rows": rows}},
    )


def show_cell(picture: Picture, finding: Finding, number: int, open_cell: Callable[[int], None]) -> None:
    """Show one cell large, with its measures.

    Args:
        picture: what was segmented.
        finding: what was found in it.
        number: of the cell.
        open_cell: called with the number of the cell to open instead, 0 for none.
    """
    measures = finding.cells.iloc[number - 1]
    count = len(finding.cells)
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(f"Cell {number} of {count}", anchor=False)
            for words, icon, other, explained in (
                ("Previous", "chevron_left", (number - 2) % count + 1, "Open the cell before this one"),
                ("Next", "chevron_right", number % count + 1, "Open the cell after this one"),
                ("Close", "close", 0, "Open no cell"),
            ):
                st.button(
                    words,
                    key=f"segment_open_{words}",
                    icon=f":material/{icon}:",
                    on_click=open_cell,
                    args=(other,),
                    help=explained,
                )
        large, told = st.columns([1.4, 1], gap="medium")
        enlarged = cut_out(picture.pixels(), finding, number)
        large.image(
            jpeg_bytes(enlarged),
            width=round(_LARGE * enlarged.shape[1] / max(enlarged.shape[:2])),
            alt=f"Cell {number} of {picture.name}, enlarged, with the edges of its nucleus and of the cell",
        )
        told.table(
            {
                words: form.format(measures[measure]) if pd.notna(measures[measure]) else "–"
                for measure, (words, form) in _WORDS.items()
            },
            border="horizontal",
        )


def cut_out(image: np.ndarray, finding: Finding, number: int) -> np.ndarray:
    """Cut one cell out of its picture, enlarged, its own edges drawn and no other's.

    Args:
        image: ``(H, W, 3)`` uint8, the picture.
        finding: what was found in it.
        number: of the cell.
    """
    rows, columns = np.nonzero(finding.cells_map == number)
    margin = 4 + round(_MARGIN * max(np.ptp(rows), np.ptp(columns)))
    top, left = max(0, rows.min() - margin), max(0, columns.min() - margin)
    place = np.s_[top : rows.max() + 1 + margin, left : columns.max() + 1 + margin]
    own = np.where(finding.cells_map[place] == number, finding.label[place], 0).astype(np.uint8)
    return overlay(fitted(image[place]), fitted(own, exact=True))
