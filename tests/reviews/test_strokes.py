"""What is drawn on a canvas, at any zoom: polygons, lines by free hand, brushes that add and take."""

import numpy as np
import pytest
import shapely

from pap_core.contours import signed_area
from pap_core.outlines import Outlines
from pap_core.reviews.drawing import (
    ADDING,
    EDGES,
    INSIDE,
    TAKING,
    has_strokes,
    objects,
    read,
    unfinished,
)
from tests.helpers.reviews.strokes import HALF, ZOOMS, apart, area, line, path, polygon, sent, view_of


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_drawn_polygon_is_where_it_was_drawn(round_cell: Outlines, zoom: float) -> None:
    view = view_of(zoom, round_cell)
    ring = np.array([[100.2, 80.1], [130.7, 84.0], [128.3, 111.9], [97.5, 105.5]])
    given = Outlines(round_cell.cell, ())
    back = read(sent([*objects(given, view), polygon(view, ring, "nucleus")]), given, view)
    (drawn,) = back.nucleus
    assert apart(drawn, ring) < 1e-3
    assert signed_area(drawn) > 0
    assert back.cell is given.cell


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_line_drawn_by_free_hand_closes_by_itself(round_cell: Outlines, zoom: float) -> None:
    view = view_of(zoom, round_cell)
    turns = np.linspace(0, 2 * np.pi, 80)[:-3]  # it ends before its begin
    circle = np.stack([120 + 25 * np.cos(turns), 100 + 15 * np.sin(turns)], axis=1)
    given = Outlines(round_cell.cell, ())
    drawn = path(view.on_canvas(circle), stroke=EDGES["nucleus"], strokeWidth=2)
    (ring,) = read(sent([*objects(given, view), drawn]), given, view).nucleus
    assert apart(ring, circle) < 0.25


def test_a_line_that_crosses_itself_holds_all_it_runs_around(round_cell: Outlines) -> None:
    view = view_of(1, round_cell)
    given = Outlines(round_cell.cell, ())
    bow = np.array([[100, 80], [140, 120], [140, 80], [100, 120]])
    nucleus = read(sent([polygon(view, bow, "nucleus")]), given, view).nucleus
    assert area(nucleus) == pytest.approx(800)
    twice = np.array(
        [[100, 80], [140, 80], [140, 120], [100, 120], [100, 80.5], [139, 81], [139, 119], [101, 119]]
    )
    assert area(read(sent([polygon(view, twice, "nucleus")]), given, view).nucleus) == pytest.approx(
        1600, 0.02
    )


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_brush_adds_what_it_covers(round_cell: Outlines, zoom: float) -> None:
    view = view_of(zoom, round_cell)
    stroke = line(view, (110, 95), (140, 95), stroke=ADDING["nucleus"], strokeWidth=6 * view.scale)
    back = read(sent([*objects(round_cell, view), stroke]), round_cell, view)
    band = shapely.LineString([(110, 95), (140, 95)]).buffer(3, quad_segs=64)
    expected = shapely.Polygon(round_cell.nucleus[0]).union(band)
    assert apart(back.nucleus[0], np.array(expected.exterior.coords)[:-1]) < 0.15
    assert back.cell is round_cell.cell


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_brush_takes_what_it_covers(round_cell: Outlines, zoom: float) -> None:
    view = view_of(zoom, round_cell)
    stroke = line(view, (110, 60), (110, 130), stroke=TAKING["nucleus"], strokeWidth=4 * view.scale)
    back = read(sent([*objects(round_cell, view), stroke]), round_cell, view)
    whole_nucleus = shapely.Polygon(round_cell.nucleus[0])
    expected = whole_nucleus.difference(shapely.box(108, 60, 112, 130)).area
    assert len(back.nucleus) == 2  # cut in two
    assert area(back.nucleus) == pytest.approx(expected, rel=0.01)
    assert back.cell is round_cell.cell


def test_strokes_count_in_the_order_they_were_drawn(round_cell: Outlines) -> None:
    view = view_of(1, round_cell)
    given = Outlines(round_cell.cell, ())
    add = line(view, (100, 100), (140, 100), stroke=ADDING["nucleus"], strokeWidth=8 * view.scale)
    take = line(view, (120, 80), (120, 120), stroke=TAKING["nucleus"], strokeWidth=8 * view.scale)
    assert len(read(sent([add, take]), given, view).nucleus) == 2
    assert len(read(sent([take, add]), given, view).nucleus) == 1


def test_a_stroke_is_of_its_own_part(round_cell: Outlines) -> None:
    view = view_of(1, round_cell)
    stroke = line(view, (120, 100), (235, 100), stroke=ADDING["cell"], strokeWidth=8 * view.scale)
    back = read(sent([*objects(round_cell, view), stroke]), round_cell, view)
    assert back.nucleus is round_cell.nucleus
    assert area(back.cell) > area(round_cell.cell) + 200


def test_what_overlaps_becomes_one_and_what_is_apart_stays_apart(round_cell: Outlines) -> None:
    view = view_of(1, round_cell)
    near = polygon(view, [[115, 90], [140, 90], [140, 100], [115, 100]], "nucleus")
    far = polygon(view, [[160, 90], [170, 90], [170, 100], [160, 100]], "nucleus")
    assert len(read(sent([*objects(round_cell, view), near]), round_cell, view).nucleus) == 1
    back = read(sent([*objects(round_cell, view), far]), round_cell, view)
    assert back.nucleus[0] is round_cell.nucleus[0]  # the new piece did not touch it
    assert apart(back.nucleus[1], np.array([[160, 90], [170, 90], [170, 100], [160, 100]])) < 1e-3


def test_holes_are_filled_and_crumbs_left_out(round_cell: Outlines) -> None:
    view = view_of(8, round_cell)
    hole = line(view, (110, 95), (112, 95), stroke=TAKING["nucleus"], strokeWidth=4 * view.scale)
    back = read(sent([*objects(round_cell, view), hole]), round_cell, view)
    assert back.nucleus[0] is round_cell.nucleus[0]
    crumb = polygon(view, [[170, 95], [171.9, 95], [171.9, 97], [170, 97]], "nucleus")
    assert len(read(sent([*objects(round_cell, view), crumb]), round_cell, view).nucleus) == 1
    grain = polygon(view, [[170, 95], [172.1, 95], [172.1, 97], [170, 97]], "nucleus")
    assert len(read(sent([*objects(round_cell, view), grain]), round_cell, view).nucleus) == 2


def test_a_polygon_only_begun_counts_for_nothing(round_cell: Outlines) -> None:
    view = view_of(1, round_cell)
    begun = line(view, (100, 80), (140, 80), (140, 120), stroke=EDGES["nucleus"], strokeWidth=2) | {
        "fill": INSIDE
    }
    shapes = sent([*objects(round_cell, view), begun])
    assert unfinished(shapes)
    assert not has_strokes(shapes)
    back = read(shapes, round_cell, view)
    assert back.nucleus[0] is round_cell.nucleus[0]
    free = sent([*shapes[:-1], begun | {"fill": None}])
    assert not unfinished(free)
    assert has_strokes(free)


@pytest.mark.parametrize("zoom", ZOOMS)
def test_edits_at_one_zoom_show_at_another(round_cell: Outlines, zoom: float) -> None:
    now, drawn = round_cell, []
    for number, closer in enumerate([zoom, 1, 8, zoom]):
        view = view_of(closer, round_cell)
        spot = (90 + 12 * number, 95)
        drawn.append(shapely.Point(spot).buffer(5, quad_segs=64))
        dab = line(view, spot, spot, stroke=ADDING["nucleus"], strokeWidth=10 * view.scale)
        now = read(sent([*objects(now, view), dab]), now, view)
    expected = shapely.union_all([shapely.Polygon(round_cell.nucleus[0]), *drawn])
    assert apart(now.nucleus[0], np.array(expected.exterior.coords)[:-1]) <= HALF
