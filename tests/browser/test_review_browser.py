"""The canvas as a person meets it: outlines are drawn with the mouse, and are where they were drawn."""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np
import pytest
import shapely
from PIL import Image, ImageColor

from pap_core.outlines import Outlines
from pap_core.reviews.handles import MOST, handles
from pap_core.reviews.shapes import corners, flattened, middle, placed
from tests.helpers.browser import browsing
from tests.helpers.browser.browsing import serving, settle
from tests.helpers.pages.canvas_app import SHAPES, SIDE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HALF = 0.5  # px of the picture: as far as an outline may come back off its place
NUCLEUS = (120, 124)  # its middle, px of the picture


@pytest.fixture(scope="module")
def canvases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an app with nothing but canvases."""
    folder = tmp_path_factory.mktemp("canvases")
    (folder / "app.py").write_text("from tests.helpers.pages import canvas_app\n\ncanvas_app.main()\n")
    shutil.copytree(browsing.ROOT / ".streamlit", folder / ".streamlit")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(browsing.ROOT))
        patch.setattr(browsing, "ROOT", folder)
        with serving(folder, folder) as address:
            yield address


@pytest.fixture
def page(visit: Callable, canvases: str) -> "Page":
    """A page with a cell on a canvas."""
    page = visit(canvases)
    page.set_viewport_size({"width": 1280, "height": 1200})
    page.get_by_role("img", name="The cell under review").wait_for()
    settle(page)
    return page


def told(page: "Page") -> dict:
    return json.loads(page.get_by_test_id("stCode").inner_text())


def outlines(page: "Page") -> Outlines:
    return Outlines.from_json(told(page)["outlines"])


def on_screen(page: "Page", x: float, y: float, zoom: float = 1) -> tuple[float, float]:
    """Return where a point of the picture is on the screen, the nucleus in the middle of a close view."""
    box = page.get_by_role("img", name="The cell under review").bounding_box()
    half = SIDE / zoom / 2
    corner = np.clip(np.array(NUCLEUS) - half, 0, SIDE - 2 * half)
    at = (np.array([x, y]) - corner) * box["width"] / SIDE * zoom
    return box["x"] + at[0], box["y"] + at[1]


def drag(page: "Page", points: list[tuple[float, float]], zoom: float = 1) -> None:
    """Drag the mouse through points of the picture."""
    page.mouse.move(*on_screen(page, *points[0], zoom))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*on_screen(page, *point, zoom), steps=4)
    page.mouse.up()
    settle(page)


def click(page: "Page", *points: tuple[float, float], zoom: float = 1) -> None:
    for point in points:
        page.mouse.click(*on_screen(page, *point, zoom))
        settle(page)


def choose(page: "Page", name: str) -> None:
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).last.click()
    settle(page)


def box(rings: tuple[np.ndarray, ...]) -> np.ndarray:
    points = np.concatenate(rings)
    return np.array([points.min(axis=0), points.max(axis=0)])


def apart(first: np.ndarray, second: np.ndarray) -> float:
    return shapely.hausdorff_distance(shapely.LinearRing(first), shapely.LinearRing(second), densify=0.02)


@pytest.mark.parametrize("zoom", ["Fit", "4×"])
def test_a_nucleus_moved_with_the_mouse_is_where_it_was_put(page: "Page", zoom: str) -> None:
    before = outlines(page)
    closer = 1 if zoom == "Fit" else 4
    choose(page, zoom)
    drag(page, [NUCLEUS, (NUCLEUS[0] + 7.3, NUCLEUS[1] - 5.1)], closer)
    after = outlines(page)
    assert apart(after.nucleus[0], before.nucleus[0] + (7.3, -5.1)) < HALF
    assert after.cell[0].tolist() == before.cell[0].tolist()
    choose(page, "8×")
    assert outlines(page) == after
    choose(page, "Fit")
    page.get_by_role("link", name="Shapes").click()
    page.get_by_role("link", name="Review").click()
    page.get_by_role("img", name="The cell under review").wait_for()
    settle(page)
    assert outlines(page) == after
    drag(page, [(NUCLEUS[0] + 7.3, NUCLEUS[1] - 5.1), NUCLEUS])
    assert apart(outlines(page).nucleus[0], before.nucleus[0]) < HALF


def test_another_cell_and_back_goes_on_with_the_drawing(page: "Page") -> None:
    before = outlines(page)
    drag(page, [NUCLEUS, (NUCLEUS[0] + 8, NUCLEUS[1])])
    moved = outlines(page)
    page.get_by_test_id("stRadioGroup").get_by_text("1").click()
    settle(page)
    assert told(page)["same"]
    page.get_by_test_id("stRadioGroup").get_by_text("0").click()
    settle(page)
    assert outlines(page) == moved
    drag(page, [(NUCLEUS[0] + 8, NUCLEUS[1]), (NUCLEUS[0] + 8, NUCLEUS[1] + 8)])
    assert apart(outlines(page).nucleus[0], before.nucleus[0] + 8) < HALF


def test_a_corner_is_dragged(page: "Page") -> None:
    choose(page, "4×")
    before = outlines(page)
    click(page, NUCLEUS, NUCLEUS, zoom=4)  # the second time it shows its corners
    rightmost = box(before.nucleus)[1, 0]
    corner = max(before.nucleus[0][handles(before.nucleus[0], MOST)].tolist())
    assert corner[0] == rightmost
    drag(page, [(corner[0], corner[1]), (corner[0] + 9, corner[1])], zoom=4)
    after = outlines(page)
    assert box(after.nucleus)[1, 0] == pytest.approx(rightmost + 9, abs=HALF)
    assert box(after.nucleus)[0] == pytest.approx(box(before.nucleus)[0], abs=HALF)
    assert after.cell[0].tolist() == before.cell[0].tolist()


def test_outlines_are_moved_together_and_scaled(page: "Page") -> None:
    before = outlines(page)
    drag(page, [(3, 3), (250, 250)])  # round all of them
    drag(page, [(128, 128), (138, 121)])
    after = outlines(page)
    assert box(after.nucleus) - box(before.nucleus) == pytest.approx(np.array([[10, -7]] * 2), abs=HALF)
    assert box(after.cell) - box(before.cell) == pytest.approx(np.array([[10, -7]] * 2), abs=HALF)
    click(page, (5, 5))
    assert outlines(page) == after
    low, high = box(after.nucleus)
    click(page, tuple((low + high) / 2))
    drag(page, [tuple(high), tuple(high + 15)])  # the handle at its corner
    wider = box(outlines(page).nucleus)
    assert wider[0] == pytest.approx(low, abs=HALF)
    assert wider[1] == pytest.approx(high + 15, abs=1)


def test_a_polygon_is_drawn_anew(page: "Page") -> None:
    choose(page, "Redraw")
    assert outlines(page).nucleus == ()
    square = [(110, 110), (140, 110), (140, 135), (110, 135)]
    click(page, *square)
    assert outlines(page).nucleus == ()
    click(page, square[0])
    (ring,) = outlines(page).nucleus
    assert apart(ring, np.array(square)) < HALF

    click(page, (160, 150), (180, 150), (180, 170))
    page.keyboard.press("Control+z")  # takes what was only begun
    settle(page)
    assert apart(outlines(page).nucleus[0], np.array(square)) < HALF
    page.keyboard.press("Control+z")
    settle(page)
    assert outlines(page).nucleus == ()
    page.keyboard.press("Control+z")
    settle(page)
    assert told(page)["same"]
    for _ in range(2):
        page.keyboard.press("Control+Shift+z")
        settle(page)
    assert apart(outlines(page).nucleus[0], np.array(square)) < HALF


@pytest.mark.parametrize("zoom", ["Fit", "4×"])
def test_a_brush_adds_and_takes(page: "Page", zoom: str) -> None:
    closer = 1 if zoom == "Fit" else 4
    choose(page, zoom)
    before = shapely.Polygon(outlines(page).nucleus[0])
    choose(page, "Brush +")
    stroke = [(120, 124), (147, 124)]  # over the nucleus's edge; the brush is 8 px wide
    drag(page, stroke, closer)
    added = outlines(page)
    expected = before.union(shapely.LineString(stroke).buffer(4, quad_segs=64))
    assert apart(added.nucleus[0], np.array(expected.exterior.coords)[:-1]) < HALF
    choose(page, "Brush −")
    cut = [(105, 99), (105, 149)]
    drag(page, cut, closer)
    taken = outlines(page)
    expected = expected.difference(shapely.LineString(cut).buffer(4, quad_segs=64))
    largest = max(expected.geoms, key=lambda one: one.area)
    assert len(taken.nucleus) == len(expected.geoms) == 2
    assert apart(taken.nucleus[0], np.array(largest.exterior.coords)[:-1]) < HALF
    page.keyboard.press("Control+z")
    settle(page)
    assert outlines(page) == added
    page.keyboard.press("Control+y")
    settle(page)
    assert outlines(page) == taken
    choose(page, "Move & edit")
    assert outlines(page) == taken


def test_a_cell_is_drawn_by_free_hand_and_taken_off(page: "Page") -> None:
    page.get_by_test_id("stButtonGroup").get_by_text("Cell", exact=True).click()
    settle(page)
    choose(page, "Redraw")
    choose(page, "Free-hand")
    turns = np.linspace(0, 2 * np.pi, 90)[:-4]
    circle = np.stack([125 + 70 * np.cos(turns), 125 + 50 * np.sin(turns)], axis=1)
    drag(page, [tuple(point) for point in circle])
    (ring,) = outlines(page).cell
    assert apart(ring, circle) < HALF
    choose(page, "Move & edit")
    click(page, (180, 125))  # beside the nucleus
    page.keyboard.press("Delete")
    settle(page)
    left = outlines(page)
    assert apart(left.cell[0], left.nucleus[0]) < HALF  # what a cell without an outline has
    choose(page, "Reset")
    assert told(page)["same"]


def test_keys_are_left_alone_while_a_person_types(page: "Page") -> None:
    drag(page, [NUCLEUS, (127, 124)])
    moved = outlines(page)
    remark = page.get_by_label("Remark")
    remark.click()
    page.keyboard.type("overlaps")
    page.keyboard.press("Control+z")
    page.keyboard.press("Delete")
    remark.press("Enter")
    settle(page)
    assert outlines(page) == moved


def test_what_was_drawn_a_moment_ago_is_there_when_a_key_is_pressed(page: "Page") -> None:
    x, y = on_screen(page, *NUCLEUS)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 25, y, steps=3)
    page.mouse.up()
    page.keyboard.press("k")  # keeps the outlines as they are by then
    settle(page)
    assert told(page)["kept"] == told(page)["outlines"]
    assert not told(page)["same"]


def test_shapes_lie_where_the_canvas_draws_them(page: "Page") -> None:
    page.get_by_role("link", name="Shapes").click()
    canvas = page.locator(".dc-container")
    canvas.wait_for()
    settle(page)
    picture = np.array(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
    for shape in SHAPES:
        own = corners(shape) if "points" in shape else flattened(shape, 0.05)
        points = placed(shape, own, middle(shape))
        line = shapely.LinearRing(points) if "points" in shape else shapely.LineString(points)
        painted = np.abs(picture - ImageColor.getrgb(shape["stroke"])).max(axis=2) < 40
        rows, columns = np.nonzero(painted)
        assert len(rows) > line.length / 2
        dots = shapely.MultiPoint(np.stack([columns, rows], axis=1) + 0.5)
        assert max(line.distance(dot) for dot in dots.geoms) < 5  # half its width, more at a corner
        along = shapely.points(shapely.get_coordinates(line.segmentize(2)))
        assert max(dot.distance(dots) for dot in along) < 1.5
