"""The page that trains, where files of runs are damaged: the others are shown, the damaged ones told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.damages import FEW, NO_OBJECT, STRANGE, with_value
from tests.helpers.pages.training_page import NEW, buttons, opened
from tests.helpers.pages.training_runs import lose
from tests.helpers.pages.visiting import press, ran, said

TOLD = [
    *("state", "best", "error"),
    *(
        pytest.param(one, marks=pytest.mark.slow)
        for one in ("steps", "heartbeat", "started", "note", "device", "phase", "pid")
    ),
]


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
def test_a_run_whose_status_is_damaged_is_listed_and_deleted(
    new_run: Callable, space: Path, content: bytes
) -> None:
    new_run("first")
    run = new_run("second")
    (run.folder / "status.json").write_bytes(content)
    app = opened(train_run="second")
    table = app.dataframe[0].value.set_index("Run")["State"]
    assert table.to_dict() == {"first": "finished", "second": "damaged"}
    assert any("status.json: damaged" in one.value.replace("\\", "") for one in app.warning)
    assert {"Resume", "Delete"} <= buttons(app)
    press(app, "Delete")
    press(app, "Delete it")
    assert not run.folder.exists()
    assert app.dataframe[0].value["Run"].tolist() == ["first"]


@pytest.mark.parametrize("key", TOLD)
def test_strange_values_in_a_status_leave_the_page_as_it_is(new_run: Callable, key: str) -> None:
    """Every strange value, each in a run of its own: of one that has ended, and of one that was lost."""
    for number, value in enumerate(STRANGE.values()):
        for state in ("finished", "lost"):
            run = new_run(f"{state}{number}", rows=2)
            if state == "lost":
                lose(run)
            path = run.folder / "status.json"
            path.write_text(with_value(path.read_text(), [key], value))
    app = opened(train_run="finished0")
    assert len(app.dataframe[0].value) == 2 * len(STRANGE)
    for number in range(len(STRANGE)):
        app.query_params["train_run"] = f"lost{number}"
        ran(app)


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
def test_a_folder_that_was_a_run_is_named_and_deleted(new_run: Callable, content: bytes) -> None:
    new_run("first")
    run = new_run("<b>[second](x)")
    (run.folder / "config.json").write_bytes(content)
    app = opened()
    assert app.dataframe[0].value["Run"].tolist() == ["first"]
    (told,) = (one.value for one in app.warning if "cannot be read" in one.value)
    assert r"\<b\>\[second\](x)" in told
    next(one for one in app.button if one.key == "damaged_run_<b>[second](x)").click()
    ran(app)
    press(app, "Delete it")
    assert not run.folder.exists()
    assert not [one for one in ran(app).warning if "cannot be read" in one.value]


def test_damaged_metrics_leave_the_page_as_it_is(new_run: Callable) -> None:
    run = new_run()
    lines = [one for one in NO_OBJECT.values() if one and b"\n" not in one]
    with open(run.folder / "metrics.jsonl", "ab") as file:
        file.write(b"\n".join([*lines, b'{"kind": "step", "step": 99, "images_per_second": "many"}']) + b"\n")
    app = opened()
    assert f"{len(lines) + 1} lines of metrics.jsonl cannot be read" in said(app)


def test_a_damaged_data_set_stops_no_run_from_being_begun_on_another(new_run: Callable, space: Path) -> None:
    (space / "datasets" / "torn").mkdir()
    (space / "datasets" / "torn" / "dataset.json").write_text("[]")
    app = opened(NEW)
    assert "Start" in buttons(app)
    assert not app.error
