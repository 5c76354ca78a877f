"""One picture's cells as crops: what is drawn, where it is cut, and the way back to the picture."""

from pathlib import Path

import numpy as np
import pytest

from pap_core.contours import fill
from pap_core.data.crop import FIT_MARGIN, Crop, draw, field, fit, label_map, resize_label, square, window
from pap_core.data.readers.cell import Cell
from pap_core.errors import InputError
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS

SHAPE = (500, 600)
IMAGE = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def make(circle):
    """Return `make(x, y, radius, nucleus radius)`: a round cell."""

    def cell(x: float, y: float, radius: float, inner: float, shift: float = 0, name: str = "c") -> Cell:
        return Cell(name, "P", "g", Path("smear.bmp"), circle(x, y, radius), circle(x + shift, y, inner))

    return cell


def test_cytoplasm_is_the_outline_without_the_nucleus(make) -> None:
    drawn, cut = draw(make(300, 250, 80, 20), SHAPE)
    assert cut is None
    label = label_map([drawn], SHAPE)
    assert np.unique(label).tolist() == [0, CYTOPLASM, NUCLEUS]
    np.testing.assert_array_equal(label == NUCLEUS, fill(drawn.cell.nucleus, SHAPE))
    np.testing.assert_array_equal(label > 0, fill(drawn.cell.outline, SHAPE))


def test_a_nucleus_is_never_hidden_by_a_neighbour(make) -> None:
    below, above = draw(make(280, 250, 80, 20), SHAPE)[0], draw(make(330, 250, 80, 20), SHAPE)[0]
    label = label_map([below, above], SHAPE)
    np.testing.assert_array_equal(label == NUCLEUS, below.nucleus | above.nucleus)


def test_a_nucleus_partly_outside_is_clipped_and_told(make) -> None:
    drawn, cut = draw(make(300, 250, 60, 20, shift=55), SHAPE)
    assert cut is not None
    assert cut.startswith("clipped, kept: ")
    assert "of the nucleus lies outside its cell" in cut
    assert 0 < drawn.nucleus.sum() < fill(drawn.cell.nucleus, SHAPE).sum()
    assert not (drawn.nucleus & ~drawn.whole).any()


def test_an_outline_beyond_the_picture_is_clipped_and_told(make) -> None:
    drawn, cut = draw(make(40, 250, 60, 20), SHAPE)
    assert cut == "clipped, kept: cell outline reaches beyond the image"
    assert drawn.whole[:, 0].any()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ((-200, 250, 60, 20), "the cell outline of c lies outside the image"),
        ((40, 250, 60, 10, -80), "the nucleus of c lies outside the image"),
        ((300, 250, 60, 20, 150), "the nucleus of c lies outside its cell"),
    ],
)
def test_what_misses_the_picture_or_its_cell_is_refused(make, place: tuple[float, ...], reason: str) -> None:
    with pytest.raises(InputError, match=f"smear.bmp: {reason}"):
        draw(make(*place), SHAPE)


def back(crop: Crop, x: float, y: float) -> tuple[float, float]:
    """Map a place in the crop to the picture by the documented rule."""
    return crop.x0 + x / crop.scale, crop.y0 + y / crop.scale


def test_the_window_is_centred_on_the_nucleus_at_the_pictures_scale(make) -> None:
    drawn, _ = draw(make(301, 237, 80, 20, shift=11), SHAPE)
    label = label_map([drawn], SHAPE)
    crop = window(IMAGE, label, drawn, 256)
    assert crop.image.shape == (256, 256, 3)
    assert crop.scale == 1
    assert back(crop, 128, 128) == pytest.approx((312, 237), abs=1)
    x, y = (int(place) for place in back(crop, 17, 200))
    assert crop.image[200, 17].tolist() == IMAGE[y, x].tolist()
    np.testing.assert_array_equal(crop.label, label[crop.y0 : crop.y0 + 256, crop.x0 : crop.x0 + 256])


@pytest.mark.parametrize(
    ("x", "y", "fits"),
    [(128, 128, True), (126, 250, False), (300, 126, False), (472, 372, True), (474, 250, False)],
)
def test_a_window_that_leaves_the_picture_is_refused(make, x: int, y: int, fits: bool) -> None:
    drawn, _ = draw(make(x + 0.5, y + 0.5, 60, 20), SHAPE)
    label = label_map([drawn], SHAPE)
    if fits:
        assert window(IMAGE, label, drawn, 256).label.shape == (256, 256)
    else:
        with pytest.raises(InputError, match="leaves the 600 × 500 image"):
            window(IMAGE, label, drawn, 256)


def test_a_field_lies_on_its_cell_or_anywhere_within_the_picture(make) -> None:
    """Large cells are seen without their nucleus, and and glass without any; always at the same place."""
    places, without_nucleus, empty = set(), 0, 0
    for number in range(40):
        drawn, _ = draw(make(170, 170, 160, 15, name=f"cell {number}"), SHAPE)
        label = label_map([drawn], SHAPE)
        crop = field(IMAGE, label, drawn, 128)
        assert crop.label.shape == (128, 128)
        here = np.s_[crop.y0 : crop.y0 + 128, crop.x0 : crop.x0 + 128]
        np.testing.assert_array_equal(crop.label, label[here])
        np.testing.assert_array_equal(crop.image, IMAGE[here])
        empty += not crop.label.any()
        again = field(IMAGE, label, drawn, 128)
        assert (again.x0, again.y0) == (crop.x0, crop.y0)
        places.add((crop.x0, crop.y0))
        without_nucleus += NUCLEUS not in crop.label
    assert len(places) > 30
    assert 0 < empty < 15
    assert 15 < without_nucleus < 40


def test_a_field_larger_than_the_picture_is_refused(make) -> None:
    drawn, _ = draw(make(300, 250, 60, 20), SHAPE)
    with pytest.raises(InputError, match=r"512 × 512.*does not fit into the 600 × 500 image"):
        field(IMAGE, label_map([drawn], SHAPE), drawn, 512)


@pytest.mark.parametrize("radius", [45, 190], ids=["enlarged", "reduced"])
def test_fit_holds_the_whole_cell_and_maps_back(make, radius: int) -> None:
    drawn, _ = draw(make(301, 251, radius, 20, shift=9), SHAPE)
    label = label_map([drawn], SHAPE)
    crop = fit(IMAGE, label, drawn, 256)
    rows, columns = np.nonzero(drawn.whole)
    side = max(np.ptp(rows), np.ptp(columns)) + 1 + 2 * FIT_MARGIN
    assert crop.scale == pytest.approx(256 / side)
    assert IGNORE not in crop.label
    # no interpolation: every label is the picture's where the crop says it lies
    ys, xs = np.mgrid[0:256, 0:256] + 0.5
    there_x, there_y = back(crop, xs, ys)
    np.testing.assert_array_equal(crop.label, label[there_y.astype(int), there_x.astype(int)])
    for mask, part in ((drawn.nucleus, crop.label == NUCLEUS), (drawn.whole, crop.label > 0)):
        centre = [axis.mean() + 0.5 for axis in np.nonzero(part)[::-1]]
        assert back(crop, *centre) == pytest.approx(
            [axis.mean() + 0.5 for axis in np.nonzero(mask)[::-1]], abs=0.7
        )


def test_fit_mirrors_beyond_the_picture_and_ignores_it(make) -> None:
    drawn, _ = draw(make(300, 40, 200, 20), SHAPE)  # wider than what lies above and below
    label = label_map([drawn], SHAPE)
    crop = fit(IMAGE, label, drawn, 256)
    assert crop.y0 < 0
    ys = (crop.y0 + (np.arange(256) + 0.5) / crop.scale)[:, None]
    xs = (crop.x0 + (np.arange(256) + 0.5) / crop.scale)[None]
    outside = (ys < 0) | (ys >= SHAPE[0]) | (xs < 0) | (xs >= SHAPE[1])
    np.testing.assert_array_equal(crop.label == IGNORE, outside)
    mirrored = square(IMAGE, 10, -30, 80)
    np.testing.assert_array_equal(mirrored[:30], mirrored[30:60][::-1])
    np.testing.assert_array_equal(mirrored[30:], IMAGE[:50, 10:90])


def test_labels_are_never_interpolated() -> None:
    label = np.zeros((90, 90), dtype=np.uint8)
    label[30:60, 30:60] = NUCLEUS
    label[60:] = IGNORE
    for size in (256, 37):
        assert set(np.unique(resize_label(label, size))) == {0, NUCLEUS, IGNORE}
