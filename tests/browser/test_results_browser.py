"""The results page, as a person meets it: evaluate, click a point, step with a key, send the address on."""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import torch

from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig
from tests.helpers.browser.browsing import serving, settle
from tests.helpers.threshold_checkpoint import write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(space: Path) -> Iterator[str]:
    """The app with a small untrained checkpoint."""
    torch.manual_seed(2)
    network = Generator(GeneratorConfig(levels=4, width=8, kernel=4, last="transposed", head="palette"))
    with serving(space.parent, write_checkpoint(space.parent / "untrained", network)) as address:
        yield address


@pytest.fixture(scope="module")
def evaluated(person: "BrowserContext", address: str) -> str:
    """The address of the page, once a person has had the ready set evaluated."""
    page = person.new_page()
    page.goto(address)
    page.get_by_role("link", name="Results").first.click()
    page.get_by_role("heading", name="Results", exact=True).wait_for()
    page.get_by_role("button", name="Evaluate on").click()
    page.get_by_role("heading", name="All crops").wait_for()
    page.close()
    return f"{address}/results"


@pytest.fixture
def page(visit: Callable, evaluated: str) -> "Page":
    page = visit(evaluated)
    page.get_by_role("heading", name="All crops").wait_for()
    settle(page)
    return page


def query(page: "Page") -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def the_cell(page: "Page") -> str:
    """Return the crop that the open cell says it is."""
    words = page.get_by_role("dialog").get_by_text("· crop").inner_text()
    return words.split("crop ")[1].split(" ·")[0]


def click_a_point(page: "Page") -> None:
    points = page.locator(".js-plotly-plot").first.locator(".scatterlayer .point")
    points.first.wait_for()
    settle(page)
    points.nth(3).scroll_into_view_if_needed()
    box = points.nth(3).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_point_opens_its_cell_and_keys_step_on(page: "Page") -> None:
    page.get_by_role("tab", name="Charts").click()
    click_a_point(page)
    page.get_by_role("dialog").get_by_role("img", name="Error map of the nucleus").wait_for()
    settle(page)
    first = the_cell(page)
    assert query(page)["results_cell"] == [first]
    pictures = page.get_by_role("dialog").get_by_role("img", name=first)
    assert pictures.count() == 4
    way, back = ("ArrowRight", "ArrowLeft")
    if page.get_by_role("dialog").get_by_role("button", name="Next").is_disabled():
        way, back = back, way
    page.keyboard.press(way)
    settle(page)
    second = the_cell(page)
    assert second != first
    assert query(page)["results_cell"] == [second]
    page.keyboard.press(back)
    settle(page)
    assert the_cell(page) == first
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    settle(page)
    assert "results_cell" not in query(page)
    click_a_point(page)  # the same one, once more
    page.get_by_role("dialog").wait_for()
    settle(page)
    assert the_cell(page) == first


def test_the_address_opens_the_same_view_elsewhere(page: "Page", visit: Callable) -> None:
    page.get_by_role("tab", name="Cells").click()
    page.get_by_role("button", name="parabasal", exact=True).click()
    settle(page)
    page.get_by_text("Cytoplasm", exact=True).first.click()
    settle(page)
    page.get_by_text("Best first").click()
    settle(page)
    page.get_by_role("img", name="Crop Parabasal").first.click(force=True)  # its button lies over it
    page.get_by_role("dialog").wait_for()
    settle(page)
    crop = the_cell(page)
    place = page.get_by_role("dialog").get_by_text(" of ").first.inner_text()
    other = visit(page.url)
    other.get_by_role("dialog").get_by_role("img", name="Error map of the cytoplasm").wait_for()
    settle(other)
    assert the_cell(other) == crop
    assert other.get_by_role("dialog").get_by_text(" of ").first.inner_text() == place
    assert query(other) == query(page)
    other.keyboard.press("Escape")
    other.get_by_role("dialog").wait_for(state="hidden")
    settle(other)
    shown = other.get_by_role("img", name="Crop ")
    assert shown.count() == other.get_by_role("img", name="Crop Parabasal").count() > 0


def test_what_is_listed_is_downloaded(page: "Page", tmp_path: Path) -> None:
    page.get_by_role("tab", name="Cells").click()
    page.get_by_role("button", name="dyskeratotic", exact=True).click()
    page.get_by_role("img", name="Crop Dyskeratotic").first.wait_for()
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Cells listed (CSV)").click()
    assert waiting.value.suggested_filename == "cells_strict_nucleus.csv"
    waiting.value.save_as(tmp_path / "cells.csv")
    with open(tmp_path / "cells.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["category"] for row in rows} == {"Dyskeratotic"}
    assert len(rows) >= page.get_by_role("img", name="Crop ").count() > 0
    found = [float(row["jaccard"]) for row in rows if row["jaccard"]]
    assert found == sorted(found)


def test_a_cell_opens_with_the_keyboard_alone(page: "Page") -> None:
    page.get_by_role("tab", name="Cells").click()
    page.get_by_role("img", name="Crop ").first.wait_for()
    settle(page)
    page.locator('[class*="st-key-cell_open_"] button:visible').nth(1).focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    settle(page)
    assert query(page)["results_cell"] == [the_cell(page)]


def test_junk_in_the_address_does_no_harm(page: "Page", evaluated: str) -> None:
    page.goto(
        f"{evaluated}?results_protocol=x&results_range=a&results_page=99&results_view=Cells&results_cell=y"
    )
    page.get_by_role("img", name="Crop ").first.wait_for()
    settle(page)
    assert page.get_by_role("dialog").count() == 0
    assert page.get_by_role("alert").count() == 0
