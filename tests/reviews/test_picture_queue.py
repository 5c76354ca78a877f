"""Cells of pictures and of earlier predictions, cut out and told apart."""

import numpy as np
import pytest

from pap_core.errors import InputError
from pap_core.export import Origin, label_png
from pap_core.labels import NUCLEUS, colour_map
from pap_core.measurement import measure
from pap_core.reviewing.picture_queue import MARGIN, SMALLEST, PictureQueue, picture_queue, predicted_queue
from pap_core.reviewing.queue import (
    UNCERTAIN,
    orders,
)
from tests.helpers.pages.segmenting import CROP, CROP_CELLS, SMEAR, SMEAR_CELLS, encoded, jaccard, truth_of

ORIGIN = Origin("slide.png", "compact", "0123456789abcdef")


def smear_queue(name: str = "slide.png", colours: bool = True) -> PictureQueue:
    """The queue of the drawn smear, its truth taken for the prediction."""
    label = truth_of((1000, 800), SMEAR_CELLS)
    painted = colour_map(label, border=0) if colours else None
    return picture_queue(SMEAR, label, *measure(SMEAR, label), painted, "abc", name)


def test_each_cell_of_a_smear_is_cut_out_around_its_nucleus() -> None:
    queue = smear_queue()
    assert len(queue.entries) == len(SMEAR_CELLS)
    for number, (x, y, radius) in enumerate(SMEAR_CELLS):
        cell = queue.cell(number)
        height, width = cell.label.shape
        x0, y0 = int(cell.place.x0), int(cell.place.y0)
        assert np.array_equal(cell.picture, SMEAR[y0 : y0 + height, x0 : x0 + width])
        inside = x0 + width < 1000 and y0 + height < 800 and x0 > 0 and y0 > 0
        if inside:
            assert height == width >= max(SMALLEST, 2 * (radius + MARGIN) - 2)
            assert (x0 + width / 2, y0 + height / 2) == pytest.approx((x, y), abs=1)
        away = cell.before.cell[0] - (x + 0.5 - x0, y + 0.5 - y0)
        assert np.hypot(*away.T) == pytest.approx(radius, abs=1.5)
        assert cell.checkpoint == "abc"
        assert cell.source == "smear"


def test_a_cell_at_the_edge_is_clipped_not_padded() -> None:
    label = np.zeros((300, 500), dtype=np.uint8)
    label[0:40, 460:500], label[10:25, 475:490] = 1, 2
    image = np.full((300, 500, 3), 200, dtype=np.uint8)
    cell = picture_queue(image, label, *measure(image, label), None, "", "a").cell(0)
    assert cell.picture.shape == (17 + SMALLEST // 2, 500 - 482 + SMALLEST // 2, 3)
    assert (cell.place.x0, cell.place.y0) == (482 - SMALLEST // 2, 0)
    assert np.array_equal(cell.before.label(cell.label.shape), cell.label)


def test_a_neighbour_is_in_the_label_and_not_in_the_outlines() -> None:
    size, cells = (400, 300), [(110, 150, 60), (230, 150, 60)]
    label, image = truth_of(size, cells), np.full((300, 400, 3), 200, dtype=np.uint8)
    cell = picture_queue(image, label, *measure(image, label), None, "", "a").cell(0)
    own = cell.before.label(cell.label.shape)
    assert (cell.label == NUCLEUS).sum() == pytest.approx(2 * (own == NUCLEUS).sum(), rel=0.01)
    assert jaccard(own > 0, truth_of(size, cells[:1])[: own.shape[0], : own.shape[1]] > 0) > 0.97


def test_the_same_picture_gives_the_same_ids_under_any_name() -> None:
    ids = [entry.id for entry in smear_queue().entries]
    assert len(set(ids)) == 3
    assert [entry.id for entry in smear_queue("another.tif", colours=False).entries] == ids
    changed = SMEAR.copy()
    changed[0, 0] ^= 1
    label = truth_of((1000, 800), SMEAR_CELLS)
    other = picture_queue(changed, label, *measure(changed, label), None, "abc", "slide.png")
    assert not {entry.id for entry in other.entries} & set(ids)


def test_no_name_of_a_file_is_in_a_cell() -> None:
    cell = smear_queue().cell(0)
    assert "slide" not in repr([cell.name, cell.group])


def test_two_cells_whose_nuclei_have_one_centre_are_two() -> None:
    label, image = np.zeros((200, 200), dtype=np.uint8), np.full((200, 200, 3), 200, dtype=np.uint8)
    y, x = np.mgrid[:200, :200]
    away = np.hypot(x - 100, y - 100)
    label[away < 80] = 1
    label[(away < 60) & (away > 40)] = label[away < 12] = 2
    queue = picture_queue(image, label, *measure(image, label), None, "", "a")
    assert len({entry.id for entry in queue.entries}) == len(queue.entries) == 2


# Earlier predictions


def test_earlier_predictions_are_read_with_their_label_maps() -> None:
    smear, crop = truth_of((1000, 800), SMEAR_CELLS), truth_of((150, 130), CROP_CELLS)
    queue = predicted_queue(
        [
            ("slide_label.png", label_png(smear, ORIGIN)),
            ("cell.bmp", encoded(CROP, "BMP")),
            ("slide.png", encoded(SMEAR)),
            ("cell_label.png", encoded(crop)),
        ]
    )
    assert [entry.name for entry in queue.entries] == ["cell.bmp", "slide.png", "slide.png", "slide.png"]
    assert [queue.cell(number).checkpoint for number in range(4)] == ["", *[ORIGIN.digest] * 3]
    assert UNCERTAIN not in orders(queue.entries)
    assert queue.cell(0).picture.shape == CROP.shape
    assert jaccard(queue.cell(0).before.label(crop.shape) == NUCLEUS, crop == NUCLEUS) > 0.97
    assert [entry.id for entry in queue.entries[1:]] == [entry.id for entry in smear_queue().entries]
    with pytest.raises(IndexError):
        queue.cell(4)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ([("a.png", encoded(CROP))], "a.png: its label map is missing, expected a_label.png"),
        ([("a_label.png", encoded(CROP[..., 0]))], "a_label.png: a label map without its picture"),
        (
            [("a.png", encoded(CROP)), ("a_label.png", encoded(truth_of((100, 100), [(50, 50, 40)])))],
            "a_label.png: the mask is 100 × 100 pixels, a.png is 150 × 130",
        ),
        ([("a.png", b"no picture"), ("a_label.png", encoded(CROP[..., 0]))], "a.png: not a picture"),
    ],
)
def test_what_does_not_belong_together_is_told(files: list[tuple[str, bytes]], told: str) -> None:
    with pytest.raises(InputError, match=told):
        predicted_queue(files)
