"""The table of cells, on a page and as a file."""

import pandas as pd
import streamlit as st

COLUMNS = {
    "cell": st.column_config.NumberColumn("Cell", help="Its number, in reading order, as on the picture"),
    "nucleus_area": st.column_config.NumberColumn("Nucleus area (px)", format="localized"),
    "cytoplasm_area": st.column_config.NumberColumn("Cytoplasm area (px)", format="localized"),
    "nc_ratio": st.column_config.NumberColumn(
        "N/C ratio",
        format="%.3f",
        help="Nucleus area over cytoplasm area; empty where no cytoplasm was found",
    ),
    "nucleus_eccentricity": st.column_config.NumberColumn(
        "Nucleus eccentricity", format="%.2f", help="0 for a circle, towards 1 for a long ellipse"
    ),
    "x": st.column_config.NumberColumn(
        "x (px)", format="%.0f", help="Of the nucleus's centre, from the left edge"
    ),
    "y": st.column_config.NumberColumn(
        "y (px)", format="%.0f", help="Of the nucleus's centre, from the top edge"
    ),
}


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


def show_table(cells: pd.DataFrame, name: str) -> None:
    """Show a row a cell of the picture of that name."""
    st.dataframe(
        cells,
        column_order=list(COLUMNS),
        column_config=COLUMNS,
        hide_index=True,
        placeholder="–",
        alt=f"Measures of the {len(cells)} cells of {name}",
    )


def cells_csv(cells: pd.DataFrame, name: str, checkpoint: str) -> bytes:
    """Write the table as ``python -m pap_core predict`` does: with the file and the checkpoint's digest."""
    table = cells.assign(checkpoint=checkpoint)
    table.insert(0, "file", name)
    return table.to_csv(index=False, float_format="%.5g").encode()
