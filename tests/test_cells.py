"""Cells that touch are told apart along the edges that can be seen, else half way between their nuclei."""

from collections.abc import Callable

import numpy as np
import pytest

from pap_core.cells import apart
from pap_core.labels import CYTOPLASM, NUCLEUS

HEIGHT, WIDTH, RADIUS = 80, 200, 9
GLASS, DARK = 240, 40
LEFT, RIGHT = 60, 120  # columns of the nuclei, in the middle row


def drawn(stain: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture and a label map: a band of cytoplasm with two nuclei, its grey by column."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    label = np.where((abs(y - HEIGHT // 2) < 30) & (x > 10) & (x < 190), CYTOPLASM, 0).astype(np.uint8)
    for column in (LEFT, RIGHT):
        label[np.hypot(x - column, y - HEIGHT // 2) <= RADIUS] = NUCLEUS
    grey = np.choose(label, [GLASS, stain(x), DARK]).astype(np.uint8)
    return np.stack([grey] * 3, axis=-1), label


def share_right(cells: np.ndarray, label: np.ndarray, border: int) -> float:
    """Return the share of cytoplasm that is given to the cell on its side of a column."""
    columns = np.broadcast_to(np.arange(WIDTH), label.shape)
    return float(np.mean((cells == np.where(columns < border, 1, 2))[label == CYTOPLASM]))


def test_where_the_stain_changes_is_the_border() -> None:
    for border in (80, 100):
        image, label = drawn(lambda x, at=border: np.where(x < at, 120, 160))
        nuclei, cells = apart(image, label, 0.6)
        assert nuclei.max() == cells.max() == 2
        assert share_right(cells, label, border) > 0.97


def test_an_outline_that_is_seen_is_the_border() -> None:
    image, label = drawn(lambda x: np.where(abs(x - 78) < 2, 90, 150))
    assert share_right(apart(image, label, 0.6)[1], label, 78) > 0.97


def test_without_an_edge_it_lies_half_way() -> None:
    image, label = drawn(lambda x: np.full_like(x, 150))
    assert share_right(apart(image, label, 1.0)[1], label, (LEFT + RIGHT) // 2) > 0.97


@pytest.mark.parametrize("factor", [2, 4])
def test_an_enlarged_picture_at_its_scale_is_shared_out_alike(factor: int) -> None:
    image, label = drawn(lambda x: np.where(x < 80, 120, 150))
    large = [np.repeat(np.repeat(one, factor, axis=0), factor, axis=1) for one in (image, label)]
    one, other = apart(image, label, 2.0)[1], apart(*large, 2.0 / factor)[1]
    assert (other[::factor, ::factor] == one).mean() > 0.97


def test_cytoplasm_without_a_nucleus_is_of_no_cell_and_a_bare_nucleus_is_one() -> None:
    label = np.zeros((HEIGHT, WIDTH), np.uint8)
    label[10:30, 10:60] = CYTOPLASM
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    bare = np.hypot(x - 150, y - 40) <= RADIUS
    label[bare] = NUCLEUS
    nuclei, cells = apart(np.full((HEIGHT, WIDTH, 3), 200, np.uint8), label)
    assert (cells == bare).all()
    assert (nuclei == bare).all()


def test_every_pixel_of_an_area_with_nuclei_has_an_owner() -> None:
    """A thread one pixel wide is lost where ways are looked for at half the size."""
    image, label = drawn(lambda x: np.full_like(x, 150))
    label[11, 50:190] = CYTOPLASM
    label[5:12, 189] = CYTOPLASM
    cells = apart(image, label, 0.5)[1]
    assert (cells[label > 0] > 0).all()
    assert (cells[label == 0] == 0).all()
