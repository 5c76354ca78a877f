"""Outlines as shapes on a canvas and back again, at any zoom, moved, turned and taken off."""

import numpy as np
import pytest
import shapely

from pap_core import overlay
from pap_core.contours import trace
from pap_core.outlines import Outlines
from pap_core.reviews.drawing import (
    ADDING,
    EDGES,
    INSIDE,
    TAKING,
    View,
    objects,
    read,
    whole,
)
from pap_core.reviews.handles import MOST, handles
from tests.helpers.reviews.strokes import HALF, SHAPE, ZOOMS, apart, area, sent, view_of


def test_colours_are_those_of_all_pictures() -> None:
    assert EDGES["nucleus"] == f"#{bytes(overlay.NUCLEUS_EDGE).hex()}"
    assert EDGES["cell"] == f"#{bytes(overlay.CELL_EDGE).hex()}"
    assert (
        len({*EDGES.values(), *ADDING.values(), *TAKING.values()}) == 6
    )  # a colour tells what a shape is for


@pytest.mark.parametrize("zoom", ZOOMS)
def test_what_was_not_touched_keeps_its_numbers(cells: list[Outlines], zoom: float) -> None:
    for given in cells:
        view = view_of(zoom, given)
        back = read(sent(objects(given, view)), given, view)
        for part in ("nucleus", "cell"):
            assert all(
                one is other for one, other in zip(getattr(back, part), getattr(given, part), strict=True)
            )


@pytest.mark.parametrize("zoom", ZOOMS)
def test_an_outline_is_shown_where_it_is(cells: list[Outlines], zoom: float) -> None:
    for given in cells:
        view = view_of(zoom, given)
        shown = objects(given, view)
        rings = [*given.cell, *given.nucleus]  # the nucleus above
        for shape, ring in zip(shown, rings, strict=True):
            points = view.in_picture(np.array([[one["x"], one["y"]] for one in shape["points"]]))
            few = len(handles(ring)) <= MOST  # lie near enough
            assert apart(points, ring) <= (HALF if few else 1) + 1e-6
        assert sum(len(one["points"]) for one in shown) < sum(len(ring) for ring in rings) / 2


@pytest.mark.parametrize("zoom", ZOOMS)
@pytest.mark.parametrize("seed", range(3))
def test_a_moved_outline_comes_back_from_where_it_was_put(
    cells: list[Outlines], zoom: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    for given in cells:
        view = view_of(zoom, given)
        shapes = objects(given, view)
        step = chance.uniform(-60, 60, 2)
        nucleus = len(given.cell)  # the first of its pieces, after the cell's
        shapes[nucleus] |= {
            "left": shapes[nucleus]["left"] + step[0],
            "top": shapes[nucleus]["top"] + step[1],
        }
        back = read(sent(shapes), given, view)
        moved = given.nucleus[0] + step / view.scale
        if len(given.nucleus) == 1:
            assert apart(back.nucleus[0], moved) < 0.11
        assert back.cell is given.cell


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_turned_and_scaled_outline_comes_back_so(cells: list[Outlines], zoom: float) -> None:
    given = cells[0]
    view = view_of(zoom, given)
    shapes = objects(given, view)
    shapes[1] |= {"angle": 30, "scaleX": 1.5, "scaleY": 0.75, "flipX": True}
    back = read(sent(shapes), given, view)
    shown = view.on_canvas(given.nucleus[0])
    ring = np.array([[one["x"], one["y"]] for one in shapes[1]["points"]])
    about = (ring.min(axis=0) + ring.max(axis=0)) / 2
    turn = np.radians(30)
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.diag([-1.5, 0.75])
    expected = view.in_picture((shown - about) @ linear.T + about)
    assert apart(back.nucleus[0], expected) < 0.11


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_dragged_corner_is_where_it_was_dragged_to(round_cell: Outlines, zoom: float) -> None:
    view = view_of(zoom, round_cell)
    shapes = sent(objects(round_cell, view))
    points = shapes[1]["points"]
    points[3] = {"x": points[3]["x"] + 4 * view.scale, "y": points[3]["y"]}
    corners = np.array([[one["x"], one["y"]] for one in points])
    left, top = ((corners.min(axis=0) + corners.max(axis=0)) / 2).tolist()  # as the canvas keeps it
    back = read([shapes[0], shapes[1] | {"left": left, "top": top}], round_cell, view)
    (dragged,) = back.nucleus
    assert np.abs(dragged - view.in_picture(corners)[3]).max(axis=1).min() < 0.01
    (before,) = round_cell.nucleus
    places = handles(before, MOST)
    apart_from_it = [*range(places[4], len(before)), *range(places[2] + 1)]
    kept = {tuple(vertex) for vertex in dragged.tolist()}
    assert {tuple(vertex) for vertex in before[apart_from_it].tolist()} <= kept  # to the last bit
    assert len(kept) == len(apart_from_it) + 1


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_corner_taken_out_leaves_the_rest_as_it_was(round_cell: Outlines, zoom: float) -> None:
    view = view_of(zoom, round_cell)
    cell, nucleus = sent(objects(round_cell, view))
    fewer = [*nucleus["points"][:3], *nucleus["points"][4:]]
    corners = np.array([[one["x"], one["y"]] for one in fewer])
    left, top = ((corners.min(axis=0) + corners.max(axis=0)) / 2).tolist()
    back = read([cell, nucleus | {"points": fewer, "left": left, "top": top}], round_cell, view)
    (before,) = round_cell.nucleus
    places = handles(before, MOST)
    expected = before[[*range(places[4], len(before)), *range(places[2] + 1)]]
    assert {tuple(one) for one in back.nucleus[0].tolist()} == {tuple(one) for one in expected.tolist()}
    assert back.cell is round_cell.cell


@pytest.mark.parametrize("radius", [6, 21, 30, 45, 90])
def test_a_nucleus_has_few_handles_however_large(radius: int) -> None:
    rows, columns = np.mgrid[:256, :256] + 0.5 - 128
    turn = np.arctan2(rows, columns)
    (ring,) = trace(
        np.hypot(columns, rows) < radius * (1 + 0.08 * np.cos(3 * turn) + 0.03 * np.cos(7 * turn))
    )
    given = Outlines((), (ring,))
    view = view_of(1, given)
    (shape,) = objects(given, view)
    assert 3 <= len(shape["points"]) <= 24
    shown = view.in_picture(np.array([[one["x"], one["y"]] for one in shape["points"]]))
    # of the largest, 24 lines cannot all lie so near
    assert apart(shown, ring) <= (HALF if radius <= 21 else 1.5)
    back = read(sent([shape]), given, view)
    assert back.to_json() == given.to_json()


def test_outlines_taken_off_are_gone(round_cell: Outlines) -> None:
    view = view_of(2, round_cell)
    cell, nucleus = sent(objects(round_cell, view))
    assert read([nucleus], round_cell, view) == Outlines((), round_cell.nucleus)
    assert read([cell], round_cell, view) == Outlines(round_cell.cell, ())
    assert read([], round_cell, view) == Outlines((), ())


def test_a_piece_taken_off_leaves_the_others_as_they_were(cells: list[Outlines]) -> None:
    given = cells[3]
    view = view_of(2, given)
    shapes = sent(objects(given, view))
    assert len(given.nucleus) == 2
    back = read(shapes[:-1], given, view)
    assert len(back.nucleus) == 1
    assert back.nucleus[0] is given.nucleus[0]


def test_a_shape_of_another_colour_is_none_of_a_part(round_cell: Outlines) -> None:
    view = view_of(1, round_cell)
    strange = {
        "type": "Rect",
        "left": 5,
        "top": 5,
        "width": 90,
        "height": 90,
        "stroke": INSIDE,
        "fill": INSIDE,
    }
    assert read(sent([*objects(round_cell, view), strange]), round_cell, view) == round_cell


def test_the_cell_grows_to_hold_its_nucleus(round_cell: Outlines) -> None:
    assert whole(round_cell) is round_cell
    beyond = Outlines(round_cell.cell, (round_cell.nucleus[0] + (70, 0),))
    grown = whole(beyond)
    assert grown.nucleus is beyond.nucleus
    both = shapely.Polygon(beyond.cell[0]).union(shapely.Polygon(beyond.nucleus[0]))
    assert area(grown.cell) == pytest.approx(both.area, rel=1e-3)
    assert area(grown.cell) > area(beyond.cell) + 200
    label = grown.label(SHAPE)
    assert set(np.unique(label)) == {0, 1, 2}
    alone = whole(Outlines((), round_cell.nucleus))
    assert area(alone.cell) == pytest.approx(area(round_cell.nucleus), rel=0.01)


def test_a_close_view_ends_at_the_pictures_edge() -> None:
    view = View.of((100, 200), 640, 4, (195, 50))
    assert (view.x0, view.y0, view.scale) == (150, 37.5, 12.8)
    assert (view.width, view.height) == (640, 320)
    points = np.array([[150.5, 40.25], [-20, 300]])
    assert view.in_picture(view.on_canvas(points)) == pytest.approx(points)
