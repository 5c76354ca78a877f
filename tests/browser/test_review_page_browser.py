"""The page that reviews, as a person meets it: an outline that was moved and saved is where it was put."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import shapely
from PIL import Image, ImageColor

from pap_core.evaluation.store import Kept, evaluate_and_keep, split_of
from pap_core.inference.segmenter import Segmenter
from pap_core.model.checkpoint import read
from pap_core.reviewing.split_queue import SplitQueue, split_queue
from pap_core.reviews.drawing import EDGES
from pap_core.reviews.handles import MOST, handles
from pap_core.reviews.records import CORRECTED, ReviewCell
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.browser.browsing import serving, settle
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HALF = 0.5  # px of the picture: as far as an outline may come back off its place


@pytest.fixture(scope="module")
def queue(space: Path) -> SplitQueue:
    """The cells of an evaluated test split, in the workspace."""
    checkpoint = write_checkpoint(space.parent / "threshold", threshold_network())
    data = space / "datasets" / "phantoms"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(space))
        evaluate_and_keep(Segmenter(read(checkpoint), "cpu"), split_of(data))
    (folder,) = (space / "evaluations").iterdir()
    return split_queue(Kept(folder), data)


@pytest.fixture(scope="module")
def address(space: Path, queue: SplitQueue) -> Iterator[str]:
    with serving(space.parent, space.parent / "threshold") as address:
        yield f"{address}/review"


def opened(page: "Page", queue: SplitQueue) -> ReviewCell:
    """Say who one is; return the cell that is then open."""
    name = page.get_by_role("textbox", name="Your name")
    name.fill("Ada")
    name.press("Enter")
    surface(page).wait_for()
    settle(page)
    (begun,) = parse_qs(urlsplit(page.url).query)["review_cell"]
    (number,) = [place for place, entry in enumerate(queue.entries) if entry.id.startswith(begun)]
    return queue.cell(number)


def surface(page: "Page"):
    return page.get_by_role("img", name="The cell under review")


def painted(page: "Page", colour: str) -> np.ndarray:
    """Return where the canvas has a colour, ``(N, 2)`` in its pixels."""
    surface(page).scroll_into_view_if_needed()
    picture = np.array(Image.open(io.BytesIO(surface(page).screenshot())).convert("RGB")).astype(int)
    rows, columns = np.nonzero(np.abs(picture - ImageColor.getrgb(colour)).max(axis=2) < 50)
    return np.stack([columns, rows], axis=1) + 0.5


def test_a_moved_nucleus_is_saved_and_found_again(
    visit: Callable, address: str, space: Path, queue: SplitQueue
) -> None:
    page = visit(address)
    page.set_viewport_size({"width": 1280, "height": 1100})
    cell = opened(page, queue)
    (ring,) = cell.before.nucleus
    step = np.array([11, -6])

    surface(page).scroll_into_view_if_needed()
    box = surface(page).bounding_box()
    scale = box["width"] / cell.picture.shape[1]
    start = (ring.min(axis=0) + ring.max(axis=0)) / 2
    page.mouse.move(*(start * scale + (box["x"], box["y"])))
    page.mouse.down()
    page.mouse.move(*((start + step) * scale + (box["x"], box["y"])), steps=5)
    page.mouse.up()
    page.keyboard.press("s")  # saves the correction, at once
    page.get_by_text("decided, 1 by you").wait_for()

    decision = Reviews(sqlite_engine(space / "reviews.db")).latest()[cell.id]
    assert (decision.verdict, decision.reviewer) == (CORRECTED, "Ada")
    (kept,) = decision.after.nucleus
    put = shapely.LinearRing(ring + step)
    assert shapely.hausdorff_distance(shapely.LinearRing(kept), put, densify=0.02) < HALF
    assert decision.before == cell.before

    settle(page)
    again = visit(page.url.replace(parse_qs(urlsplit(page.url).query)["review_cell"][0], cell.id[:16]))
    again.set_viewport_size({"width": 1280, "height": 1100})
    assert opened(again, queue).id == cell.id
    dots = shapely.MultiPoint(painted(again, EDGES["nucleus"]))
    on_canvas = shapely.LinearRing(kept[handles(kept, MOST)] * scale)
    assert max(on_canvas.distance(dot) for dot in dots.geoms) < HALF * scale + 2
    along = shapely.points(shapely.get_coordinates(on_canvas.segmentize(2)))
    assert max(dot.distance(dots) for dot in along) < HALF * scale + 2


def test_all_that_is_needed_to_decide_is_in_view(visit: Callable, address: str, queue: SplitQueue) -> None:
    page = visit(address)
    opened(page, queue)
    accept = page.locator(".st-key-review_accepted button").first
    at_least = {1280: 540, 1920: 800}  # px, the longer side of the canvas
    for width, height in ((1280, 800), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        rest(page)
        box, button = surface(page).bounding_box(), accept.bounding_box()
        assert box["y"] <= 160
        assert box["y"] + box["height"] <= height
        assert max(box["width"], box["height"]) >= at_least[width]
        assert box["x"] > page.get_by_text("Move & edit").bounding_box()["x"]
        assert button["x"] > box["x"] + box["width"]
        for key in ("accepted", "corrected", "rejected", "Previous", "Next"):
            last = page.locator(f".st-key-review_{key} button").first.bounding_box()
            assert last["y"] + last["height"] <= height
        page.keyboard.press("x")  # without a reason
        page.get_by_text("choose a reason").wait_for()
        assert accept.bounding_box() == button
    page.set_viewport_size({"width": 820, "height": 1180})
    rest(page)
    box, button = surface(page).bounding_box(), accept.bounding_box()
    assert box["y"] + box["height"] < button["y"]
    assert button["y"] + button["height"] <= 1180
    assert box["x"] + box["width"] <= 820


def test_keys_do_what_a_reviewer_does(visit: Callable, address: str, queue: SplitQueue) -> None:
    page = visit(address)
    first = opened(page, queue).id[:16]
    page.keyboard.press("b")
    page.get_by_text("Paint what belongs to it").wait_for()
    slider = page.get_by_role("slider")
    width = int(slider.input_value())
    page.keyboard.press("]")
    settle(page)
    assert int(slider.input_value()) > width
    page.keyboard.press("v")
    page.get_by_text("Drag an outline to move it").wait_for()
    page.keyboard.press("ArrowRight")
    settle(page)
    assert first not in page.url
    page.keyboard.press("ArrowLeft")
    settle(page)
    assert first in page.url
    remark = page.get_by_role("textbox", name="Remark")
    remark.click()
    page.keyboard.type("below 2 pf")
    remark.press("ArrowLeft")
    assert first in page.url
    assert page.get_by_text("Drag an outline to move it").is_visible()


def rest(page: "Page") -> None:
    """Wait until the page has told how much room there is, and has rested since."""
    settle(page)
    page.wait_for_timeout(400)
    settle(page)
