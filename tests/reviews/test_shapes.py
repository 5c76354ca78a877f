"""Where the points of a canvas's shapes lie, and what a stroke covers."""

import numpy as np
import pytest
import shapely

from pap_core.reviews.shapes import corners, flattened, middle, placed, stroke

SQUARE = [{"x": 10, "y": 20}, {"x": 18, "y": 20}, {"x": 18, "y": 28}, {"x": 10, "y": 28}]


def polygon(**changed) -> dict:
    """A square of 8 px about (30, 40), as Fabric writes it."""
    given = {"type": "Polygon", "points": SQUARE, "left": 30, "top": 40, "strokeWidth": 2}
    return given | {"originX": "center", "originY": "center"} | changed


def path(*commands: list, **changed) -> dict:
    """A path whose place is the middle of its box, as a brush leaves it."""
    given = {
        "type": "Path",
        "path": list(commands),
        "strokeWidth": 4,
        "originX": "center",
        "originY": "center",
    }
    left, top = middle(given).tolist()
    return given | {"left": left, "top": top} | changed


def where(shape: dict) -> list[list[float]]:
    return placed(shape, corners(shape), middle(shape)).round(9).tolist()


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, [[26, 36], [34, 36], [34, 44], [26, 44]]),
        ({"scaleX": 2, "scaleY": 0.5}, [[22, 38], [38, 38], [38, 42], [22, 42]]),
        ({"angle": 90}, [[34, 36], [34, 44], [26, 44], [26, 36]]),
        ({"flipX": True}, [[34, 36], [26, 36], [26, 44], [34, 44]]),
        ({"flipY": True, "scaleX": 2}, [[22, 44], [38, 44], [38, 36], [22, 36]]),
        ({"skewX": 45}, [[22, 36], [30, 36], [38, 44], [30, 44]]),
        ({"skewY": 45}, [[26, 32], [34, 40], [34, 48], [26, 40]]),
        # to be skewed comes before to be turned
        ({"skewX": 45, "angle": 90}, [[34, 32], [34, 40], [26, 48], [26, 40]]),
        # the line's width counts: the box is of 10 px
        ({"originX": "left", "originY": "top"}, [[31, 41], [39, 41], [39, 49], [31, 49]]),
        ({"originX": "right", "originY": "bottom"}, [[21, 31], [29, 31], [29, 39], [21, 39]]),
        ({"originX": 0.0, "originY": 1}, [[31, 31], [39, 31], [39, 39], [31, 39]]),
        ({"originX": "left", "scaleX": 2}, [[32, 36], [48, 36], [48, 44], [32, 44]]),
        ({"originX": "left", "scaleX": 2, "strokeUniform": True}, [[31, 36], [47, 36], [47, 44], [31, 44]]),
        # left and top lie where the corner of the turned box is
        ({"originX": "left", "originY": "top", "angle": 90}, [[29, 41], [29, 49], [21, 49], [21, 41]]),
        ({"originX": "left", "skewX": 45}, [[32, 36], [40, 36], [48, 44], [40, 44]]),
    ],
)
def test_a_shape_lies_where_it_was_put(changed: dict, expected: list) -> None:
    assert where(polygon(**changed)) == expected


def test_the_middle_is_of_the_box_that_fabric_takes() -> None:
    # of a cubic curve its own, the top of this one at 3/4 of the points that bend it
    assert middle(path(["M", 0, 0], ["C", 0, 40, 20, 40, 20, 0])).tolist() == [10, 15]
    # of a quadratic one as if it were cubic and bent by that point twice
    assert middle(path(["M", 0, 0], ["Q", 10, 20, 20, 0])).tolist() == [10, 7.5]
    assert middle(path(["M", 0, 0], ["L", 4, 0], ["L", 4, 6], ["Z"])).tolist() == [2, 3]


@pytest.mark.parametrize("off", [1.0, 0.1, 0.01])
@pytest.mark.parametrize("scale", [1, 7])
def test_lines_lie_as_near_their_curve_as_asked(off: float, scale: float) -> None:
    curve = path(
        ["M", 0, 0], ["Q", 30, 100, 60, 0], ["C", 80, -50, 100, 90, 120, 0], scaleX=scale, scaleY=scale
    )
    rough = shapely.LineString(placed(curve, flattened(curve, off), middle(curve)))
    fine = shapely.LineString(placed(curve, flattened(curve, 1e-4), middle(curve)))
    assert shapely.hausdorff_distance(fine, rough) <= off
    assert len(rough.coords) < 200 * np.sqrt(scale / off)


def test_a_stroke_covers_the_brush_along_its_line() -> None:
    line = path(["M", 10, 10], ["L", 30, 10], strokeWidth=8)
    covered = stroke(line, 0.01)
    assert covered.area == pytest.approx(20 * 8 + np.pi * 4**2, rel=1e-3)
    assert covered.bounds == pytest.approx((6, 6, 34, 14))


def test_a_scaled_stroke_is_wider_unless_its_width_stays() -> None:
    line = path(["M", 10, 10], ["L", 30, 10], strokeWidth=8, scaleX=2, scaleY=3)
    assert stroke(line, 0.01).bounds == pytest.approx((-8, -2, 48, 22))
    assert stroke(line | {"strokeUniform": True}, 0.01).bounds == pytest.approx((-4, 6, 44, 14))


@pytest.mark.parametrize(
    "commands", [[["M", 5, 5], ["L", 5, 5]], [["M", 5, 5], ["Q", 5, 5, 5, 5], ["L", 5, 5]]]
)
def test_a_dab_of_the_brush_is_round(commands: list) -> None:
    assert stroke(path(*commands), 0.01).area == pytest.approx(np.pi * 2**2, rel=1e-2)
