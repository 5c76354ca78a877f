"""The page that compares, as a person meets it: begin, watch, look at a pair and its cells, take it away."""

import csv
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.helpers.browser.browsing import serving, settle
from tests.helpers.comparing import few
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The app with a data set of a few crops."""
    place = tmp_path_factory.mktemp("app")
    (place / "workspace" / "datasets").mkdir(parents=True)
    few(phantom_dataset, place / "workspace" / "datasets" / "phantoms")
    with serving(place, write_checkpoint(place / "threshold", threshold_network())) as address:
        yield address


@pytest.fixture(scope="module")
def compared(person: "BrowserContext", address: str) -> str:
    """The address of the page, once a person has had two methods compared."""
    page = person.new_page()
    page.goto(address)
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_text("There is no comparison yet").wait_for()
    settle(page)
    page.get_by_text("Choose", exact=True).first.click()
    settle(page)
    methods = page.get_by_role("combobox", name="These")
    for name in ("K-means", "Otsu"):
        methods.click()
        page.get_by_role("option", name=name, exact=True).click()
        settle(page)
    page.keyboard.press("Escape")
    settle(page)  # until then the menu comes back under the pointer, and takes the click
    page.get_by_role("button", name="Start").click()
    page.get_by_text("Comparing: the process starts").or_(page.get_by_text("Method 1 of 2")).first.wait_for()
    page.get_by_text("16 methods are without a result").wait_for()  # by itself, once it is done
    page.get_by_text("is best of the 2 shown").wait_for()
    settle(page)
    found = page.url
    page.close()
    return found


@pytest.fixture
def page(visit: Callable, compared: str) -> "Page":
    page = visit(compared)
    page.get_by_text("is best of the 2 shown").wait_for()
    settle(page)
    return page


def query(page: "Page") -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def in_pairs(page: "Page") -> None:
    page.get_by_role("tab", name="Two methods").click()
    page.get_by_role("heading", name="Where they differ most").wait_for()
    page.get_by_role("img", name="as marked, by").first.wait_for()
    settle(page)


def the_cell(page: "Page") -> str:
    """Return the crop that the open cell says it is."""
    words = page.get_by_role("dialog").get_by_text("· crop").inner_text()
    return words.split("crop ")[1].split(" ·")[0]


def test_a_point_opens_its_cell_and_keys_step_on(page: "Page") -> None:
    in_pairs(page)
    point = page.locator(".js-plotly-plot .scatterlayer .point").first
    point.scroll_into_view_if_needed()
    settle(page)
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("dialog").get_by_role("img", name="with the reference outlines").wait_for()
    settle(page)
    first = the_cell(page)
    assert query(page)["compare_cell"] == [first]
    assert page.get_by_role("dialog").get_by_role("img", name=f"Crop {first}").count() == 4
    last = page.get_by_role("dialog").get_by_role("button", name="Next").is_disabled()
    page.keyboard.press("ArrowLeft" if last else "ArrowRight")
    settle(page)
    assert the_cell(page) != first
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    settle(page)
    assert "compare_cell" not in query(page)


def test_a_cell_opens_with_the_keyboard_alone_and_elsewhere_by_its_address(
    page: "Page", visit: Callable
) -> None:
    in_pairs(page)
    page.locator('[class*="st-key-pair_open_"] button:visible').nth(1).focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    settle(page)
    crop = the_cell(page)
    other = visit(page.url)
    other.get_by_role("dialog").get_by_role("img", name="with the reference outlines").wait_for()
    settle(other)
    assert the_cell(other) == crop
    assert query(other) == query(page)


def test_names_in_the_chart_of_quality_do_not_overlap(page: "Page") -> None:
    page.get_by_role("tab", name="Quality and time").click()
    names = page.locator(".js-plotly-plot .annotation-text")
    names.first.wait_for()
    settle(page)
    boxes = sorted((box["y"], box["height"]) for box in (one.bounding_box() for one in names.all()))
    assert len(boxes) == 2
    assert all(above + height <= below for (above, height), (below, _) in pairwise(boxes))


def test_figures_are_taken_away(page: "Page", tmp_path: Path) -> None:
    expected = {
        "All figures (CSV)": "comparison_f3f3-20min.csv",
        "Tables (Markdown)": "comparison_f3f3-20min_strict.md",
        "Table (LaTeX)": "comparison_f3f3-20min_strict_both.tex",
    }
    for button, name in expected.items():
        with page.expect_download() as waiting:
            page.get_by_role("button", name=button).click()
        assert waiting.value.suggested_filename == name
        waiting.value.save_as(tmp_path / name)
        assert "otsu" in (tmp_path / name).read_text().lower()
    with open(tmp_path / "comparison_f3f3-20min.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows} == {"k-means", "otsu"}
    assert {row["protocol"] for row in rows} == {"strict", "colour-200", "channel-200"}


def test_a_new_comparison_is_offered_and_its_form_opens(page: "Page") -> None:
    page.get_by_role("button", name="New comparison").click()
    page.get_by_role("spinbutton", name="Minutes of training each").wait_for()
    settle(page)
    assert page.get_by_role("button", name="Start").count() == 1
