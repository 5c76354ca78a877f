"""Masks keep the numbers and colours that their files store, whatever the format does for the eye."""

import io
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from pap_core.errors import InputError
from pap_core.images import FORMATS, png_bytes
from pap_core.masks import Mask, read_label, read_mask_file

LABEL = np.array([[0, 1, 2, 2], [1, 0, 2, 1], [0, 0, 1, 2]], dtype=np.uint8)
PALETTE = [255, 255, 255, 255, 0, 0, 0, 0, 255]


def saved(picture: Image.Image | np.ndarray, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture = Image.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    picture.save(buffer, format=form, **options)
    return buffer.getvalue()


def tiff(values: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, **options)
    return buffer.getvalue()


def read(content: bytes) -> Mask:
    return read_mask_file(io.BytesIO(content), "m")


def with_alpha(alpha: np.ndarray) -> Image.Image:
    return Image.merge("LA", [Image.fromarray(LABEL), Image.fromarray(alpha)])


def palette(numbers: np.ndarray = LABEL, colours: list[int] = PALETTE) -> Image.Image:
    picture = Image.new("P", numbers.shape[::-1])
    picture.putdata(numbers.ravel().tolist())
    picture.putpalette(colours)
    return picture


NUMBERS = {
    "grey": saved(LABEL),
    "grey with some transparency": saved(with_alpha(np.where(LABEL == 0, 0, 255).astype(np.uint8))),
    "grey, wholly transparent": saved(with_alpha(np.zeros_like(LABEL))),
    "grey, half transparent": saved(with_alpha(np.full_like(LABEL, 128))),
    "grey with a transparent level": saved(Image.fromarray(LABEL), transparency=0),
    "grey as RGB": saved(np.repeat(LABEL[..., None], 3, axis=2)),
    "grey as RGBA": saved(np.dstack([LABEL, LABEL, LABEL, np.zeros_like(LABEL)])),
    "grey as RGB with a transparent colour": saved(
        np.repeat(LABEL[..., None], 3, axis=2), transparency=(1, 1, 1)
    ),
    "16 bits": saved(LABEL.astype(np.uint16)),
    "palette": saved(palette()),
    "palette with transparency": saved(palette(), transparency=0),
    "palette with some transparency": saved(palette(), transparency=b"\x00\x80\xff"),
    "BMP": saved(LABEL, "BMP"),
    "BMP palette": saved(palette(), "BMP"),
    **({"GIF": saved(palette(), "GIF")} if "GIF" in FORMATS else {}),
    "TIFF": tiff(LABEL, photometric="minisblack"),
    "TIFF, white is zero": tiff(LABEL, photometric="miniswhite"),
    "TIFF, 16 bits, white is zero": tiff(LABEL.astype(np.uint16), photometric="miniswhite"),
    "TIFF with alpha": tiff(
        np.dstack([LABEL, np.zeros_like(LABEL)]), photometric="minisblack", planarconfig="contig",
        extrasamples=["unassalpha"],
    ),
    "TIFF palette": tiff(LABEL, photometric="palette", colormap=np.zeros((3, 256), np.uint16)),
    "TIFF, compressed": tiff(LABEL, compression="zlib"),
}  # fmt: skip


@pytest.mark.parametrize("content", NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_those_that_were_saved(content: bytes) -> None:
    mask = read(content)
    np.testing.assert_array_equal(mask.numbers, LABEL)
    assert mask.exact
    assert mask.shape == LABEL.shape


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_are_not_spread_over_eight(bits: int) -> None:
    numbers = LABEL % (1 << bits)
    buffer = io.BytesIO()
    picture = palette(numbers, [0, 0, 0] * (1 << bits))
    picture.save(buffer, format="PNG", bits=bits)
    content = bytearray(buffer.getvalue())
    assert content[24] == bits
    content[25] = 0  # the same pixels as grey instead of palette
    start = content.index(b"PLTE") - 4
    del content[start : start + 12 + 3 * (1 << bits)]
    content[29:33] = _crc(content[12:29])
    np.testing.assert_array_equal(read(bytes(content)).numbers, numbers)


def _crc(chunk: bytes) -> bytes:
    return zlib.crc32(bytes(chunk)).to_bytes(4, "big")


def test_a_palette_is_given_by_number_and_by_colour() -> None:
    mask = read(saved(palette()))
    np.testing.assert_array_equal(mask.colours, np.array(PALETTE, np.uint8).reshape(-1, 3)[LABEL])
    assert read(saved(palette(np.where(LABEL == 2, 255, LABEL)), "PNG")).colours is None  # no colour for 255


def test_colours_keep_what_alpha_would_hide() -> None:
    colours = np.array(PALETTE, np.uint8).reshape(-1, 3)[LABEL]
    alpha = np.where(LABEL == 0, 0, 120).astype(np.uint8)
    mask = read(saved(np.dstack([colours, alpha])))
    np.testing.assert_array_equal(mask.colours, colours)
    np.testing.assert_array_equal(mask.hidden, LABEL == 0)
    assert mask.numbers is None
    mask = read(saved(colours, transparency=(255, 255, 255)))
    np.testing.assert_array_equal(mask.colours, colours)
    np.testing.assert_array_equal(mask.hidden, LABEL == 0)


def test_what_jpeg_saves_is_not_exact() -> None:
    assert not read(saved(LABEL, "JPEG")).exact
    assert not read(tiff(np.zeros((16, 16), np.uint8), compression="jpeg")).exact


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_a_turned_mask_is_turned_without_a_change(orientation: int, form: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = saved(LABEL, form, exif=exif)
    mask = read(content)
    assert mask.orientation == orientation
    assert mask.turned == (orientation != 1)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(saved(LABEL, "PNG", exif=exif))))
    np.testing.assert_array_equal(mask.numbers, np.array(upright))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (saved(np.zeros((4, 4), np.float32), "TIFF"), "pixels of the kind"),
        (saved(Image.new("CMYK", (4, 4)), "TIFF"), "pixels of the kind"),
        (saved(Image.new("CMYK", (4, 4)), "JPEG"), "pixels of the kind CMYK found"),
        (tiff(np.full((4, 4, 3), 257, np.uint16), photometric="rgb"), "grey stored as colours of 16 bit"),
        (tiff(np.zeros((3, 4, 4), np.uint8), photometric="minisblack"), "3 pictures in one file found"),
        (
            saved(Image.fromarray(LABEL), save_all=True, append_images=[Image.fromarray(2 - LABEL)]),
            "2 pictures in one file found",
        ),
        (b"", "not a picture"),
        (saved(LABEL)[:50], "damaged or cut short"),
    ],
)
def test_what_is_no_mask_is_told(content: bytes, found: str) -> None:
    with pytest.raises(InputError, match=found) as error:
        read(content)
    assert str(error.value).startswith("m: ")


# Label maps of this program


def test_two_numbers_a_pixel_are_no_mask() -> None:
    two = np.stack([LABEL, LABEL])
    with pytest.raises(InputError, match="2 numbers a pixel"):
        read(tiff(two, photometric="minisblack", planarconfig="separate"))


def test_a_label_map_is_read_as_it_is_stored(tmp_path: Path) -> None:
    label = LABEL.copy()
    label[0, 0] = 255
    path = tmp_path / "a.png"
    path.write_bytes(png_bytes(label))
    found = read_label(path)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, label)
    path.write_bytes(saved(Image.fromarray(label), transparency=0))
    np.testing.assert_array_equal(read_label(path), label)


@pytest.mark.parametrize(
    "content",
    [
        png_bytes(np.full((4, 4), 3, np.uint8)),
        png_bytes(np.full((4, 4), 252, np.uint8)),
        png_bytes(np.repeat(LABEL[..., None], 3, axis=2)),
        NUMBERS["grey with some transparency"],
        NUMBERS["palette"],
        NUMBERS["16 bits"],
        saved(np.zeros((4, 4), bool)),
    ],
    ids=["3", "252", "RGB", "alpha", "palette", "16 bits", "1 bit"],
)
def test_anything_else_is_no_label_map(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"set/labels/a\.png: not the label map of its crop"):
        read_label(path, "set/labels/a.png")
