"""What the tests of the page that compares share."""

import base64
import json

import numpy as np
import pandas as pd
from streamlit.testing.v1 import AppTest

from pap_core.comparison.compare import Comparison
from tests.helpers.pages.visiting import page


def opened(tab: str = "Figures", **address: str | list[str]) -> AppTest:
    """Open the page at an address."""
    return page("compare", tab=tab, **address)


def rows(comparison: Comparison, name: str, protocol: str = "strict", of: str = "both") -> pd.DataFrame:
    """Return what was measured of a method, a row a crop."""
    table = comparison.evaluation(comparison.done()[name]).table()
    return table[(table["protocol"] == protocol) & (table["class"] == of)]


def cells(app: AppTest) -> list[str]:
    """Return the crops whose pictures are shown, in order."""
    keys = [button.key or "" for button in app.button]
    return [key.removeprefix("pair_open_") for key in keys if key.startswith("pair_open_")]


def take_for(comparison: Comparison, found: str, name: str) -> None:
    """Put what was measured of one method down as another's result, too."""
    done = json.loads((comparison.folder / f"{found}.json").read_text())
    (comparison.folder / f"{name}.json").write_text(json.dumps(done | {"name": name}))


def numbers(values: list | dict) -> list[float]:
    """Return the numbers of a trace, however they were sent."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return values
