"""A TIFF is read as it says it is meant, whoever wrote it; what it does not say is said, or refused."""

import io
import logging
from pathlib import Path

import numpy as np
import pytest
import tifffile

from pap_core.errors import InputError
from pap_core.images import read_image, read_picture
from pap_core.pictures.tiff import stored
from tests.helpers.orientations import stored_as
from tests.helpers.tiffs import DEEP, GREY, RGB, off, patched, written

# The layout of pixels


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_layout_is_the_same_picture(bits: int, planar: str, tile: tuple | None, order: str) -> None:
    values = RGB if bits == 8 else DEEP
    values = np.moveaxis(values, -1, 0) if planar == "separate" else values
    file = written(
        values, photometric="rgb", planarconfig=planar, tile=tile, byteorder=order, bigtiff=bits == 8
    )
    read = read_picture(file, "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert read.remarks == ()
    assert read.pixels.flags.writeable
    assert read.pixels.flags.c_contiguous


@pytest.mark.parametrize(
    "compression", ["lzw", "zlib", "packbits", "zstd", "lzma", "png", "jpeg2000", "webp"]
)
@pytest.mark.parametrize("tile", [None, (16, 32)])
def test_lossless_compressions(compression: str, tile: tuple | None) -> None:
    options = {"compressionargs": {"lossless": True}} if compression == "webp" else {}
    file = written(RGB, photometric="rgb", compression=compression, tile=tile, **options)
    np.testing.assert_array_equal(read_image(file, "cell.tif"), RGB)


@pytest.mark.parametrize("photometric", ["rgb", "ycbcr"])
def test_jpeg_within_a_tiff(photometric: str) -> None:
    file = written(
        RGB,
        photometric="rgb",
        compression="jpeg",
        compressionargs={"level": 97, "outcolorspace": photometric},
    )
    assert off(read_image(file, "cell.tif"), RGB) < 12


@pytest.mark.parametrize("predictor", [False, True])
def test_horizontal_differences(predictor: bool) -> None:
    file = written(DEEP, photometric="rgb", compression="lzw", predictor=predictor)
    np.testing.assert_array_equal(read_image(file, "cell.tif"), RGB)


@pytest.mark.parametrize("bits", [2, 4, 10, 12, 14])
def test_packed_bits_are_scaled_by_their_own_range(bits: int) -> None:
    values = (GREY.astype(int) * (2**bits - 1) // 255).astype(np.uint8 if bits <= 8 else np.uint16)
    file = written(values, photometric="minisblack", bitspersample=bits)
    read = read_picture(file, "cell.tif")
    assert off(read.pixels, np.round(values / (2**bits - 1) * 255)) <= 1
    assert read.remarks == ()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied(orientation: int) -> None:
    tag = (274, "H", 1, orientation, True)
    file = written(stored_as(orientation, RGB), photometric="rgb", extratags=[tag])
    np.testing.assert_array_equal(read_image(file, "cell.tif"), RGB)
    assert stored(file, "cell.tif").orientation == orientation


# Its colours


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.uint16])
def test_white_is_zero_where_the_file_says_so(dtype: type) -> None:
    values = GREY > 150 if dtype is bool else GREY if dtype is np.uint8 else DEEP[..., 0]
    plain = read_image(written(values, photometric="minisblack"), "cell.tif")
    inverted = ~values  # of all bits
    np.testing.assert_array_equal(read_image(written(inverted, photometric="miniswhite"), "cell.tif"), plain)


def test_a_palette(tmp_path: Path) -> None:
    colours = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint16)
    for scale in (257, 256, 1):  # as the format wants it, and as others write it
        file = written(GREY, photometric="palette", colormap=colours * scale)
        np.testing.assert_array_equal(read_image(file, "cell.tif"), colours.T[GREY])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_cmyk(dtype: type) -> None:
    inks = np.zeros((4, 4, 4), dtype=dtype)
    inks[..., 1:3] = np.iinfo(dtype).max
    assert (read_image(written(inks, photometric="separated"), "cell.tif") == [255, 0, 0]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_alpha_is_transparency_only_where_it_is(dtype: type) -> None:
    full = np.iinfo(dtype).max
    rgba = np.dstack([RGB if dtype is np.uint8 else DEEP, np.zeros(RGB.shape[:2], dtype)])
    read = read_picture(written(rgba, photometric="rgb", extrasamples=["unassalpha"]), "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert "alpha is nowhere over 0" in read.remarks[0]
    rgba[:, 10:, 3] = full
    laid = read_image(written(rgba, photometric="rgb", extrasamples=["unassalpha"]), "cell.tif")
    assert (laid[:, :10] == 255).all()
    np.testing.assert_array_equal(laid[:, 10:], RGB[:, 10:])
    # colours laid on black already, at half of their strength
    halved = np.dstack([rgba[..., :3] // 2, np.full(RGB.shape[:2], full // 2, dtype)])
    laid = read_image(written(halved, photometric="rgb", extrasamples=["assocalpha"]), "cell.tif")
    assert off(laid, RGB // 2 + 128) <= 1


def test_samples_of_unknown_meaning_are_no_alpha() -> None:
    rgbx = np.dstack([RGB, np.zeros_like(GREY)])
    read = read_picture(written(rgbx, photometric="rgb", extrasamples=["unspecified"]), "cell.tif")
    np.testing.assert_array_equal(read.pixels, RGB)
    assert "not told" in read.remarks[0]


@pytest.mark.parametrize("photometric", ["cielab", "logluv", "cfa"])
def test_other_colours_are_refused(photometric: str) -> None:
    file = written(RGB if photometric != "cfa" else GREY, photometric=photometric)
    with pytest.raises(
        InputError, match=r"^cell\.tif: colours told as \w+; expected RGB.*convert the picture\.$"
    ):
        read_image(file, "cell.tif")


# Its depth


def test_12_bit_kept_in_16_is_scaled_and_said() -> None:
    file = written((RGB.astype(int) * 4095 // 255).astype(np.uint16), photometric="rgb")
    read = read_picture(file, "cell.tif")
    assert off(read.pixels, RGB) <= 1
    assert len(read.remarks) == 1
    assert read.remarks[0].startswith("dark: ")
    assert "12 bit" in read.remarks[0]


def test_12_bit_with_white_at_zero() -> None:
    twelve = (GREY.astype(int) * 4095 // 255).astype(np.uint16)
    for values in (4095 - twelve, 65535 - twelve):  # inverted within the camera's bits, and within all
        read = read_picture(written(values, photometric="miniswhite"), "cell.tif")
        assert off(read.pixels, GREY) <= 1
        assert "12 bit" in read.remarks[0]


def test_a_depth_that_the_file_tells_is_no_remark() -> None:
    values = GREY.astype(np.uint16)  # so dark a picture that a guess would take it for 8 bit
    told = {"axes": "YX", "SignificantBits": 12}
    in_words = written(values, ome=True, photometric="minisblack", metadata=told)
    in_tags = written(
        values, photometric="minisblack", extratags=[(280, "H", 1, 0, True), (281, "H", 1, 4095, True)]
    )
    for file in (in_words, in_tags):
        read = read_picture(file, "cell.tif")
        assert off(read.pixels, values / 4095 * 255) <= 1
        assert len(read.remarks) == 1
        assert "not scaled" in read.remarks[0]


def test_largest_values_that_were_merely_counted_tell_no_depth() -> None:
    tags = [(280, "H", 1, 0, True), (281, "H", 1, int(DEEP.max()), True)]
    file = written(DEEP[..., 0], photometric="minisblack", extratags=tags)
    np.testing.assert_array_equal(read_image(file, "cell.tif")[..., 0], GREY)


@pytest.mark.parametrize("dtype", [np.uint32, np.int8, np.int16, np.float32, np.float64, np.float16])
def test_values_without_a_range_are_refused(dtype: type) -> None:
    file = written((GREY // 2).astype(dtype), photometric="minisblack")
    with pytest.raises(InputError, match=r"^cell\.tif: .*-bit .* expected 8 or 16 bit a channel"):
        read_image(file, "cell.tif")


@pytest.mark.parametrize("dtype", [np.uint32, np.int16, np.float32])
def test_values_whose_range_is_told_are_scaled(dtype: type) -> None:
    low, high = (0, 1) if dtype is np.float32 else (0, 2550)
    values = (GREY / 255 * high).astype(dtype)
    kind = {np.uint32: "I", np.int16: "h", np.float32: "f"}[dtype]
    tags = [(340, kind, 1, low, True), (341, kind, 1, high, True)]
    read = read_picture(written(values, photometric="minisblack", extratags=tags), "cell.tif")
    assert off(read.pixels, GREY) <= 1
    assert "the range that the file tells" in read.remarks[0]
    with pytest.raises(InputError, match="but 0 to"):
        read_image(written(values * 2, photometric="minisblack", extratags=tags), "cell.tif")


def test_imagej_tells_what_it_showed_as_white() -> None:
    values = GREY.astype(np.float32) / 100
    file = written(values, imagej=True, metadata={"min": 0.0, "max": 2.55})
    assert off(read_image(file, "cell.tif"), GREY) <= 1
    values[0, 0] = np.nan
    with pytest.raises(InputError, match="no number"):
        read_image(written(values, imagej=True, metadata={"min": 0.0, "max": 2.55}), "cell.tif")


# As it is stored


def test_stored_values_are_left_as_they_are() -> None:
    numbers = (GREY % 3).astype(np.uint16)
    kept = stored(written(numbers, photometric="miniswhite"), "mask.tif")
    np.testing.assert_array_equal(kept.values, numbers)
    assert (kept.photometric, kept.bits, kept.alpha, kept.page, kept.pages) == ("miniswhite", 16, None, 1, 1)
    colours = np.random.default_rng(0).integers(0, 256, (3, 256), dtype=np.uint16)
    kept = stored(written(GREY, photometric="palette", colormap=colours * 257), "mask.tif")
    np.testing.assert_array_equal(kept.values, GREY)
    np.testing.assert_array_equal(kept.colours, colours.T)
    rgba = np.dstack([RGB, 0 * GREY])
    kept = stored(written(rgba, photometric="rgb", extrasamples=["unassalpha"]), "mask.tif")
    np.testing.assert_array_equal(kept.values, rgba)
    assert (kept.colour_samples, kept.alpha) == (3, "unassociated")


# What cannot be read


def test_too_large_pages_are_refused_undecoded() -> None:
    file = written(RGB, photometric="rgb", rowsperstrip=48)
    with pytest.raises(InputError, match="50 megapixels"):
        read_image(patched(patched(file, 256, 60_000), 257, 60_000), "cell.tif")


def test_tiles_that_unfold_to_more_than_their_place_are_refused() -> None:
    large = written(
        np.zeros((4096, 4096), np.uint8), photometric="minisblack", tile=(4096, 4096), compression="jpeg"
    )
    small = large
    for code in (256, 257, 322, 323):
        small = patched(small, code, 64)
    with pytest.raises(InputError, match="4096 × 4096"):
        read_image(small, "cell.tif")


def test_a_picture_cut_short_is_refused() -> None:
    for options in ({}, {"compression": "lzw"}, {"tile": (16, 16)}):
        content = written(RGB, photometric="rgb", **options).getvalue()
        with pytest.raises(InputError, match=r"cell\.tif: the picture is damaged or cut short"):
            read_image(io.BytesIO(content[: len(content) * 2 // 3]), "cell.tif")


def test_pages_that_go_round_in_a_circle_are_refused() -> None:
    file = written(np.stack([GREY] * 3), photometric="minisblack")
    with tifffile.TiffFile(file) as tiff:
        first, last = tiff.pages[0].offset, tiff.pages[2].offset
    content = bytearray(file.getvalue())
    after = last + 2 + 12 * int.from_bytes(content[last : last + 2], "little")
    content[after : after + 4] = first.to_bytes(4, "little")
    with pytest.raises(InputError, match="circle"):
        read_image(io.BytesIO(bytes(content)), "cell.tif")


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(InputError):
        read_image(patched(written(RGB, photometric="rgb"), 273, 10**6), "cell.tif")
    assert not caplog.records


# Files that people had


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1/planar16.tif", "1/same_as_png.png"),
        ("2/composite.tif", "1/same_as_png.png"),
        ("2/rgb.ome.tif", "1/same_as_png.png"),
        ("2/thumbnail_first.tif", "1/same_as_png.png"),
        ("2/zstack_first_slice_empty.tif", "1/same_as_png.png"),
        ("3/rgb_12bit_in_16.tif", "1/same_as_png.png"),
        ("3/grey_12bit_in_16.tif", "3/grey16_control.tif"),
        ("3/grey16_miniswhite.tif", "3/grey16_control.tif"),
    ],
)
def test_files_are_read_as_their_controls(shared_data: Path, one: str, other: str) -> None:
    folder = shared_data / "faults"
    assert off(read_image(folder / one), read_image(folder / other)) <= 1


def test_a_file_of_32_bit_is_refused(shared_data: Path) -> None:
    with pytest.raises(InputError, match=r"uint32_0_255\.tif: 32-bit unsigned pixels"):
        read_image(shared_data / "faults" / "3" / "uint32_0_255.tif")
