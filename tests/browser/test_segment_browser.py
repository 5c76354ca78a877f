"""The page that segments, as a person meets it: a real browser, clicks, uploads, downloads."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.helpers.browser.browsing import serving, settle
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

CELLS = [(250, 250, 120), (700, 300, 110), (400, 600, 130)]  # x, y, radius, in reading order


@pytest.fixture(scope="module")
def address(space: Path) -> Iterator[str]:
    """The app with a checkpoint that needs no training."""
    checkpoint = write_checkpoint(space.parent / "threshold", threshold_network())
    with serving(space.parent, checkpoint) as address:
        yield address


@pytest.fixture
def page(visit: Callable, address: str) -> "Page":
    """The app, opened and done with its first picture."""
    page = visit(address)
    page.get_by_role("heading", name="Parabasal.jpg").wait_for()
    page.get_by_role("button", name="Label map (PNG)").wait_for()
    return page


def uploaded(page: "Page", name: str, content: bytes) -> None:
    uploader = page.get_by_test_id("stFileUploader").first
    uploader.locator("input[type=file]").set_input_files({"name": name, "mimeType": "", "buffer": content})


def smear() -> bytes:
    """Draw a smear of three round cells with a nucleus of a third of their radius."""
    image = Image.new("RGB", (1000, 800), (230, 230, 230))
    for x, y, radius in CELLS:
        ImageDraw.Draw(image).circle((x, y), radius, (120, 120, 120))
        ImageDraw.Draw(image).circle((x, y), radius / 3, (30, 30, 30))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def downloaded(page: "Page", name: str, path: Path) -> str:
    """Click a download, keep it at a path; return the name it came with."""
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    waiting.value.save_as(path)
    return waiting.value.suggested_filename


@pytest.fixture
def slide(page: "Page") -> "Page":
    """The page, with a smear of three cells uploaded and shown."""
    uploaded(page, "my slide.png", smear())
    page.get_by_role("heading", name="my slide.png").wait_for()
    page.get_by_role("img", name="Colour map of my slide.png with 3 cells").wait_for()
    settle(page)
    return page


def views(page: "Page") -> list[str]:
    """Return where the pictures of both panes are, and how large."""
    return [picture.get_attribute("style") for picture in page.locator(".pane img").all()]


def middle(page: "Page", cell: int) -> tuple[float, float]:
    """Return where on the screen the middle of a cell is, in the left pane."""
    pane = page.locator("[data-pane=picture] .pane")
    pane.evaluate("pane => pane.scrollIntoView({ block: 'center' })")  # clear of the page's header
    box = pane.locator(f".places path[data-cell='{cell}']").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_picture_stands_high_up_under_every_address_of_the_page(visit: Callable, address: str) -> None:
    for path in ("", "/segment"):
        page = visit(f"{address}{path}")
        page.get_by_role("heading", name="Parabasal.jpg").wait_for()
        page.get_by_role("img", name="Colour map of Parabasal.jpg").wait_for()
        settle(page)
        assert page.locator("[data-pane=picture] .pane").bounding_box()["y"] <= 200
        assert page.get_by_text("Page not found").count() == 0
        strip = [one.bounding_box() for one in page.get_by_role("img", name="Synthetic smear").all()]
        assert len(strip) == 5
        assert len({box["y"] for box in strip}) == 1


def test_an_example_is_chosen_by_its_picture(page: "Page") -> None:
    page.get_by_role("img", name="Synthetic smear with Koilocytotic cells").scroll_into_view_if_needed()
    box = page.get_by_role("img", name="Synthetic smear with Koilocytotic cells").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.get_by_role("heading", name="Koilocytotic.jpg").wait_for()


def test_an_example_is_chosen_with_the_keyboard(page: "Page") -> None:
    page.get_by_role("button", name="Metaplastic", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Metaplastic.jpg").wait_for()


def test_a_smear_goes_in_and_its_label_map_comes_out(slide: "Page", tmp_path: Path) -> None:
    assert downloaded(slide, "Label map (PNG)", tmp_path / "label.png") == "my slide_label.png"
    with Image.open(tmp_path / "label.png") as label:
        assert label.size == (1000, 800)
        assert set(np.unique(label)) == {0, 1, 2}
        assert [label.getpixel((x, y)) for x, y, _ in CELLS] == [2, 2, 2]


def test_everything_comes_out_as_one_zip(slide: "Page", tmp_path: Path) -> None:
    assert downloaded(slide, "Everything (ZIP)", tmp_path / "all.zip") == "my slide.zip"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        expected = ("_label.png", "_map.png", "_overlay.png", "_cells.csv", ".geojson", "_coco.json")
        assert {f"my slide{ending}" for ending in expected} <= names
        assert sum(name.endswith(".dat") for name in names) == 2 * len(CELLS)
        table = archive.read("my slide_cells.csv").decode()
        assert len(table.splitlines()) == 1 + len(CELLS)
        assert "not a medical device" in table


def test_a_layer_is_switched_in_the_browser_alone(page: "Page") -> None:
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    page.get_by_role("button", name="Label map (PNG)").wait_for()
    settle(page)
    asked = len(sent)
    assert asked
    nuclei = page.locator("[data-pane=picture] .nucleus")
    cells = page.locator("[data-pane=picture] .cell")
    assert nuclei.evaluate("layer => getComputedStyle(layer).display") == "inline"
    page.get_by_role("checkbox", name="Nucleus").uncheck()
    assert nuclei.evaluate("layer => getComputedStyle(layer).display") == "none"
    assert cells.evaluate("layer => getComputedStyle(layer).display") == "inline"
    page.get_by_label("Colour of the cell edges").fill("#00ff00")
    assert cells.evaluate("layer => getComputedStyle(layer).stroke") == "rgb(0, 255, 0)"
    page.get_by_role("checkbox", name="Nucleus").check()
    assert nuclei.evaluate("layer => getComputedStyle(layer).display") == "inline"
    settle(page)
    assert len(sent) == asked


def test_both_pictures_are_zoomed_and_moved_as_one(slide: "Page") -> None:
    x, y = middle(slide, 1)
    whole = views(slide)
    assert whole[0] == whole[1]
    slide.mouse.move(x, y)
    slide.mouse.wheel(0, -500)
    settle(slide)
    near = views(slide)
    assert near[0] == near[1] != whole[0]
    edge = slide.locator("[data-pane=picture] .cell path").first
    assert edge.evaluate("path => getComputedStyle(path).vectorEffect") == "non-scaling-stroke"
    assert middle(slide, 1) == pytest.approx((x, y), abs=3)  # what the pointer is on stays under it
    slide.mouse.down()
    slide.mouse.move(x - 60, y - 40, steps=4)
    slide.mouse.up()
    settle(slide)
    moved = views(slide)
    assert moved[0] == moved[1] != near[0]
    slide.keyboard.press("0")
    settle(slide)
    assert views(slide) == whole


def test_a_cell_tells_of_itself_and_opens(slide: "Page") -> None:
    slide.mouse.move(*middle(slide, 2))
    tip = slide.locator(".tip")
    tip.wait_for()
    assert re.search(r"Cell 2\s+nucleus [\d,]+ px, cytoplasm [\d,]+ px\s+N/C ratio 0\.\d+", tip.inner_text())
    slide.mouse.click(*middle(slide, 2))
    slide.get_by_role("heading", name="Cell 2 of 3").wait_for()
    slide.get_by_role("img", name="Cell 2 of my slide.png, enlarged").wait_for()
    assert marked(slide) == 2


def test_table_and_picture_mark_the_same_cell(slide: "Page") -> None:
    grid = slide.get_by_test_id("stDataFrame").first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    slide.mouse.click(box["x"] + 16, box["y"] + 35 * 3.5)  # the box of the third row
    slide.get_by_role("heading", name="Cell 3 of 3").wait_for()
    settle(slide)
    assert marked(slide) == 3
    slide.mouse.click(*middle(slide, 1))
    slide.get_by_role("heading", name="Cell 1 of 3").wait_for()
    settle(slide)
    assert marked(slide) == 1
    assert slide.get_by_role("heading", name="Cell 1 of 3").count() == 1  # the table does not answer back


def test_a_cell_opens_with_the_keyboard(slide: "Page") -> None:
    slide.locator("[data-pane=picture] .pane").focus()
    for key in ("n", "n", "p", "Enter"):
        slide.keyboard.press(key)
    slide.get_by_role("heading", name="Cell 1 of 3").wait_for()
    settle(slide)
    slide.keyboard.press("Escape")
    slide.get_by_role("heading", name="Cell 1 of 3").wait_for(state="detached")


def marked(page: "Page") -> int:
    """Return which cell the viewer marks, the same in both panes."""
    outlines = {path.get_attribute("d") for path in page.locator(".marks path").all()}
    assert len(outlines) == 1
    places = page.locator("[data-pane=picture] .places path").all()
    (number,) = [place.get_attribute("data-cell") for place in places if place.get_attribute("d") in outlines]
    return int(number)


def test_a_broken_file_gives_one_sentence(page: "Page") -> None:
    uploaded(page, "broken.png", smear()[:500])
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.count() == 1
    assert alert.inner_text().startswith("broken.png: the picture is damaged or cut short")
    assert "Traceback" not in page.content()


def test_nothing_is_fetched_from_elsewhere(page: "Page", address: str) -> None:
    elsewhere = []
    page.on("request", lambda request: elsewhere.append(request.url))
    page.reload()
    page.get_by_role("button", name="Label map (PNG)").wait_for()
    strange = [url for url in elsewhere if not url.startswith((address, "data:", "blob:"))]
    assert not strange
