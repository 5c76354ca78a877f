"""Edges over a picture: on the outlines alone, in their colours, on a copy."""

import numpy as np
import pytest

from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS
from pap_core.overlay import CELL_EDGE, NUCLEUS_EDGE, draw_edges


@pytest.fixture
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(100, 200, (40, 60, 3), dtype=np.uint8)


@pytest.fixture
def label() -> np.ndarray:
    label = np.zeros((40, 60), dtype=np.uint8)
    label[5:35, 10:50] = CYTOPLASM
    label[15:25, 20:40] = NUCLEUS
    return label


def changed(drawn: np.ndarray, image: np.ndarray) -> np.ndarray:
    return (drawn != image).any(axis=-1)


def frame(rows: slice, columns: slice, width: int) -> np.ndarray:
    """A box less the same box drawn in by `width`."""
    mask = np.zeros((40, 60), dtype=bool)
    mask[rows, columns] = True
    mask[rows.start + width : rows.stop - width, columns.start + width : columns.stop - width] = False
    return mask


def test_edges_lie_on_the_outlines(image, label):
    drawn = draw_edges(image, label)
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    cell, nucleus = frame(np.s_[5:35], np.s_[10:50], 1), frame(np.s_[15:25], np.s_[20:40], 1)
    assert (drawn[cell] == CELL_EDGE).all()
    assert (drawn[nucleus] == NUCLEUS_EDGE).all()
    assert np.array_equal(changed(drawn, image), cell | nucleus)


def test_the_picture_itself_is_left_alone(image, label):
    before = image.copy()
    draw_edges(image, label)
    assert np.array_equal(image, before)


def test_one_edge_may_be_left_out(image, label):
    cell, nucleus = frame(np.s_[5:35], np.s_[10:50], 1), frame(np.s_[15:25], np.s_[20:40], 1)
    assert np.array_equal(changed(draw_edges(image, label, nucleus=None), image), cell)
    assert np.array_equal(changed(draw_edges(image, label, cell=None), image), nucleus)
    assert np.array_equal(draw_edges(image, label, None, None), image)


def test_own_colours_and_width(image, label):
    drawn = draw_edges(image, label, nucleus=(1, 2, 3), cell=None, width=3)
    mask = np.zeros((40, 60), dtype=bool)
    mask[14:26, 19:41] = True  # one pixel outside, two inside
    mask[17:23, 22:38] = False
    assert (drawn[mask] == (1, 2, 3)).all()
    assert np.array_equal(changed(drawn, image), mask)


def test_the_nucleus_is_drawn_over_the_cell():
    label = np.zeros((20, 20), dtype=np.uint8)
    label[5:15, 5:15] = NUCLEUS  # a nucleus without cytoplasm: both edges in one place
    drawn = draw_edges(np.zeros((20, 20, 3), np.uint8), label)
    assert drawn[5, 5].tolist() == list(NUCLEUS_EDGE)
    assert not (drawn == CELL_EDGE).all(axis=-1).any()


def test_edges_grow_with_the_picture():
    def thickness(side: int) -> int:
        label = np.zeros((side, side), dtype=np.uint8)
        label[side // 4 : -side // 4, side // 4 : -side // 4] = CYTOPLASM
        drawn = draw_edges(np.zeros((side, side, 3), np.uint8), label)
        return int((drawn[side // 2, : side // 2] != 0).any(axis=-1).sum())

    assert thickness(100) == thickness(400) == 1
    assert thickness(2000) == 5


def test_nothing_to_draw(image):
    for value in (0, IGNORE, CYTOPLASM, NUCLEUS):  # the picture's frame is no edge
        assert np.array_equal(draw_edges(image, np.full((40, 60), value, np.uint8)), image)
    assert draw_edges(image[:1, :1], np.full((1, 1), NUCLEUS, np.uint8)).shape == (1, 1, 3)
