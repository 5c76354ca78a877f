"""The canvas of a cell under review: what becomes of what is drawn on it, whatever else a person does."""

import io
import json

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.parts.review.background import background
from pages.parts.review.canvas import LONGEST
from pages.parts.review.tools import ZOOMS
from pap_core.outlines import Outlines
from pap_core.reviews.drawing import ADDING, EDGES, INSIDE, View
from tests.helpers.pages import canvas_app
from tests.helpers.pages.canvas_app import SIDE, drawn_cell
from tests.helpers.pages.canvases import canvas_of, draw, give_room, moved, on_canvas, press

CELL, NUCLEUS = 0, 1  # of the shapes on the canvas
FIT = LONGEST / SIDE  # px of the canvas for one of the picture
CENTRED = {"originX": "center", "originY": "center"}
NUCLEUS_EDGE = CENTRED | {"stroke": EDGES["nucleus"], "strokeWidth": 2}


@pytest.fixture
def app() -> AppTest:
    """A page with a cell on a canvas."""
    st.cache_data.clear()
    app = AppTest.from_file(canvas_app.__file__, default_timeout=60).run()
    assert not app.exception
    return app


def outlines(app: AppTest) -> Outlines:
    return Outlines.from_json(json.loads(app.code[0].value)["outlines"])


def is_begun(app: AppTest) -> bool:
    return json.loads(app.code[0].value)["same"]


def middle(rings: tuple[np.ndarray, ...]) -> np.ndarray:
    points = np.concatenate(rings)
    return (points.min(axis=0) + points.max(axis=0)) / 2


def choose(app: AppTest, label: str, value: str) -> AppTest:
    (control,) = [one for one in app.get("segmented_control") if one.label == label]
    control.set_value(value).run()
    assert not app.exception
    return app


def click(app: AppTest, label: str) -> AppTest:
    button(app, label).click().run()
    assert not app.exception
    return app


def button(app: AppTest, label: str):
    (found,) = [one for one in app.button if label == one.label or one.key == f"review_{label.lower()}"]
    return found


def test_untouched_it_gives_back_what_it_was_given(app: AppTest) -> None:
    assert outlines(app) == drawn_cell(90).before
    assert is_begun(app)
    draw(app, lambda shapes: shapes)  # as a click beside the outlines does
    assert is_begun(app)
    assert button(app, "Undo").disabled
    assert button(app, "Reset").disabled


def test_a_moved_nucleus_is_moved(app: AppTest) -> None:
    before = outlines(app)
    draw(app, moved(NUCLEUS, 25, -10))
    after = outlines(app)
    assert middle(after.nucleus) - middle(before.nucleus) == pytest.approx([25 / FIT, -10 / FIT], abs=0.01)
    assert after.cell[0].tolist() == before.cell[0].tolist()
    assert not is_begun(app)


@pytest.mark.parametrize("zoom", ["2×", "4×", "8×"])
def test_zoom_keeps_the_drawing(app: AppTest, zoom: str) -> None:
    draw(app, moved(NUCLEUS, 25, -10))
    before, first = outlines(app), middle(outlines(app).nucleus)
    choose(app, "Zoom", zoom)
    assert outlines(app) == before
    shown = canvas_of(app)["initialDrawing"]["objects"][NUCLEUS]
    assert np.ptp([one["x"] for one in shown["points"]]) == pytest.approx(
        ZOOMS[zoom] * FIT * np.ptp(before.nucleus[0][:, 0]), rel=0.02
    )
    draw(app, moved(NUCLEUS, 30, 0))
    assert middle(outlines(app).nucleus) - first == pytest.approx([30 / FIT / ZOOMS[zoom], 0], abs=0.01)
    choose(app, "Zoom", "Fit")
    assert middle(outlines(app).nucleus) - first == pytest.approx([30 / FIT / ZOOMS[zoom], 0], abs=0.01)


def test_the_view_is_moved_and_keeps_the_drawing(app: AppTest) -> None:
    assert not [one for one in app.button if one.key == "review_look_up"]
    choose(app, "Zoom", "4×")
    draw(app, moved(NUCLEUS, 20, 0))
    before, shown = outlines(app), on_canvas(app)[NUCLEUS]["left"]
    app.button(key="review_look_right").click().run()
    assert outlines(app) == before
    assert on_canvas(app)[NUCLEUS]["left"] == pytest.approx(shown + 20 - LONGEST / 2, abs=2)


def test_another_cell_is_another_drawing(app: AppTest) -> None:
    draw(app, moved(NUCLEUS, 25, -10))
    first = outlines(app)
    app.radio[0].set_value(1).run()
    assert outlines(app) == drawn_cell(60).before
    draw(app, moved(CELL, 10, 0))
    second = outlines(app)
    app.radio[0].set_value(0).run()
    assert outlines(app) == first
    shown = on_canvas(app)[NUCLEUS]
    assert [shown["left"] / FIT, shown["top"] / FIT] == pytest.approx(middle(first.nucleus), abs=0.5)
    app.radio[0].set_value(1).run()
    assert outlines(app) == second


def test_undo_and_redo_go_through_all_that_was_done(app: AppTest) -> None:
    seen = [outlines(app)]
    draw(app, moved(NUCLEUS, 25, -10))
    seen.append(outlines(app))
    choose(app, "Zoom", "2×")
    draw(app, moved(CELL, 0, 12))
    seen.append(outlines(app))
    click(app, "Redraw")
    seen.append(outlines(app))
    click(app, "Reset")
    seen.append(outlines(app))
    assert len({one.to_json() for one in seen}) == 4  # reset is where it began
    for expected in seen[-2::-1]:
        click(app, "Undo")
        assert outlines(app) == expected
    assert button(app, "Undo").disabled
    for expected in seen[1:]:
        press(app, "redo")
        assert outlines(app) == expected
    assert button(app, "Redo").disabled
    press(app, "undo")
    draw(app, lambda shapes: [])  # all that was left there
    assert outlines(app) == Outlines((), ())
    assert button(app, "Redo").disabled  # there is nothing ahead of something new


def test_the_keys_undo_and_redo(app: AppTest) -> None:
    begun = outlines(app)
    draw(app, moved(NUCLEUS, 25, -10))
    changed = outlines(app)
    press(app, "undo")
    assert outlines(app) == begun
    assert is_begun(app)
    press(app, "undo")  # there is nothing left to undo
    assert outlines(app) == begun
    press(app, "redo")
    assert outlines(app) == changed


def test_keys_take_the_tools_into_hand(app: AppTest) -> None:
    for key, mode in (
        ("P", "polygon"),
        ("F", "freedraw"),
        ("V", "rect"),
        ("E", "freedraw"),
        ("B", "freedraw"),
    ):
        press(app, key)
        assert canvas_of(app)["drawingMode"] == mode
    assert canvas_of(app)["strokeColor"] == ADDING["nucleus"]
    width = canvas_of(app)["strokeWidth"]
    press(app, "]")
    assert canvas_of(app)["strokeWidth"] > width
    press(app, "[")
    assert canvas_of(app)["strokeWidth"] == pytest.approx(width)
    for _ in range(12):
        press(app, "[")
    assert canvas_of(app)["strokeWidth"] == pytest.approx(FIT)  # the thinnest
    press(app, "V")
    press(app, "]")
    press(app, "B")
    assert canvas_of(app)["strokeWidth"] == pytest.approx(FIT)  # no brush was in hand


def test_the_canvas_takes_the_room_there_is_and_keeps_the_drawing(app: AppTest) -> None:
    draw(app, moved(NUCLEUS, 25, -10))
    before = outlines(app)
    give_room(app, 1300, 900)
    assert (canvas_of(app)["canvasWidth"], canvas_of(app)["canvasHeight"]) == (900, 900)
    assert outlines(app) == before
    draw(app, moved(NUCLEUS, 30, 0))
    assert middle(outlines(app).nucleus) - middle(before.nucleus) == pytest.approx(
        [30 * SIDE / 900, 0], abs=0.01
    )


def test_to_redraw_takes_the_part_off_and_gives_the_polygon_into_hand(app: AppTest) -> None:
    before = outlines(app)
    click(app, "Redraw")
    assert outlines(app) == Outlines(before.cell, ())
    assert canvas_of(app)["drawingMode"] == "polygon"
    assert canvas_of(app)["strokeColor"] == EDGES["nucleus"]
    assert [one["stroke"] for one in on_canvas(app)] == [EDGES["cell"]]
    square = [{"x": x, "y": y} for x, y in ((280, 280), (340, 280), (340, 340), (280, 340))]
    place = {"left": 310, "top": 310, "originX": "center", "originY": "center"}
    drawn = {
        "type": "Polygon",
        "points": square,
        "stroke": EDGES["nucleus"],
        "fill": INSIDE,
        "strokeWidth": 2,
    }
    draw(app, lambda shapes: [*shapes, drawn | place])
    (ring,) = outlines(app).nucleus
    assert sorted(ring.tolist()) == [[112, 112], [112, 136], [136, 112], [136, 136]]


def test_strokes_are_joined_when_outlines_are_to_be_mended(app: AppTest) -> None:
    choose(app, "Part", "Cell")
    choose(app, "Tool", "Brush +")
    given = canvas_of(app)
    assert (given["drawingMode"], given["strokeColor"]) == ("freedraw", ADDING["cell"])
    assert given["strokeWidth"] == pytest.approx(8 * FIT)
    stroke = {
        "type": "Path",
        "path": [["M", 320, 320], ["L", 600, 320]],
        "left": 460,
        "top": 320,
        "fill": None,
    }
    stroke |= {"stroke": given["strokeColor"], "strokeWidth": 20, "originX": "center", "originY": "center"}
    before = given["backgroundImageURL"]
    draw(app, lambda shapes: [*shapes, stroke])
    assert max(outlines(app).cell[0][:, 0]) == pytest.approx(600 / FIT + 4, abs=0.05)
    assert canvas_of(app)["backgroundImageURL"] != before  # what comes of it is shown
    assert len(on_canvas(app)) == 2  # but the canvas is the same one
    drawn = outlines(app)
    choose(app, "Tool", "Move & edit")
    assert outlines(app) == drawn
    right = max(point["x"] for point in on_canvas(app)[CELL]["points"])
    assert right == pytest.approx(600 + 10, abs=FIT / 2)  # now a corner of the outline itself


def test_a_polygon_only_begun_is_all_that_undo_takes(app: AppTest) -> None:
    draw(app, moved(NUCLEUS, 25, -10))
    before = outlines(app)
    begun = {
        "type": "Path",
        "path": [["M", 300, 300], ["L", 340, 300]],
        "left": 320,
        "top": 300,
        "fill": INSIDE,
    }
    begun |= {"stroke": EDGES["nucleus"], "strokeWidth": 2, "originX": "center", "originY": "center"}
    draw(app, lambda shapes: [*moved(NUCLEUS, 25, -10)(shapes), begun])
    press(app, "undo")
    assert outlines(app) == before
    press(app, "undo")
    assert is_begun(app)


def test_a_cell_holds_its_nucleus_as_long_as_that_is_there(app: AppTest) -> None:
    before = outlines(app)
    draw(app, moved(NUCLEUS, 250, 0))
    grown = outlines(app)
    assert max(grown.cell[0][:, 0]) == pytest.approx(max(grown.nucleus[0][:, 0]), abs=0.1)
    draw(app, lambda shapes: shapes)
    assert outlines(app).cell[0].tolist() == before.cell[0].tolist()


def test_reset_forgets_the_drawing(app: AppTest) -> None:
    draw(app, moved(NUCLEUS, 25, -10))
    click(app, "Forget")
    assert is_begun(app)
    assert button(app, "Undo").disabled
    app.toggle[0].set_value(True).run()
    click(app, "Forget")
    assert is_begun(app)
    assert outlines(app).cell[0].tolist() == outlines(app).nucleus[0].tolist()
    click(app, "Reset")  # goes to the model's outlines, whatever the drawing began with
    assert outlines(app) == drawn_cell(90).before


def test_every_control_explains_itself(app: AppTest) -> None:
    choose(app, "Zoom", "2×")
    controls = [*app.get("segmented_control"), *app.slider, app.toggle[1]]
    controls += [one for one in app.button if one.label not in ("Forget", "Keep")]
    assert len(controls) == 3 + 1 + 1 + 4 + 4
    assert all(one.proto.help for one in controls)


def picture(content: bytes) -> np.ndarray:
    return np.array(Image.open(io.BytesIO(content))).astype(float)


def test_the_background_is_the_picture_in_view_as_bright_as_it_is() -> None:
    cell = drawn_cell(90)
    view = View.of((SIDE, SIDE), LONGEST, 4, (120, 124))
    shown = picture(background(cell, view, model=False, result=None))
    assert shown.shape == (view.height, view.width, 3)
    for x, y in ((120, 124), (100, 110), (150, 140)):
        column, row = view.on_canvas(np.array([[x, y]]))[0].astype(int)
        expected = cell.picture[y - 2 : y + 3, x - 2 : x + 3].mean(axis=(0, 1))
        assert shown[row - 12 : row + 12, column - 12 : column + 12].mean(axis=(0, 1)) == pytest.approx(
            expected, abs=3
        )


def test_the_models_outline_is_drawn_where_it_is() -> None:
    cell = drawn_cell(90)
    view = View.of((SIDE, SIDE), LONGEST, 4, (120, 124))
    without = picture(background(cell, view, model=False, result=None))
    compared = picture(background(cell, view, model=True, result=None))
    rows, columns = np.nonzero(np.abs(compared - without).max(axis=2) > 60)
    away = view.in_picture(np.stack([columns, rows], axis=1) + 0.5) - (120, 124)
    assert np.abs(np.hypot(*away.T) - 30).max() < 1.3  # of the nucleus, the cell's is out of view
    assert len(rows) > 2 * np.pi * 30 * view.scale
