"""Back and Forward: whatever walk a person takes, no page fails, and each shows what its address says."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.helpers.browser.browsing import serving, settle
from tests.helpers.browser.lived_in import furnish_lived_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HEADINGS = {
    "Segment": "Segment a Pap smear",
    "Results": "Results",
    "Compare": "Compare",
    "Data sets": "Data sets",
    "Train": "Train",
    "Review": "Review",
}
PATHS = {"": "Segment", "results": "Results", "compare": "Compare", "dataset": "Data sets"}
PATHS |= {"train": "Train", "review": "Review"}
# what a person may do on a page that its address, or the session, then holds: role, name, option
ACTS = {
    "Segment": [("tab", "Data set", None), ("radio", "Uncertainty", None)],
    "Results": [
        ("tab", "Cells", None),
        ("tab", "Charts", None),
        ("radio", "Cytoplasm", None),
        ("combobox", "Data set", "small"),
        ("combobox", "Metric", "Precision"),
    ],
    "Compare": [("tab", "Two methods", None), ("radio", "Nucleus", None), ("combobox", "First", "Otsu")],
    "Data sets": [
        ("combobox", "Data set", "small"),
        ("combobox", "Data set", "phantoms"),
        ("radio", "Training", None),
        ("tab", "Build one", None),
        ("button", "Next", None),
    ],
    "Train": [("combobox", "Run", "first"), ("tab", "New run", None)],
    "Review": [("button", "What to review", None)],
}


@pytest.fixture(scope="module")
def place(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("app")
    furnish_lived_in(folder, phantom_dataset)
    return folder


@pytest.fixture(scope="module")
def address(place: Path) -> Iterator[str]:
    with serving(place, place / "threshold") as address:
        yield address


def follow(page: "Page", name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def go(page: "Page", name: str) -> None:
    follow(page, name)
    settle(page)


def choose(page: "Page", label: str, option: str) -> None:
    page.get_by_role("combobox", name=label, exact=True).first.click()
    page.get_by_role("option", name=option, exact=True).click()
    settle(page)


def here(page: "Page") -> str:
    """Return the name of the page that the address names."""
    return PATHS[urlsplit(page.url).path.strip("/")]


def act(page: "Page", chance: random.Random) -> str:
    """Do something on the page, if it is there to be done; return what."""
    role, name, option = chance.choice(ACTS[here(page)])
    control = page.get_by_role(role, name=name, exact=True).first
    if not control.is_visible() or not control.is_enabled():
        return ""
    if option:
        choose(page, name, option)
    else:
        control.click()
        settle(page)
    page.keyboard.press("Escape")
    settle(page)
    return f"{name} {option or ''}".strip()


def shows_its_address(page: "Page") -> None:
    """See that the page is the one that the address names, and did not fail.

    What a page asks for by itself, every two seconds while a data set is built, may be answered just when a
    person goes back: the page rests then for a moment, and the one asked for runs after it.
    """
    page.get_by_role("heading", name=HEADINGS[here(page)], exact=True).wait_for()
    settle(page)
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_test_id("stAlertContentError").count() == 0
    assert page.get_by_role("heading", name=HEADINGS[here(page)], exact=True).count() == 1
    asked = parse_qs(urlsplit(page.url).query).get("dataset_open")
    box = page.get_by_role("combobox", name="Data set", exact=True).first
    if asked and box.is_visible():
        assert box.input_value() == asked[-1]


def back_to(page: "Page", name: str) -> None:
    """Go back until a page is there: one that names what it shows in its address has several entries."""
    for _ in range(5):
        page.go_back()
        settle(page)
        shows_its_address(page)
        if here(page) == name:
            return
    pytest.fail(f"{name} is not there: {page.url}")


def test_back_from_another_page_and_forward_again(visit: Callable, address: str) -> None:
    page = visit(address)
    settle(page)
    for name in (one for one in HEADINGS if one != "Train"):
        go(page, name)
        go(page, "Train")
        back_to(page, name)
        page.go_forward()
        settle(page)
        shows_its_address(page)
        back_to(page, name)


def test_back_returns_to_the_data_set_that_was_open(visit: Callable, address: str) -> None:
    page = visit(f"{address}/dataset")
    settle(page)
    choose(page, "Data set", "small")
    assert "dataset_open=small" in page.url
    go(page, "Train")
    back_to(page, "Data sets")
    assert "dataset_open=small" in page.url
    go(page, "Train")
    go(page, "Data sets")  # by the navigation: what was open last is open still
    assert "dataset_open=small" in page.url
    shows_its_address(page)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_walk_through_the_history_fails(visit: Callable, address: str, place: Path, seed: int) -> None:
    chance = random.Random(seed)
    page = visit(address)
    settle(page)
    walked, entries = [], 0  # the latter: how far Back there is still this app
    for _ in range(20):
        step = chance.choice(["page", "act", "act", "back", "back", "forward"])
        if step == "page":
            walked.append(chance.choice(list(HEADINGS)))
            follow(page, walked[-1])
            entries += 1
        elif step == "act":
            walked.append(act(page, chance))
        elif step == "forward":
            walked.append("forward")
            page.evaluate("history.forward()")
        elif entries:
            walked.append("back")
            page.evaluate("history.back()")
            entries -= 1
        settle(page)
        try:
            shows_its_address(page)
        except AssertionError as fault:
            raise AssertionError(f"{fault} after {' › '.join(walked)}") from fault
    assert "Traceback" not in (place / "server.log").read_text()


def test_pages_turn_and_begin_again_and_the_log_warns_of_nothing(
    visit: Callable, address: str, place: Path
) -> None:
    page = visit(address)
    settle(page)
    for name in HEADINGS:
        go(page, name)
    for path, other_list in (
        ("results?results_view=Cells", "Best first"),
        ("compare?compare_tab=Two+methods", "Cytoplasm"),
    ):
        page.goto(f"{address}/{path}")
        turned = page.get_by_test_id("stPaginationPageActive")
        turned.wait_for()
        settle(page)
        assert turned.inner_text() == "1"
        page.get_by_test_id("stPaginationPage").first.click()
        settle(page)
        assert turned.inner_text() == "2"
        assert "_page=2" in page.url
        other = page.url
        page.get_by_role("radio", name=other_list, exact=True).click()
        settle(page)
        assert turned.inner_text() == "1"  # what is listed has changed
        page.goto(other)
        page.get_by_text("2", exact=True).and_(turned).wait_for()  # an address that was sent on
        page.get_by_test_id("stPaginationPage").first.click()
        settle(page)
        page.go_back()
        page.get_by_text("2", exact=True).and_(turned).wait_for()
        shows_its_address(page)
    log = (place / "server.log").read_text()
    assert "arning" not in log
    assert "default value" not in log
