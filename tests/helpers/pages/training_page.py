"""What the tests of the page that trains share: to open it, to set it, and what it draws."""

import dataclasses
import json
import time
from collections.abc import Callable

import pandas as pd
import pyarrow as pa
from streamlit.testing.v1 import AppTest

from tests.helpers.pages.visiting import APP, PATIENCE, ran, said

RUNS, NEW = "Runs", "New run"


def opened(tab: str = RUNS, **address: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    app.session_state["train_tab"] = tab
    app.switch_page("pages/train.py")
    for name, value in address.items():
        app.query_params[name] = value
    return ran(app)


def until(app: AppTest, ready: Callable[[AppTest], bool]) -> AppTest:
    """Run the page again and again, as its timer does in a browser."""
    for _ in range(4 * PATIENCE):
        if ready(ran(app)):
            return app
        time.sleep(0.25)
    raise AssertionError(said(app))


def buttons(app: AppTest) -> set[str]:
    return {one.label for one in app.button if not one.disabled}


def figures(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def setting(app: AppTest, name: str, preset: str = "tiny"):
    """Return the input of a setting."""
    every = [*app.number_input, *app.selectbox, *app.toggle]
    return next(one for one in every if one.key == f"train_set_{preset}_{name}")


def choose(app: AppTest, preset: str) -> AppTest:
    app.radio(key="train_preset").set_value(preset)
    return ran(app)


@dataclasses.dataclass
class Drawn:
    """A chart as the browser gets it."""

    option: dict
    sources: list[pd.DataFrame]

    @property
    def names(self) -> list[str]:
        return [one["name"] for one in self.option["series"]]

    def looks(self, what: str) -> list[str]:
        return [str(one["lineStyle"].get(what, one.get(what))) for one in self.option["series"]]


def charts(app: AppTest) -> dict[str, Drawn]:
    """Return what is drawn, by the charts' titles."""
    found = {}
    for one in app.get("echarts_chart"):
        option = json.loads(one.proto.spec)
        title = option["title"]["text"]
        tables = {part.name: pa.ipc.open_stream(part.data.data).read_pandas() for part in one.proto.datasets}
        found[title] = Drawn(option, [tables[part["source"]["name"]] for part in option["dataset"]])
        assert one.proto.alt.startswith(title)
    return found
