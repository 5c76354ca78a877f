"""Pictures of every kind come out upright, RGB and 8 bit; what is none is refused in plain words."""

import contextlib
import io
import random
import struct
import warnings
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.images import MAX_PIXELS, SUFFIXES, png_bytes, read_image, read_picture, write_png
from tests.helpers.orientations import stored_as
from tests.helpers.pngs import deep_png

RGB = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)
# 16-bit values that cutting off (& 255, or clipping at 255) would turn into something else
DEEP = np.array([[0, 255, 256, 300], [4369, 32768, 65407, 65535]], dtype=np.uint16)
SHALLOW = np.array([[0, 1, 1, 1], [17, 127.5, 254.5, 255]])


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".tiff", ".PNG"])
def test_lossless_pictures_keep_their_pixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cell{suffix}"
    Image.fromarray(RGB).save(path)
    np.testing.assert_array_equal(read_image(path), RGB)


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_jpegs_keep_their_colours(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "cell.jpg"
    Image.new("RGB", (16, 16), (200, 60, 30)).convert(mode).save(path, quality=95)
    expected = (200, 60, 30) if mode != "L" else (98, 98, 98)  # ITU-R 601 luma
    assert np.abs(read_image(path).astype(int) - expected).max() <= 4


def test_cmyk_is_converted_not_inverted(tmp_path: Path) -> None:
    path = tmp_path / "cell.tif"
    Image.new("CMYK", (4, 4), (0, 255, 255, 0)).save(path)
    assert read_image(path)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "cell.png"
    Image.fromarray(stored_as(orientation, RGB)).save(path, exif=exif)
    np.testing.assert_array_equal(read_image(path), RGB)


def test_alpha_is_laid_on_white(tmp_path: Path) -> None:
    rgba = np.array([[[0, 0, 0, 0], [0, 0, 0, 255], [255, 0, 0, 51], [0, 0, 255, 255]]], dtype=np.uint8)
    path = tmp_path / "cell.png"
    Image.fromarray(rgba).save(path)
    assert read_image(path).tolist() == [[[255, 255, 255], [0, 0, 0], [255, 204, 204], [0, 0, 255]]]
    Image.fromarray(np.array([[[100, 0], [100, 255]]], dtype=np.uint8), "LA").save(path)
    assert read_image(path).tolist() == [[[255, 255, 255], [100, 100, 100]]]


def invisible(kind: str) -> tuple[Image.Image, dict, str]:
    """Return a picture whose alpha is 0 everywhere, how to save it, and in what format."""
    picture = Image.fromarray(RGB)
    if kind == "tRNS":
        return Image.new("RGB", (9, 12), (10, 20, 30)), {"transparency": (10, 20, 30)}, "PNG"
    if kind == "palette":
        palette = picture.quantize(8)
        return palette, {"transparency": bytes(8)}, "PNG"
    picture = picture.convert("LA" if "grey" in kind else "RGBA")
    picture.putalpha(0)
    options = {"lossless": True, "exact": True} if "WEBP" in kind else {}
    return picture, options, kind.split()[-1]


@pytest.mark.parametrize(
    "kind", ["PNG", "grey PNG", "palette", "tRNS", "TIFF", "grey TIFF", "WEBP", "JPEG2000"]
)
def test_a_picture_with_no_visible_pixel_keeps_its_colours(kind: str) -> None:
    picture, options, how = invisible(kind)
    file = io.BytesIO()
    picture.save(file, how, **options)
    read = read_picture(file, "cell")
    np.testing.assert_array_equal(read.pixels, np.array(picture.convert("RGB")))
    assert "alpha is nowhere over 0" in " ".join(read.remarks)


@pytest.mark.parametrize("kind", ["RGB PNG", "grey PNG"])
def test_12_bit_kept_in_16_is_scaled_and_said(tmp_path: Path, kind: str) -> None:
    twelve = (RGB.astype(int) * 4095 // 255).astype(np.uint16)
    path = tmp_path / "cell.png"
    if kind == "RGB PNG":
        path.write_bytes(deep_png(twelve))
    else:
        Image.fromarray(np.ascontiguousarray(twelve[..., 0])).save(path)
    read = read_picture(path)
    assert np.abs(read.pixels.astype(int) - (RGB if kind == "RGB PNG" else RGB[..., :1])).max() <= 1
    assert read.remarks[0].startswith("dark: ")
    assert "12 bit" in read.remarks[0]


def test_a_dark_picture_of_8_bit_is_said_and_left_as_it_is() -> None:
    for values, dark in ((RGB // 5, True), (RGB, False)):
        read = read_picture(io.BytesIO(png_bytes(values)), "cell")
        np.testing.assert_array_equal(read.pixels, values)
        assert [remark.startswith("dark: ") for remark in read.remarks] == [True] * dark


def test_other_formats_and_endings(tmp_path: Path) -> None:
    colours = Image.fromarray(RGB).quantize(200)
    for suffix in (".webp", ".jp2", ".j2k", ".gif"):
        path = tmp_path / f"cell{suffix}"
        picture = colours if suffix == ".gif" else Image.fromarray(RGB)
        picture.save(path, **({"lossless": True} if suffix == ".webp" else {}))
        np.testing.assert_array_equal(read_image(path), np.array(picture.convert("RGB")))
        assert suffix in SUFFIXES
    Image.fromarray(RGB).save(tmp_path / "cell.jfif", "JPEG")
    assert read_image(tmp_path / "cell.jfif").shape == RGB.shape
    assert ".jfif" in SUFFIXES


def test_of_a_film_the_first_frame_is_taken_and_said() -> None:
    first, second = Image.new("RGB", (9, 9), (200, 60, 30)), Image.new("RGB", (9, 9), (10, 200, 30))
    for how, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})):
        file = io.BytesIO()
        first.save(file, how, save_all=True, append_images=[second], **options)
        read = read_picture(file, "film")
        assert (read.pixels == [200, 60, 30]).all()
        assert read.remarks == ("the first of several frames was taken",)


@pytest.mark.parametrize(
    ("name", "content", "advice"),
    [
        ("IMG_1.heic", b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC or AVIF picture.* save it as JPEG or PNG"),
        ("renamed.jpg", b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC or AVIF picture.* save it as JPEG or PNG"),
        ("slide.svs", b"II*\0\x08\0\0\0", "slide scanner; export the field you need"),
        ("slide.mrxs", png_bytes(RGB), "slide scanner; export the field you need"),
        ("stack.czi", b"ZISRAWFILE", "save the picture as OME-TIFF or PNG"),
        ("drawing.pdf", b"%PDF-1.7", "save it as TIFF or PNG"),
    ],
)
def test_formats_that_are_not_read_say_what_to_do(name: str, content: bytes, advice: str) -> None:
    with pytest.raises(InputError, match=rf"^{name}: .*{advice}"):
        read_picture(io.BytesIO(content), name)


def test_the_size_of_a_pixel_is_kept() -> None:
    def size(how: str, dpi: tuple[float, float]) -> float | None:
        file = io.BytesIO()
        Image.fromarray(RGB).save(file, how, dpi=dpi)
        return read_picture(file, "cell").pixel_size

    assert size("PNG", (101_600, 101_600)) == pytest.approx(0.25)
    assert size("JPEG", (50_800, 50_800)) == pytest.approx(0.5, rel=0.01)
    assert size("PNG", (300, 300)) is size("JPEG", (72, 72)) is None


def test_palette_grey_and_bilevel_pictures(tmp_path: Path) -> None:
    path = tmp_path / "cell.png"
    palette = Image.fromarray(np.array([[0, 1, 2]], dtype=np.uint8), "P")
    palette.putpalette([10, 20, 30, 200, 100, 0, 7, 8, 9])
    palette.save(path)
    assert read_image(path).tolist() == [[[10, 20, 30], [200, 100, 0], [7, 8, 9]]]
    palette.save(path, transparency=1)
    assert read_image(path).tolist() == [[[10, 20, 30], [255, 255, 255], [7, 8, 9]]]
    Image.fromarray(np.array([[5, 250]], dtype=np.uint8)).save(path)
    assert read_image(path).tolist() == [[[5, 5, 5], [250, 250, 250]]]
    Image.fromarray(np.array([[True, False]])).save(path)
    assert read_image(path).tolist() == [[[255, 255, 255], [0, 0, 0]]]


@pytest.mark.parametrize("kind", ["grey PNG", "grey TIFF", "big-endian TIFF", "RGB PNG", "RGB TIFF"])
def test_16_bit_is_scaled(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("cell.png" if "PNG" in kind else "cell.tif")
    deep = np.repeat(DEEP[..., None], 3, axis=2) if "RGB" in kind else DEEP
    if kind == "RGB PNG":
        path.write_bytes(deep_png(deep))
    elif kind == "grey PNG":
        Image.fromarray(deep).save(path)
    else:
        tifffile.imwrite(path, deep, byteorder=">" if "big" in kind else "<", photometric=None)
    pixels = read_image(path)
    assert pixels.dtype == np.uint8
    assert np.abs(pixels - SHALLOW[..., None]).max() <= 1


@pytest.mark.parametrize("pixels", [np.float32([[0.5, 1.0]]), np.int32([[0, 70_000]])])
def test_pixels_without_an_agreed_white_are_refused(tmp_path: Path, pixels: np.ndarray) -> None:
    path = tmp_path / "cell.tif"
    Image.fromarray(pixels).save(path)
    with pytest.raises(InputError, match=r"cell\.tif.*expected 8 or 16 bit"):
        read_image(path)


@pytest.mark.parametrize("content", [b"", b"not a picture", b"BM"])
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "001.bmp"
    path.write_bytes(content)
    with pytest.raises(
        InputError, match=r"001\.bmp: not a picture; expected PNG, JPEG, BMP, TIFF, WebP, GIF or JPEG 2000"
    ):
        read_image(path)


@pytest.mark.parametrize("suffix", [".bmp", ".png", ".jpg", ".tif"])
def test_a_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"001{suffix}"
    Image.fromarray(np.kron(RGB, np.ones((9, 9, 1), dtype=np.uint8))).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(InputError, match=rf"001\{suffix}"):
        read_image(path)


def test_a_film_without_a_frame_is_refused() -> None:
    with pytest.raises(InputError, match="film"):
        read_image(io.BytesIO(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"), "film.gif")


def test_missing_files_and_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_image(tmp_path / "nothing.png")
    with pytest.raises(InputError, match="cannot be read"):
        read_image(tmp_path)


@pytest.mark.parametrize("megapixels", [51, 400])
def test_too_many_pixels_are_refused_unread(tmp_path: Path, megapixels: int) -> None:
    path = tmp_path / "huge.bmp"
    size = (1000, megapixels * 1000)
    path.write_bytes(struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54, 0, 0, 54, 40, *size, 1, 24, *[0] * 6))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # even where warnings are errors
        with pytest.raises(InputError, match=r"huge\.bmp: .*50 megapixels"):
            read_image(path)
    assert MAX_PIXELS == 50_000_000


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own remarks about the damage
def test_no_damage_raises_anything_else() -> None:
    """Flip bytes all over small pictures: an array or an InputError, whatever comes."""
    chance = random.Random(1)
    for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF", "JPEG2000"):
        whole = io.BytesIO()
        Image.fromarray(RGB).convert("P" if kind == "PNG" else "RGB").save(whole, kind)
        for _ in range(150):
            damaged = bytearray(whole.getvalue())
            for _ in range(chance.randrange(1, 6)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            with contextlib.suppress(InputError):
                pixels = read_image(io.BytesIO(bytes(damaged)), "damaged")
                assert pixels.dtype == np.uint8
                assert pixels.ndim == 3


def test_an_open_file_is_named_as_told() -> None:
    np.testing.assert_array_equal(read_image(io.BytesIO(png_bytes(RGB)), "upload"), RGB)
    with pytest.raises(InputError, match=r"^upload: not a picture"):
        read_image(io.BytesIO(b"?"), "upload")


def test_files_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "label.png"
    write_png(path, RGB[..., 0])
    assert np.array(Image.open(path)).tolist() == RGB[..., 0].tolist()
    folder = tmp_path / "taken"
    (folder / "full").mkdir(parents=True)
    with pytest.raises(OSError, match="taken"):
        write_whole(folder, b"a file cannot replace a folder that holds something")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["label.png", "taken"]


def test_an_alpha_that_counts_to_one_is_opaque() -> None:
    pixels = np.dstack([np.full((8, 9, 3), 77, dtype=np.uint8), np.ones((8, 9), dtype=np.uint8)])
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG")
    read = read_picture(buffer, "one.png")
    np.testing.assert_array_equal(read.pixels, pixels[..., :3])
    assert "alpha is nowhere over 1" in " ".join(read.remarks)


def test_alpha_of_a_camera_that_is_opaque_at_its_own_depth_changes_no_colour() -> None:
    from imagecodecs import png_encode

    colours = np.random.default_rng(0).integers(300, 4096, (8, 9, 3), dtype=np.uint16)
    opaque = np.dstack([colours, np.full((8, 9), 4095, dtype=np.uint16)])
    plain = read_picture(io.BytesIO(png_encode(colours)), "plain.png")
    np.testing.assert_array_equal(
        read_picture(io.BytesIO(png_encode(opaque)), "alpha.png").pixels, plain.pixels
    )
    assert plain.pixels.mean() < 160


def test_an_orientation_that_is_none_turns_no_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (6, 9), dtype=np.uint16)
    exif = Image.Exif()
    exif[0x0112] = 9
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", exif=exif)
    assert read_picture(buffer, "deep.png").pixels.shape == (6, 9, 3)
