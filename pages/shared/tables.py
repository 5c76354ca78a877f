"""What tables have in common: shares with three digits, intervals in columns, and a file of them."""

from functools import partial

import pandas as pd
import streamlit as st

from pap_core.evaluation.intervals import LEVEL
from pap_core.export.spreadsheet import spreadsheet_csv

LOW, HIGH = f"{LEVEL} % from", f"{LEVEL} % to"
SHARE = st.column_config.NumberColumn(format="%.3f")


def as_csv(table: pd.DataFrame, name: str, label: str = "Table (CSV)", explained: str | None = None) -> None:
    """Offer a table as a file, beside it.

    Args:
        table: numbers as they are, not as they are shown.
        name: of the file, without its ending.
        label: of the button.
        explained: its help.
    """
    st.download_button(
        label,
        partial(spreadsheet_csv, table),
        f"{name}.csv",
        "text/csv",
        key=f"csv_{name}",
        on_click="ignore",
        icon=":material/download:",
        help=explained,
    )
