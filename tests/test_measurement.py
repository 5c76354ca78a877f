"""Measurements of drawn cells whose areas, places and stains are known."""

import math

import numpy as np
import pytest

from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS
from pap_core.measurement import measure
from pap_core.nuclei import SMALLEST_NUCLEUS, areas_of

GLASS, PALE, DARK = 255, 128, 26  # grey levels of background, cytoplasm, nucleus


def disc(shape: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    """Pixels whose centre, at .5, lies within."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def draw(shape: tuple[int, int], *cells: tuple[float, float, float, float]) -> np.ndarray:
    """Draw cells as x, y, radius and radius of the nucleus."""
    label = np.zeros(shape, dtype=np.uint8)
    for x, y, radius, _ in cells:
        label[disc(shape, x, y, radius)] = CYTOPLASM
    for x, y, _, radius in cells:
        label[disc(shape, x, y, radius)] = NUCLEUS
    return label


def stain(label: np.ndarray) -> np.ndarray:
    grey = np.full(label.shape, GLASS, dtype=np.uint8)
    grey[label == CYTOPLASM] = PALE
    grey[label == NUCLEUS] = DARK
    return np.repeat(grey[..., None], 3, axis=-1)


def test_one_cell():
    label = draw((100, 140), (70, 40, 30, 10))
    table, cells = measure(stain(label), label)
    (row,) = table.to_dict("records")
    assert row["cell"] == 1
    assert (row["x"], row["y"]) == pytest.approx((70, 40))
    assert row["nucleus_area"] == (label == NUCLEUS).sum() == pytest.approx(math.pi * 100, rel=0.02)
    assert row["cytoplasm_area"] == (label == CYTOPLASM).sum() == pytest.approx(math.pi * 800, rel=0.02)
    assert row["nc_ratio"] == row["nucleus_area"] / row["cytoplasm_area"] == pytest.approx(1 / 8, rel=0.03)
    assert row["nucleus_perimeter"] == pytest.approx(2 * math.pi * 10, rel=0.06)
    assert row["nucleus_eccentricity"] == pytest.approx(0, abs=0.05)
    assert row["nucleus_solidity"] > 0.95
    assert row["nucleus_density"] == pytest.approx(-math.log10(DARK / 255))
    assert row["cytoplasm_density"] == pytest.approx(-math.log10(PALE / 255))
    assert cells.dtype == np.int32
    assert np.array_equal(cells == 1, label != 0)


def test_cells_are_numbered_in_reading_order():
    label = draw((120, 200), (150, 30, 20, 8), (40, 60, 20, 8), (120, 95, 20, 8))
    table, cells = measure(stain(label), label)
    assert table["cell"].tolist() == [1, 2, 3]
    assert table["x"].tolist() == pytest.approx([150, 40, 120])
    assert table["y"].tolist() == pytest.approx([30, 60, 95])
    for number, (x, y) in enumerate([(150, 30), (40, 60), (120, 95)], start=1):
        assert cells[y, x] == number


def test_touching_cells_are_split_between_their_nuclei():
    label = draw((100, 160), (50, 50, 34, 10), (110, 50, 34, 10))
    table, cells = measure(stain(label), label)
    first, second = table["cytoplasm_area"]
    assert first + second == (label == CYTOPLASM).sum()
    assert first == pytest.approx(second, rel=0.05)
    columns = np.broadcast_to(np.arange(160), label.shape)
    assert columns[cells == 1].max() <= 82  # the border stands midway
    assert columns[cells == 2].min() >= 77
    assert np.array_equal(cells > 0, label != 0)


def test_every_pixel_of_a_cell_belongs_to_one_and_sums_are_kept():
    random = np.random.default_rng(0)
    places = random.uniform(30, 270, (12, 2))
    label = draw((300, 300), *((x, y, 28, 7) for x, y in places))
    table, cells = measure(stain(label), label)
    assert len(table) == 12 == len(areas_of(label)) + 1  # two of them touch
    assert table["nucleus_area"].sum() == (label == NUCLEUS).sum()
    reached = (cells > 0) & (label == CYTOPLASM)
    assert table["cytoplasm_area"].sum() == reached.sum()
    for row in table.itertuples():
        own = cells == row.cell
        assert (own & (label == NUCLEUS)).sum() == row.nucleus_area
        assert (own & (label == CYTOPLASM)).sum() == row.cytoplasm_area


def test_cytoplasm_without_a_nucleus_belongs_to_none():
    label = draw((100, 200), (50, 50, 30, 10))
    alone = disc(label.shape, 150, 50, 25)
    label[alone] = CYTOPLASM
    table, cells = measure(stain(label), label)
    assert len(table) == 1
    assert not cells[alone].any()
    assert table["cytoplasm_area"].item() == (label == CYTOPLASM).sum() - alone.sum()


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_specks_are_dropped_by_their_size_to_the_network(scale):
    side = round(math.sqrt(SMALLEST_NUCLEUS) / scale)
    label = np.zeros((120, 120), dtype=np.uint8)
    label[10:100, 10:100] = CYTOPLASM
    label[20 : 20 + side + 1, 20 : 20 + side + 1] = NUCLEUS  # just enough
    label[70 : 70 + side - 1, 70 : 70 + side - 1] = NUCLEUS  # just too few
    table, cells = measure(stain(label), label, scale)
    assert table["nucleus_area"].tolist() == [(side + 1) ** 2]
    assert table["cytoplasm_area"].tolist() == [(label == CYTOPLASM).sum()]  # the speck is no cytoplasm
    assert cells.max() == 1


def test_a_nucleus_without_cytoplasm_has_no_ratio():
    label = draw((60, 120), (30, 30, 0, 10), (90, 30, 25, 10))
    table, _ = measure(stain(label), label)
    bare, whole = table.to_dict("records")
    assert bare["cytoplasm_area"] == 0
    assert math.isnan(bare["nc_ratio"])
    assert math.isnan(bare["cytoplasm_density"])
    assert whole["nc_ratio"] > 0


def test_nuclei_touching_at_a_corner_are_one():
    label = np.zeros((40, 40), dtype=np.uint8)
    label[5:15, 5:15] = label[15:25, 15:25] = NUCLEUS
    assert areas_of(label).tolist() == [200]
    assert len(measure(stain(label), label)[0]) == 1


def test_a_long_nucleus_is_eccentric():
    rows, columns = np.mgrid[:80, :120] + 0.5
    label = (((columns - 60) / 30) ** 2 + ((rows - 40) / 10) ** 2 < 1).astype(np.uint8) * NUCLEUS
    table, _ = measure(stain(label), label)
    assert table["nucleus_eccentricity"].item() == pytest.approx(math.sqrt(1 - 1 / 9), abs=0.01)


@pytest.mark.parametrize("value", [0, CYTOPLASM, IGNORE])
@pytest.mark.parametrize("shape", [(1, 1), (30, 40)])
def test_nothing_to_measure(value, shape):
    label = np.full(shape, value, dtype=np.uint8)
    table, cells = measure(np.zeros((*shape, 3), np.uint8), label)
    assert len(table) == 0
    assert {"cell", "x", "y", "nucleus_area", "cytoplasm_area", "nc_ratio"} <= set(table.columns)
    assert cells.shape == shape
    assert not cells.any()
    assert areas_of(label).tolist() == []


def test_black_pixels_have_a_density():
    label = draw((60, 60), (30, 30, 25, 10))
    table, _ = measure(np.zeros((60, 60, 3), np.uint8), label)
    assert table["nucleus_density"].item() == pytest.approx(math.log10(255))
