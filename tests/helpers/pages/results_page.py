"""What the tests of the results page share: to open it, and what is kept."""

from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from pages.shared.reading import Reading
from pap_core.evaluation.store import Kept
from tests.helpers.pages.visiting import page

STRICT = Reading("strict", "nucleus", "jaccard")


def kept_of(place: Path) -> Kept:
    (folder,) = (place / "workspace" / "evaluations").iterdir()
    return Kept(folder)


def opened(data: str = "few", view: str = "Figures", **address: str | list[str]) -> AppTest:
    """Open the page at an address."""
    return page("results", data=data, view=view, **address)


def cells(app: AppTest) -> list[str]:
    """Return the crops whose small pictures are shown, in order."""
    return [
        button.key.removeprefix("cell_open_") for button in app.button if button.key.startswith("cell_open_")
    ]


def values(kept: Kept, reading: Reading = STRICT) -> pd.Series:
    """Return a metric of each crop, 0 to 1."""
    table = kept.table()
    chosen = (table["protocol"] == reading.protocol) & (table["class"] == reading.label_class)
    return table[chosen].set_index("id")[reading.metric]
