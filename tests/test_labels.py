import itertools

import numpy as np
import pytest
import torch

from pap_core.labels import GREY, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL, PALETTE, colour_map, decode, outline
from pap_core.model.targets import draw_targets

BLACK = np.array([0, 0, 0], dtype=np.uint8)


def box(size: int, rows: slice, columns: slice) -> np.ndarray:
    mask = np.zeros((size, size), dtype=bool)
    mask[rows, columns] = True
    return mask


def black(colour: np.ndarray) -> np.ndarray:
    return (colour == 0).all(axis=-1)


@pytest.fixture
def cell() -> np.ndarray:
    """A cell over rows and columns 5 to 24 with a nucleus over 11 to 18."""
    label = box(32, slice(5, 25), slice(5, 25)).astype(np.uint8)
    label[11:19, 11:19] = NUCLEUS
    return label


@pytest.mark.parametrize("seed", range(3))
def test_round_trip_without_border(seed):
    label = np.random.default_rng(seed).integers(0, 3, (17, 23), dtype=np.uint8)
    assert np.array_equal(decode(colour_map(label, border=0)), label)


def test_colours_of_the_classes(cell):
    drawn = colour_map(cell, border=0)
    assert drawn[0, 0].tolist() == [255, 255, 255]
    assert drawn[6, 6].tolist() == [255, 0, 0]
    assert drawn[14, 14].tolist() == [0, 0, 255]


@pytest.mark.parametrize(
    ("width", "outside", "inside"), [(1, 0, 1), (2, 1, 1), (3, 1, 2), (4, 2, 2), (5, 2, 3)]
)
def test_border_lies_astride_the_edge(width, outside, inside):
    label = box(24, slice(8, 18), slice(7, 17)).astype(np.uint8)
    grown = box(24, slice(8 - outside, 18 + outside), slice(7 - outside, 17 + outside))
    shrunk = box(24, slice(8 + inside, 18 - inside), slice(7 + inside, 17 - inside))
    assert np.array_equal(black(colour_map(label, width)), grown & ~shrunk)


def test_both_outlines_are_drawn_and_nothing_else_changes(cell):
    drawn, plain = colour_map(cell, 2), colour_map(cell, 0)
    cell_ring = box(32, slice(4, 26), slice(4, 26)) & ~box(32, slice(6, 24), slice(6, 24))
    nucleus_ring = box(32, slice(10, 20), slice(10, 20)) & ~box(32, slice(12, 18), slice(12, 18))
    border = cell_ring | nucleus_ring
    assert np.array_equal(black(drawn), border)
    assert np.array_equal(drawn[~border], plain[~border])


@pytest.mark.parametrize("width", [1, 2, 3])
def test_no_border_along_the_frame(width):
    outside, inside = width // 2, width - width // 2
    label = box(20, slice(0, 12), slice(9, 20)).astype(np.uint8) * NUCLEUS  # cut by the top and the right
    grown = box(20, slice(0, 12 + outside), slice(9 - outside, 20))
    shrunk = box(20, slice(0, 12 - inside), slice(9 + inside, 20))
    assert np.array_equal(black(colour_map(label, width)), grown & ~shrunk)


def test_a_cell_that_fills_the_image_has_no_border():
    assert not black(colour_map(np.ones((8, 8), dtype=np.uint8), 2)).any()


def test_outline_treats_each_mask_alone():
    masks = np.zeros((2, 12, 12), dtype=bool)
    masks[1, 4:8, 4:8] = True
    edges = outline(masks, 2)
    assert not edges[0].any()
    assert edges[1].sum() == 6 * 6 - 2 * 2


@pytest.mark.parametrize("unknown", [IGNORE, NOT_NUCLEUS, OF_CELL])
def test_what_is_not_known_is_grey(cell, unknown):
    hidden, background = cell.copy(), cell.copy()
    hidden[5:9, 5:25], background[5:9, 5:25] = unknown, 0
    hidden[28:, :] = unknown
    for border in (0, 2):
        found, expected = colour_map(hidden, border), colour_map(background, border)
        grey = (found == GREY).all(axis=-1)
        assert grey.sum() > 0
        assert (hidden[grey] == unknown).all()
        np.testing.assert_array_equal(found[~grey], expected[~grey])


@pytest.mark.parametrize("border", [0, 1, 2, 3])
def test_targets_match_colour_map(cell, border):
    partial = cell.copy()
    partial[20:, :9], partial[20:, 9:18], partial[20:, 18:] = IGNORE, NOT_NUCLEUS, OF_CELL
    labels = np.stack([cell, np.roll(cell, 9, axis=1), np.zeros_like(cell), partial])
    targets = draw_targets(torch.from_numpy(labels), border)
    assert targets.shape == (4, 3, 32, 32)
    assert targets.dtype == torch.float32
    assert set(targets[:3].unique().tolist()) == {-1.0, 1.0}
    for label, target in zip(labels, targets, strict=True):
        pixels = (target.permute(1, 2, 0).numpy() + 1) / 2 * 255
        np.testing.assert_allclose(pixels, colour_map(label, border), atol=1e-3)


def test_decode_is_the_nearest_colour_of_the_palette():
    levels = (0, 1, 63, 64, 100, 127, 128, 150, 191, 192, 200, 254, 255)
    regular = np.array(list(itertools.product(levels, repeat=3)), dtype=np.uint8)
    random = np.random.default_rng(0).integers(0, 256, (3000, 3), dtype=np.uint8)
    colours = np.concatenate([regular, random])
    offered = np.concatenate([PALETTE, BLACK[None]]).astype(np.float64)
    expected, blacks = [], 0
    for colour in colours.astype(np.float64):
        distances = ((offered - colour) ** 2).sum(axis=1)
        nearest = int(distances.argmin())
        if nearest == 3:
            blacks += 1
            nearest = int(distances[:3].argmin())
        expected.append(nearest)
    assert blacks > 100
    assert np.array_equal(decode(colours), expected)


def test_decode_gives_classes_only_whatever_the_colour_and_shape():
    colours = np.random.default_rng(1).integers(0, 256, (2, 5, 40, 50, 3), dtype=np.uint8)
    label = decode(colours)
    assert label.dtype == np.uint8
    assert label.shape == (2, 5, 40, 50)
    assert set(np.unique(label)) == {0, 1, 2}


def test_a_bordered_map_decodes_to_classes_only(cell):
    drawn = colour_map(cell, 2)
    label = decode(drawn)
    assert set(np.unique(label)) <= {0, 1, 2}
    assert np.array_equal(label[~black(drawn)], cell[~black(drawn)])
