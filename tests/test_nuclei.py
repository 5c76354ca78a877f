"""Nuclei that touch come apart, and one nucleus stays one."""

import math

import numpy as np
import pytest

from pap_core.labels import CYTOPLASM, NUCLEUS
from pap_core.measurement import measure
from pap_core.nuclei import SMALLEST_NUCLEUS, nuclei_of, without_specks


def discs(shape: tuple[int, int], *drawn: tuple[float, float, float]) -> np.ndarray:
    """Draw a label map of nuclei: each x, y, radius."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    label = np.zeros(shape, dtype=np.uint8)
    for x, y, radius in drawn:
        label[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = NUCLEUS
    return label


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("gap", [1.6, 1.8, 1.95])
def test_two_that_touch_come_apart_between_them(scale: float, gap: float) -> None:
    radius = 21 / scale
    near, away = 40 / scale, 40 / scale + gap * radius
    nuclei = nuclei_of(
        discs((round(80 / scale), round(130 / scale)), (near, near, radius), (away, near, radius)), scale
    )
    areas = np.bincount(nuclei.ravel())[1:]
    assert len(areas) == 2
    assert areas[0] == pytest.approx(areas[1], rel=0.25)
    columns = np.nonzero(nuclei == 1)[1]
    assert columns.max() == pytest.approx((near + away) / 2, abs=2.5)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_one_stays_one(scale: float) -> None:
    """A disc, a long one, one bent like a bean, a ring, and one whose outline is rough."""
    rows, columns = np.mgrid[: round(90 / scale), : round(90 / scale)] + 0.5
    x, y = (columns * scale - 45), (rows * scale - 45)
    random = np.random.default_rng(0)
    rough = random.uniform(-1.5, 1.5, (90, 90))
    shapes = {
        "disc": x**2 + y**2 < 21**2,
        "long": (x / 40) ** 2 + (y / 12) ** 2 < 1,
        "bean": (x**2 + y**2 < 24**2) & (x**2 + (y - 28) ** 2 > 16**2),
    }
    if scale == 1:
        shapes["ring"] = (np.hypot(x, y) < 42) & (np.hypot(x, y) > 24)
        shapes["rough"] = np.hypot(x, y) + rough < 21
    for name, shape in shapes.items():
        assert nuclei_of(shape.astype(np.uint8) * NUCLEUS, scale).max() == 1, name


def test_three_in_a_row_and_a_chain_keep_every_pixel() -> None:
    label = discs((60, 160), (30, 30, 18), (64, 30, 18), (98, 30, 18), (131, 30, 17))
    nuclei = nuclei_of(label)
    assert nuclei.max() == 4
    np.testing.assert_array_equal(nuclei > 0, label == NUCLEUS)


def test_a_speck_at_a_nucleus_is_part_of_it() -> None:
    label = discs((60, 80), (30, 30, 20), (52, 30, 3))
    nuclei = nuclei_of(label)
    assert nuclei.max() == 1
    np.testing.assert_array_equal(nuclei > 0, label == NUCLEUS)


@pytest.mark.parametrize("scale", [0.5, 1.0, 4.0])
def test_a_lobe_is_part_of_its_nucleus_and_a_small_neighbour_is_not(scale: float) -> None:
    def of(small: float) -> np.ndarray:
        shape = round(120 / scale), round(170 / scale)
        beside = (100 + 0.7 * small) / scale
        label = discs(shape, (60 / scale, 60 / scale, 40 / scale), (beside, 60 / scale, small / scale))
        return nuclei_of(label, scale)

    lobe, neighbour = of(15), of(24)
    assert lobe.max() == 1
    assert neighbour.max() == 2


def test_numbers_have_no_gaps_where_lobes_were() -> None:
    label = discs((240, 160), (60, 60, 40), (110, 60, 15), (60, 180, 20), (95, 180, 20))
    assert set(np.unique(nuclei_of(label))) == {0, 1, 2, 3}


def test_specks_alone_are_none_and_numbers_run_in_reading_order() -> None:
    label = discs((120, 200), (150, 30, 15), (40, 60, 15), (100, 90, 3), (120, 95, 15))
    nuclei = nuclei_of(label)
    assert [nuclei[30, 150], nuclei[60, 40], nuclei[95, 120], nuclei[90, 100]] == [1, 2, 3, 0]
    assert np.bincount(nuclei.ravel())[1:].min() >= SMALLEST_NUCLEUS


def test_cells_of_touching_nuclei_are_measured_apart() -> None:
    label = discs((100, 160), (62, 50, 16), (92, 50, 16))
    rows, columns = np.mgrid[:100, :160] + 0.5
    cell = ((columns - 77) / 70) ** 2 + ((rows - 50) / 40) ** 2 < 1
    label[cell & (label == 0)] = CYTOPLASM
    table, cells = measure(np.full((100, 160, 3), 200, np.uint8), label)
    assert len(table) == 2
    nuclei = np.where(label == NUCLEUS, cells, 0)
    np.testing.assert_array_equal(nuclei, nuclei_of(label))
    assert table["nucleus_area"].tolist() == np.bincount(nuclei.ravel())[1:].tolist()


def test_nothing_is_nothing() -> None:
    assert not nuclei_of(np.zeros((5, 7), np.uint8)).any()
    assert nuclei_of(np.full((20, 20), NUCLEUS, np.uint8)).max() == 1


class TestSpecks:
    def test_each_takes_the_class_around_it(self) -> None:
        label = discs((100, 100), (50, 50, 12))
        cell = np.zeros(label.shape, dtype=bool)
        cell[20:80, 20:80] = True
        label[cell & (label == 0)] = CYTOPLASM
        clean = without_specks(label)
        assert (clean != label).sum() <= 8  # of the outline
        label[30:33, 30:33] = NUCLEUS  # debris in the cell
        label[5:8, 5:8] = NUCLEUS  # and beside it
        label[90:95, 10:15] = CYTOPLASM
        label[70:74, 70:74] = 0  # a hole of the cell
        label[48:51, 48:51] = CYTOPLASM  # and of the nucleus
        found = without_specks(label)
        assert (found[48:51, 48:51] == NUCLEUS).all()
        np.testing.assert_array_equal(found, clean)

    @pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
    def test_how_small_is_told_by_the_scale(self, scale: float) -> None:
        radius = math.sqrt(SMALLEST_NUCLEUS / math.pi) / scale
        label = discs((60, 120), (25, 25, 1.25 * radius), (85, 25, 0.8 * radius))
        found = without_specks(label, scale)
        assert found[25, 25] == NUCLEUS
        assert nuclei_of(found, scale).max() == 1
        assert not found[:, 60:].any()

    @pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
    def test_a_thread_is_no_nucleus(self, scale: float) -> None:
        """Neither alone, nor between two, nor at one."""
        side = round(120 / scale)
        label = discs((side, 2 * side), *((x / scale, 60 / scale, 18 / scale) for x in (40, 120)))
        clean = without_specks(label, scale)
        middle, width = round(60 / scale), max(1, round(3 / scale))
        label[middle : middle + width, round(58 / scale) : round(102 / scale)] = NUCLEUS
        label[middle : middle + width, round(138 / scale) : round(170 / scale)] = NUCLEUS
        label[: round(40 / scale), round(200 / scale) : round(200 / scale) + width] = NUCLEUS
        found = without_specks(label, scale)
        assert nuclei_of(found, scale).max() == 2
        assert (found != clean).sum() <= 6 * width**2

    def test_a_speck_is_far_smaller_than_the_median_nucleus(self) -> None:
        large = [(x, y, 20) for x in (40, 140, 240) for y in (40, 140)]
        label = discs((200, 300), *large, (90, 90, 7), (190, 90, 10))
        found = without_specks(label)
        assert found[90, 90] == 0  # of an eighth of the area
        assert found[90, 190] == NUCLEUS  # of a quarter
        assert without_specks(discs((200, 300), (90, 90, 7)))[90, 90] == NUCLEUS  # where all are so small

    def test_a_crumb_lies_beside_a_far_larger_nucleus(self) -> None:
        drawn = [(x, y, 10) for x in (30, 60, 90) for y in (30, 60)]
        beside, further = (160, 60, 9), (260, 60, 9)
        label = discs((140, 300), *drawn, (195, 60, 20), beside, further)
        found = without_specks(label)
        assert found[60, 160] == 0
        assert found[60, 260] == NUCLEUS
        assert nuclei_of(found).max() == 8

    def test_a_nucleus_at_one_of_its_size_is_none_of_its_crumbs(self) -> None:
        label = discs((100, 160), (50, 50, 20), (90, 50, 12))
        assert nuclei_of(found := without_specks(label)).max() == 2
        assert (found != label).sum() <= 16  # of their outlines

    def test_a_picture_of_one_cell_has_no_nucleus_far_smaller_than_its_largest(self) -> None:
        label = discs((200, 200), (50, 50, 20), (150, 50, 18), (150, 150, 12))
        assert nuclei_of(without_specks(label)).max() == 3
        found = without_specks(label, one_cell=True)
        assert nuclei_of(found).max() == 2
        assert found[50, 150] == NUCLEUS  # a cell may have two
        assert found[150, 150] == 0

    def test_at_the_frame(self) -> None:
        label = np.full((50, 50), CYTOPLASM, dtype=np.uint8)
        label[:3, :3] = NUCLEUS
        label[47:, 10:13] = 0
        assert (without_specks(label) == CYTOPLASM).all()

    def test_a_picture_smaller_than_any_nucleus_is_as_it_was(self) -> None:
        label = np.array([[NUCLEUS]], dtype=np.uint8)
        np.testing.assert_array_equal(without_specks(label), label)

    def test_what_is_found_is_the_same_objects_as_before(self) -> None:
        """Label map, numbers and measures agree on every nucleus."""
        random = np.random.default_rng(0)
        label = discs((200, 200), *((x, y, 12) for x, y in random.uniform(20, 180, (8, 2))))
        label[random.random(label.shape) < 0.01] = NUCLEUS
        found = without_specks(label)
        np.testing.assert_array_equal(nuclei_of(found) > 0, found == NUCLEUS)
