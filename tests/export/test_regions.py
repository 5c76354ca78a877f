"""Polygons along the edges of pixels: nothing of a mask is lost, and every ring is simple."""

import numpy as np
import pytest
from skimage.measure import label as connected

from pap_core.contours import signed_area
from pap_core.export.regions import fill_polygon, fill_polygons, polygons, rows_crossed

SPECKLED = [(share, seed) for share in (0.2, 0.5, 0.7, 0.9) for seed in range(6)]


def filled(found: list[list[np.ndarray]], shape: tuple[int, int]) -> np.ndarray:
    """Fill polygons, each pixel at most once."""
    times = np.zeros(shape, dtype=int)
    for polygon in found:
        box, inside = fill_polygon(polygon, shape)
        times[box] += inside
    assert times.max(initial=0) <= 1
    return times == 1


@pytest.mark.parametrize(("share", "seed"), SPECKLED)
def test_any_mask_comes_back_pixel_by_pixel(share: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    mask = random.random(random.integers(1, 40, 2)) < share
    found = polygons(mask)
    np.testing.assert_array_equal(filled(found, mask.shape), mask)
    assert len(found) == connected(mask, connectivity=1).max()
    areas = [sum(signed_area(ring) for ring in polygon) for polygon in found]
    assert sum(areas) == mask.sum()


@pytest.mark.parametrize(("share", "seed"), SPECKLED)
def test_rings_are_simple_and_holes_turn_the_other_way(share: float, seed: int) -> None:
    mask = np.random.default_rng(seed).random((30, 40)) < share
    for outer, *holes in polygons(mask):
        assert signed_area(outer) > 0
        assert all(signed_area(hole) < 0 for hole in holes)
        for ring in (outer, *holes):
            assert len({tuple(vertex) for vertex in ring.tolist()}) == len(ring)
            steps = np.roll(ring, -1, axis=0) - ring
            assert ((steps == 0).sum(axis=1) == 1).all()  # along the edges
            assert ((steps * np.roll(steps, -1, axis=0)).sum(axis=1) == 0).all()  # a turn at each vertex


def test_one_pixel_is_a_square_of_one() -> None:
    mask = np.zeros((5, 8), dtype=bool)
    mask[3, 6] = True
    (((outer,),),) = (polygons(mask),)
    assert sorted(outer.tolist()) == [[6, 3], [6, 4], [7, 3], [7, 4]]


def test_pieces_come_the_largest_first_with_their_own_holes() -> None:
    mask = np.zeros((20, 40), dtype=bool)
    mask[2:5, 2:5] = True
    mask[3, 3] = False
    mask[1:19, 10:39] = True
    mask[5:15, 12:30] = False
    mask[8:10, 20:22] = True  # within the hole
    big, small, inner = polygons(mask)
    assert [len(polygon) for polygon in (big, small, inner)] == [2, 2, 1]
    assert signed_area(big[1]) == -180
    assert signed_area(small[1]) == -1
    assert signed_area(inner[0]) == 4


def test_nothing_has_no_polygons() -> None:
    assert polygons(np.zeros((7, 9), dtype=bool)) == []


def test_a_pixel_is_inside_where_its_centre_is() -> None:
    triangle = np.array([[1.0, 1.0], [7.0, 1.0], [1.0, 7.0]])
    box, inside = fill_polygon([triangle], (10, 10))
    mask = np.zeros((10, 10), dtype=bool)
    mask[box] = inside
    rows, columns = np.mgrid[:10, :10] + 0.5
    beside = (columns > 1) & (rows > 1) & (columns + rows < 8)
    on_the_line = columns + rows == 8
    np.testing.assert_array_equal(mask[~on_the_line], beside[~on_the_line])


@pytest.mark.parametrize(
    ("square", "pixels"),
    [((-5, -5, 3, 4), 12), ((8, 8, 90, 90), 4), ((-1e6, -1e6, 1e6, 1e6), 100), ((20, 20, 30, 30), 0)],
)
def test_what_reaches_beyond_the_image_is_cut_off(square: tuple[float, ...], pixels: int) -> None:
    left, top, right, bottom = square
    ring = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    _, inside = fill_polygon([ring], (10, 10))
    assert inside.sum() == pixels


def test_many_edges_fill_as_few_do() -> None:
    """More edges than are taken at once."""
    turns = np.linspace(0, 2 * np.pi, 3000, endpoint=False)
    ring = np.stack([50 + 30 * np.cos(turns), 45 + 30 * np.sin(turns)], axis=1)
    box, inside = fill_polygon([ring], (100, 100))
    mask = np.zeros((100, 100), dtype=bool)
    mask[box] = inside
    rows, columns = np.mgrid[:100, :100] + 0.5
    away = np.hypot(columns - 50, rows - 45)
    assert mask[away < 29.99].all()
    assert not mask[away > 30].any()


@pytest.mark.parametrize("seed", range(8))
def test_many_polygons_fill_what_each_of_them_fills(seed: int) -> None:
    random = np.random.default_rng(seed)
    shape = (40, 50)
    found = [
        [random.uniform(-20, 70, (random.integers(3, 9), 2)) for _ in range(random.integers(1, 3))]
        for _ in range(6)
    ]
    expected = np.zeros(shape, dtype=bool)
    for rings in found:
        expected |= by_ray(rings, shape)
    np.testing.assert_array_equal(fill_polygons(found, shape), expected)
    for rings in found:
        box, inside = fill_polygon(rings, shape)
        mask = np.zeros(shape, dtype=bool)
        mask[box] = inside
        np.testing.assert_array_equal(mask, by_ray(rings, shape))


def by_ray(rings: list[np.ndarray], shape: tuple[int, int]) -> np.ndarray:
    """Count for each pixel's centre the edges that a ray to the right crosses, one by one."""
    inside = np.zeros(shape, dtype=bool)
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            crosses = (y0 > rows) != (y1 > rows)
            with np.errstate(divide="ignore", invalid="ignore"):
                inside ^= crosses & (columns < x0 + (rows - y0) / (y1 - y0) * (x1 - x0))
    return inside


@pytest.mark.slow
def test_the_work_grows_with_the_edges_and_not_with_the_area() -> None:
    """Each square alone would take seconds, were its pixels counted."""
    side = 7000
    square = np.array([[0.0, 0.0], [side, 0.0], [side, side], [0.0, side]])
    found = fill_polygons([[square + shift / 10] for shift in range(2000)], (side, side))
    assert rows_crossed([square], (side, side)) == 2 * side
    assert found.all()
