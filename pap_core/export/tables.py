"""The table of cells as it leaves the program."""

import numpy as np
import pandas as pd

from pap_core.export.origin import NOTICE, Origin
from pap_core.export.spreadsheet import spreadsheet_csv


def cells_table(table: pd.DataFrame, origin: Origin) -> pd.DataFrame:
    """Return the table of a picture's cells with the file's name before, and digest and notice after it."""
    told = table.assign(checkpoint=origin.digest, notice=NOTICE)
    told.insert(0, "file", origin.picture)
    return told


def table_csv(told: pd.DataFrame) -> bytes:
    """Write one picture's `cells_table`, or those of several pictures together, as CSV for spreadsheets."""
    return spreadsheet_csv(told, float_format="%.5g")


def cells_csv(table: pd.DataFrame, origin: Origin) -> bytes:
    """Write the cells of one picture as CSV, as ``python -m pap_core predict`` writes those of many."""
    return table_csv(cells_table(table, origin))


def measures(table: pd.DataFrame) -> dict[int, dict[str, float]]:
    """Return each cell's measures by its number, under their columns' names, what is not defined left out."""
    rows = table.set_index("cell").to_dict("index")
    return {
        number: {name: float(f"{value:.5g}") for name, value in row.items() if np.isfinite(value)}
        for number, row in rows.items()
    }
