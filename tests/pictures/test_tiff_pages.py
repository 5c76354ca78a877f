"""Which of a TIFF's pages and channels are the picture, and how large its pixels are."""

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pap_core.errors import InputError
from pap_core.images import read_image, read_picture
from pap_core.pictures.tiff import stored
from tests.helpers.tiffs import BLUE, DEEP, GREEN, GREY, RED, RGB, paged, written

# Its channels


@pytest.mark.parametrize("writer", ["ome", "imagej", "axes"])
@pytest.mark.parametrize("values", [RGB, DEEP], ids=["8 bit", "16 bit"])
def test_three_channels_are_red_green_and_blue(writer: str, values: np.ndarray) -> None:
    options = {"metadata": {"axes": "CYX"}, "photometric": "minisblack"}
    if writer != "axes":
        options[writer] = True
    read = read_picture(written(np.moveaxis(values, -1, 0), **options), "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert read.remarks == (
        "its 3 channels were put together as red, green and blue, which the file does not say",
    )


def test_channels_keep_the_colours_that_are_told() -> None:
    turned = np.ascontiguousarray(np.moveaxis(RGB[..., [2, 0, 1]], -1, 0))
    tables = [BLUE, RED, GREEN]
    imagej = {"axes": "CYX", "LUTs": tables, "mode": "composite"}
    colours = [(255 << 8) | 255, (255 << 24 | 255) - 2**32, (255 << 16) | 255]  # as OME writes them, signed
    ome = {"axes": "CYX", "Channel": {"Color": colours}}
    named = {"axes": "CYX", "Channel": {"Name": ["Blue", "Red", "Green"]}}
    for file in (
        written(turned, imagej=True, metadata=imagej),
        written(turned, ome=True, photometric="minisblack", metadata=ome),
        written(turned, ome=True, photometric="minisblack", metadata=named),
    ):
        read = read_picture(file, "cell.tif")
        np.testing.assert_array_equal(read.pixels, RGB)
        assert "does not say" not in read.remarks[0]


def test_two_channels_with_colours_are_laid_over_each_other() -> None:
    channels = np.stack([GREY, 255 - GREY])
    file = written(channels, imagej=True, metadata={"axes": "CYX", "LUTs": [RED, GREEN]})
    np.testing.assert_array_equal(read_image(file, "cell.tif"), np.dstack([GREY, 255 - GREY, 0 * GREY]))


@pytest.mark.parametrize("number", [2, 4, 5])
@pytest.mark.parametrize("writer", ["ome", "imagej"])
def test_channels_of_unknown_colours_are_refused(number: int, writer: str) -> None:
    options = {writer: True, "metadata": {"axes": "CYX"}, "photometric": "minisblack"}
    with pytest.raises(
        InputError, match=rf"cell\.tif: {number} channels whose colours.*save the picture as RGB"
    ):
        read_image(written(np.stack([GREY] * number), **options), "cell.tif")


def test_three_stains_are_no_rgb() -> None:
    named = {"axes": "CYX", "Channel": {"Name": ["DAPI", "FITC", "Cy5"]}}
    file = written(np.stack([GREY] * 3), ome=True, photometric="minisblack", metadata=named)
    with pytest.raises(InputError, match="DAPI, FITC, Cy5"):
        read_image(file, "cell.tif")


# Its pages


def blurred(values: np.ndarray) -> np.ndarray:
    """Return a picture out of focus."""
    picture = Image.fromarray(values)
    return np.array(picture.reduce(6).resize(picture.size, Image.Resampling.BICUBIC))


@pytest.mark.parametrize("writer", ["ome", "imagej", "nobody"])
def test_of_a_stack_the_sharpest_slice_is_taken(writer: str) -> None:
    slices = np.stack([np.full_like(RGB, 230), blurred(RGB), RGB, blurred(RGB)])
    options = {"metadata": None} if writer == "nobody" else {writer: True, "metadata": {"axes": "ZYXS"}}
    read = read_picture(written(slices, photometric="rgb", **options), "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert len(read.remarks) == 1
    assert ("page 3 of 4" if writer == "nobody" else "slice 3 of 4") in read.remarks[0]
    assert "sharpest" in read.remarks[0]


@pytest.mark.parametrize("axes", ["TZCYX", "ZCYX", "CZYX"])
def test_channels_are_found_in_every_order(axes: str) -> None:
    stack = np.stack([np.full_like(RGB, 230), RGB])  # slices, rows, columns, channels
    values = stack.transpose(
        ["Z__C".find(one) if one in "ZC" else "_YX".find(one) for one in axes.replace("T", "")]
    )
    if "T" in axes:
        values = np.stack([values, values // 2])
    file = written(values, ome=True, photometric="minisblack", metadata={"axes": axes})
    read = read_picture(file, "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert "slice 2 of 2 was taken, the sharpest" in read.remarks
    assert ("the first of 2 times was taken" in read.remarks) == ("T" in axes)


def test_a_thumbnail_is_not_the_picture() -> None:
    small = np.ascontiguousarray(RGB[::4, ::4])
    for flag in (0, 1):
        file = paged((small, {"photometric": "rgb", "subfiletype": flag}), (RGB, {"photometric": "rgb"}))
        read = read_picture(file, "cell.tif")
        np.testing.assert_array_equal(read.pixels, RGB)
        assert read.remarks == ("page 2 of 2 was taken, the largest",)
        assert stored(file, "cell.tif").page == 2


def test_the_picture_may_hang_below_a_thumbnail() -> None:
    file = paged(
        (np.ascontiguousarray(RGB[::4, ::4]), {"photometric": "rgb", "subfiletype": 1, "subifds": 1}),
        (RGB, {"photometric": "rgb"}),
    )
    read = read_picture(file, "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert "below page 1" in read.remarks[0]


def test_of_a_pyramid_the_full_size_is_taken() -> None:
    smaller = np.ascontiguousarray(RGB[::2, ::2])
    hanging = paged(
        (RGB, {"photometric": "rgb", "subifds": 1, "tile": (16, 16)}),
        (smaller, {"photometric": "rgb", "subfiletype": 1, "tile": (16, 16)}),
    )
    following = paged((RGB, {"photometric": "rgb"}), (smaller, {"photometric": "rgb", "subfiletype": 1}))
    for file in (hanging, following):
        np.testing.assert_array_equal(read_image(file, "cell.tif"), RGB)
    assert read_picture(following, "cell.tif").remarks == ("page 1 of 2 was taken, the largest",)


def test_a_mask_behind_the_picture_is_left_aside() -> None:
    file = paged((RGB, {"photometric": "rgb"}), (GREY % 2 * 255, {"photometric": "minisblack"}))
    read = read_picture(file, "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert "page 1 of 2" in read.remarks[0]


def test_words_on_a_thumbnail_do_not_make_it_the_picture() -> None:
    small = np.ascontiguousarray(RGB[::4, ::4])
    words = {"photometric": "rgb", "description": "ImageJ=1.53t\nimages=1\n"}
    read = read_picture(paged((small, words), (RGB, {"photometric": "rgb"})), "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert read.remarks == ("page 2 of 2 was taken, the largest",)


def test_pages_that_no_word_tells_of_are_told() -> None:
    grey = {"photometric": "minisblack"}
    words = {**grey, "description": "ImageJ=1.53t\nimages=1\n"}
    read = read_picture(paged((GREY, words), (GREY, grey), (GREY, grey)), "cell.tif")
    assert any("2 more pages of this size were left aside" in one for one in read.remarks)


def test_channels_that_are_cut_off_are_refused() -> None:
    channels = np.ascontiguousarray(np.moveaxis(RGB, -1, 0))
    options = {"photometric": "minisblack", "metadata": {"axes": "CYX"}, "truncate": True}
    with pytest.raises(InputError, match="3 channels told, but 1 pages found"):
        read_image(written(channels, **options), "cell.tif")


# How large a pixel is


def test_the_size_of_a_pixel_is_kept() -> None:
    def size(**options: object) -> float | None:
        return read_picture(written(RGB, photometric="rgb", **options), "cell.tif").pixel_size

    assert size(resolution=(40_000, 40_000), resolutionunit="CENTIMETER") == pytest.approx(0.25)
    assert size(resolution=(101_600, 101_600), resolutionunit="INCH") == pytest.approx(0.25)
    assert size(resolution=(4, 4), imagej=True, metadata={"unit": "um"}) == pytest.approx(0.25)
    told = {"axes": "YXS", "PhysicalSizeX": 250.0, "PhysicalSizeY": 250.0}
    nanometres = {"PhysicalSizeXUnit": "nm", "PhysicalSizeYUnit": "nm"}
    assert size(ome=True, metadata=told | nanometres) == pytest.approx(0.25)
    for editors in (72, 96, 300):
        assert size(resolution=(editors, editors), resolutionunit="INCH") is None
    assert size() is None


def test_pixels_that_are_not_square_have_no_size() -> None:
    file = written(RGB, photometric="rgb", resolution=(40_000, 20_000), resolutionunit="CENTIMETER")
    read = read_picture(file, "cell.tif")
    assert read.pixel_size is None
    assert "0.25 × 0.5 µm" in read.remarks[0]


# Words that do not fit


def test_words_that_do_not_fit_the_file_are_refused() -> None:
    told = "ImageJ=1.54f\nimages=900000000\nchannels=3\nslices=300000000\n"
    with pytest.raises(InputError, match="300,000,000 slices told, but 1 pages found"):
        read_image(written(GREY, photometric="minisblack", description=told, metadata=None), "cell.tif")
    ome = '<OME><Image><Pixels SizeX="64" SizeY="48" SizeC="3" SizeZ="99999" SizeT="9"/></Image></OME>'
    with pytest.raises(InputError, match="99,999 slices"):
        read_image(written(GREY, photometric="minisblack", description=ome, metadata=None), "cell.tif")


def test_other_files_that_a_file_names_are_not_opened(tmp_path: Path) -> None:
    other = tmp_path / "other.ome.tif"
    tifffile.imwrite(other, GREY, metadata={"axes": "YX"})
    ome = (
        '<OME UUID="urn:uuid:1"><Image><Pixels SizeX="64" SizeY="48" SizeC="1" SizeZ="1" SizeT="1">'
        '<TiffData IFD="0"><UUID FileName="other.ome.tif">urn:uuid:2</UUID></TiffData></Pixels></Image></OME>'
    )
    tifffile.imwrite(tmp_path / "one.ome.tif", GREY, description=ome, metadata=None)
    with pytest.raises(InputError, match="in other files"):
        read_image(tmp_path / "one.ome.tif")
