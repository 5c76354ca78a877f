"""The page that trains: what people say of runs, how they find them by it, and in what runs differ."""

import json
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from pap_core.training import about
from pap_core.training.about import About
from pap_core.training.run import CONFIG
from tests.helpers.damages import FEW
from tests.helpers.pages.training_page import opened
from tests.helpers.pages.visiting import press, ran, refusals, said


def listed(app: AppTest) -> list[str]:
    return app.dataframe[0].value["Run"].tolist()


def test_a_run_is_given_a_name_notes_and_tags(new_run: Callable) -> None:
    run = new_run()
    app = opened()
    app.session_state["train_naming"] = True
    ran(app)
    app.text_input(key="train_about_first_name").set_value("Wider *net*")
    app.text_area(key="train_about_first_notes").set_value("for the talk")
    app.multiselect(key="train_about_first_tags").set_value(["herlev"])
    press(app, "Save")
    assert about.read(run) == About("Wider *net*", "for the talk", ("herlev",))
    assert r"Wider \*net\*" in [one.value for one in app.subheader]
    assert "for the talk" in said(app)
    row = app.dataframe[0].value.iloc[0]
    assert (row["Name"], list(row["Tags"])) == ("Wider *net*", ["herlev"])
    assert "Wider *net* (first)" in app.selectbox(key="train_run").options


def test_runs_are_found_by_what_is_said_of_them(new_run: Callable) -> None:
    for name in ("first", "second", "third"):
        new_run(name)
    run = new_run("fourth")
    about.write(run, "Baseline", "of the paper", ["slow", "old"])
    app = opened(train_run="first")
    assert set(listed(app)) == {"first", "second", "third", "fourth"}
    app.text_input(key="train_find").set_value("PAPER base")
    assert listed(ran(app)) == ["fourth"]
    app.text_input(key="train_find").set_value("")
    app.multiselect(key="train_tags").set_value(["old"])
    assert listed(ran(app)) == ["fourth"]
    app.text_input(key="train_find").set_value("third")
    assert "No run is found by that" in said(ran(app))
    assert app.query_params["train_run"] == "first"  # the open one stays open


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
def test_what_is_damaged_is_told_and_written_anew(new_run: Callable, content: bytes) -> None:
    run = new_run()
    (run.folder / about.FILE).write_bytes(content)
    app = opened()
    (sentence,) = refusals(app)
    assert "first/about.json: damaged" in sentence
    app.session_state["train_naming"] = True
    press(ran(app), "Save")
    assert not refusals(ran(app))


def test_the_table_of_settings_says_in_what_runs_differ(new_run: Callable) -> None:
    new_run("first")
    second = new_run("second")
    app = opened(train_run="first")
    app.multiselect(key="train_compared").set_value(["second"])
    assert "they differ in nothing" in said(ran(app))
    path = second.folder / CONFIG
    content = json.loads(path.read_text())
    content["config"] |= {"batch": 4, "average": 0.5}
    path.write_text(json.dumps(content))
    table = ran(app).dataframe[-1].value
    assert table.to_dict("index") == {
        "batch": {"first": "2", "second": "4"},
        "average": {"first": "0.95", "second": "0.5"},
    }
    app.toggle(key="train_settings_all").set_value(True)
    every = ran(app).dataframe[-1].value
    assert every.loc["generator.width"].tolist() == ["2", "2"]
    assert every.loc["data", "first"].startswith("phantom")
