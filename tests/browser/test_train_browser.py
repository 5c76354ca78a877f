"""The page that trains, as a person meets it: a run outlives the page and the server that started it."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pap_core.training import process
from pap_core.training.run import Run
from tests.helpers.browser.browsing import PATIENCE, serving, settle
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SETTINGS = {"Epochs": "20", "Width": "2"}


@pytest.fixture
def place(space: Path) -> Iterator[Path]:
    """A folder with a workspace and a checkpoint; what still trains there at the end is ended."""
    write_checkpoint(space.parent / "threshold", threshold_network())
    yield space.parent
    for path in (space / "runs").glob("[!.]*"):
        for _ in range(100):
            if process.state(Run(path)) not in process.LIVE:
                break
            process.stop(Run(path))
            time.sleep(0.3)


def train_page(visit: Callable, address: str) -> "Page":
    page = visit(address)
    page.get_by_role("link", name="Train", exact=True).click()
    page.get_by_role("heading", name="Train", exact=True).wait_for()
    settle(page)
    return page


def start(page: "Page") -> None:
    page.get_by_role("tab", name="New run").click()
    page.get_by_text("tiny", exact=True).click()
    settle(page)
    for label, value in SETTINGS.items():
        box = page.get_by_role("spinbutton", name=label, exact=True)
        box.fill(value)
        box.press("Enter")
        settle(page)
    page.get_by_role("button", name="Start", exact=True).click()


def curve(page: "Page", title: str = "Adversarial loss") -> str:
    """Return a chart as it is drawn, empty before its first line."""
    chart = page.locator("svg", has_text=title)
    return chart.first.inner_html() if chart.count() else ""


def wait_for(ready: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 2 * PATIENCE
    while time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.1)
    pytest.fail(f"waited too long: {what}")


def test_a_run_outlives_page_and_server(place: Path, visit: Callable) -> None:
    with serving(place, place / "threshold", end=signal.SIGKILL, fresh=True) as address:
        page = train_page(visit, address)
        start(page)
        page.get_by_role("button", name="Stop", exact=True, disabled=False).wait_for()
        (run,) = runs_of(place)
        assert f"train_run={run.folder.name}" in page.url
        wait_for(lambda: curve(page) != "", "the first points of a curve")
        before = curve(page)
        page.locator("svg", has_text="Adversarial loss").first.evaluate("chart => { window.chart = chart }")
        wait_for(lambda: curve(page) != before, "the curve to move")
        assert page.evaluate(
            "window.chart.isConnected"
        )  # drawn on, and not drawn anew: nothing flickers, and a zoom stays

        page.get_by_role("button", name="Stop", exact=True, disabled=False).click()
        page.get_by_role("button", name="Resume", disabled=False).wait_for()
        stopped = json.loads((run.folder / "status.json").read_text())
        assert stopped["state"] == "stopped"
        assert 0 < stopped["step"] < stopped["steps"]
        settle(page)
        page.get_by_role("button", name="Resume", disabled=False).click()
        page.get_by_role("button", name="Stop", exact=True, disabled=False).wait_for()
        page.close()
    assert process.state(run) in process.LIVE  # the server is gone, the run is not

    with serving(place, place / "threshold") as address:
        page = train_page(visit, address)
        page.get_by_text("Finished", exact=True).wait_for(timeout=4000 * PATIENCE)
        status = json.loads((run.folder / "status.json").read_text())
        assert status["step"] == status["steps"]
        page.get_by_role("heading", name="Best checkpoint").wait_for()
        settle(page)
        assert "Traceback" not in page.content()

        page.get_by_role("button", name="Export to ONNX").click()
        offered = page.get_by_role("button", name="ONNX", exact=True)
        offered.wait_for()
        with page.expect_download() as waiting:
            offered.click()
        assert waiting.value.suggested_filename == f"{run.folder.name}.onnx"

        page.get_by_role("button", name="Use it").click()
        page.get_by_role("button", name=f"Checkpoint: run {run.folder.name}").wait_for()
        settle(page)
        page.get_by_role("link", name="Results").last.click()
        page.get_by_role("heading", name="All crops").wait_for()
        assert f"run+{run.folder.name}" in page.url or f"run%20{run.folder.name}" in page.url


def test_a_double_click_on_stop_stops_with_a_checkpoint(place: Path, visit: Callable) -> None:
    with serving(place, place / "threshold") as address:
        page = train_page(visit, address)
        start(page)
        button = page.get_by_role("button", name="Stop", exact=True)
        button.wait_for()
        run = max(runs_of(place), key=lambda one: one.folder.name)
        wait_for(lambda: len(run.read_metrics()) > 0, "the first steps")
        places = {name: where(page, name) for name in ("Resume", "Stop", "End now", "Delete")}
        middle = places["Stop"]["x"] + places["Stop"]["width"] / 2, places["Stop"]["y"] + 10
        for _ in range(6):  # a patient hand: long enough for the page to be drawn anew between two
            page.mouse.dblclick(*middle)
            page.wait_for_timeout(400)
        wait_for(lambda: process.state(run) not in process.LIVE, "the run to stop")
        status = run.read_status()
        assert status["state"] == "stopped"  # told by the process itself, which was not ended
        assert run.load_last()["step"] == status["step"] > 0
        assert run.folder.is_dir()
        settle(page)
        assert {name: where(page, name) for name in places} == places
        assert not page.get_by_role("button", name="Delete it").count()
        page.get_by_role("button", name="Delete", exact=True).click()
        page.get_by_role("button", name="Delete it").click()
        wait_for(lambda: not run.folder.exists(), "the run to be deleted")


def where(page: "Page", name: str) -> dict[str, float]:
    """Return where on the screen a button is."""
    return page.get_by_role("button", name=name, exact=True).bounding_box()


def runs_of(place: Path) -> list[Run]:
    return [Run(path) for path in (place / "workspace" / "runs").glob("[!.]*") if path.is_dir()]
