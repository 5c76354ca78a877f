"""Outlines as shapes on a canvas and back again, at any zoom, after anything a person can do to them."""

import json

import numpy as np
import pytest
import shapely

from pap_core import overlay
from pap_core.contours import fill, signed_area, trace
from pap_core.data import phantom
from pap_core.reviews.drawing import (
    ADDING,
    EDGES,
    INSIDE,
    TAKING,
    View,
    has_strokes,
    objects,
    read,
    unfinished,
    whole,
)
from pap_core.reviews.outlines import Outlines
from pap_core.reviews.shapes import middle

SHAPE = (200, 240)
ZOOMS = [1, 2, 3.7, 8]
HALF = 0.5  # px of the picture: as far as an outline may come back off its place


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return np.hypot(columns - x, rows - y) <= radius


def traced(cell: np.ndarray, nucleus: np.ndarray) -> Outlines:
    return Outlines(tuple(trace(cell | nucleus)), tuple(trace(nucleus)))


def view_of(zoom: float, outlines: Outlines) -> View:
    return View.of(SHAPE, 640, zoom, tuple(outlines.nucleus[0].mean(axis=0)))


def sent(shapes: list[dict]) -> list[dict]:
    """Return shapes as the browser sends them: as JSON, places to four digits."""
    shapes = json.loads(json.dumps(shapes))
    return [one | {"left": round(one["left"], 4), "top": round(one["top"], 4)} for one in shapes]


def path(points: np.ndarray, **given) -> dict:
    """Draw a line through points of the canvas as a brush does, in curves from middle to middle."""
    middles = ((points[:-1] + points[1:]) / 2).tolist()
    bends = [["Q", *at, *to] for at, to in zip(points[1:-1].tolist(), middles[1:], strict=True)]
    commands = [["M", *points[0].tolist()], *bends, ["L", *points[-1].tolist()]]
    left, top = middle({"path": commands}).tolist()
    place = {"left": left, "top": top, "originX": "center", "originY": "center"}
    return {"type": "Path", "path": commands, "fill": None} | place | given


def line(view: View, *points: tuple[float, float], **given) -> dict:
    """Draw a straight line through points of the picture."""
    on_canvas = view.on_canvas(np.array(points, dtype=np.float64))
    commands = [["M", *on_canvas[0].tolist()], *(["L", *one.tolist()] for one in on_canvas[1:])]
    left, top = ((on_canvas.min(axis=0) + on_canvas.max(axis=0)) / 2).tolist()
    place = {"left": left, "top": top, "originX": "center", "originY": "center"}
    return {"type": "Path", "path": commands, "fill": None} | place | given


def polygon(view: View, ring: np.ndarray, part: str) -> dict:
    """Draw a polygon through points of the picture, as a click on each corner does."""
    points = view.on_canvas(np.asarray(ring, dtype=np.float64))
    left, top = ((points.min(axis=0) + points.max(axis=0)) / 2).tolist()
    corners = [{"x": x, "y": y} for x, y in points.tolist()]
    place = {"left": left, "top": top, "originX": "center", "originY": "center", "strokeWidth": 2}
    return {"type": "Polygon", "points": corners, "stroke": EDGES[part], "fill": INSIDE} | place


def apart(first: np.ndarray, second: np.ndarray) -> float:
    """Return how far two rings lie apart at most."""
    return shapely.hausdorff_distance(shapely.LinearRing(first), shapely.LinearRing(second), densify=0.02)


def area(rings: tuple[np.ndarray, ...]) -> float:
    return sum(shapely.Polygon(ring).area for ring in rings)


@pytest.fixture(scope="module")
def cells() -> list[Outlines]:
    """Cells of several shapes, as a model's label map gives them."""
    found = [
        traced(disc(120, 100, 70), disc(110, 95, 20)),
        traced(disc(120, 100, 30), disc(120, 100, 4)),  # a small nucleus
        traced(disc(5, 100, 40), disc(-3, 100, 12)),  # cut by the picture's edge
        traced(disc(120, 100, 50) | disc(200, 150, 20), disc(100, 100, 15) | disc(140, 100, 12)),  # in pieces
    ]
    smear = phantom.smear("Koilocytotic", 3, SHAPE[::-1])
    drawn = [[fill(ring, SHAPE) for ring in rings] for rings in smear.cells[:3]]
    return [*found, *(traced(*masks) for masks in drawn if masks[1].sum() > 20)]


@pytest.fixture
def round_cell(cells: list[Outlines]) -> Outlines:
    return cells[0]


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
            assert apart(points, ring) <= HALF + 1e-6
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
    assert apart(back.nucleus[0], view.in_picture(corners)) < 0.11


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
