"""The truth about a picture in every form a person may have it, and every way in which it is none."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.contours import dat_text, fill, parse_dat
from pap_core.data.readers.herlev import read_mask
from pap_core.data.truth.read import read_truth
from pap_core.errors import InputError
from pap_core.export import Origin, dat_files, geojson
from pap_core.images import png_bytes
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS, colour_map
from pap_core.measurement import measure

SHAPE = (90, 120)
NAVY, BLUE, RED, GREY, BLACK = (0, 0, 128), (0, 0, 255), (255, 0, 0), (128, 128, 128), (0, 0, 0)
WHITE = (255, 255, 255)


@pytest.fixture(scope="module")
def label(circle) -> np.ndarray:
    label = np.zeros(SHAPE, dtype=np.uint8)
    for x, y, radius in ((35, 40, 25), (80, 45, 28)):
        label[fill(circle(x, y, radius), SHAPE)] = CYTOPLASM
    for x, y in ((35, 40), (80, 45)):
        label[fill(circle(x, y, 9), SHAPE)] = NUCLEUS
    return label


def encoded(pixels: np.ndarray, form: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format=form, **options)
    return buffer.getvalue()


def read(*files: tuple[str, bytes], shape: tuple[int, int] = SHAPE) -> np.ndarray:
    return read_truth(list(files), shape, "smear.png")


def painted(label: np.ndarray, colours: dict[int, tuple[int, int, int]]) -> np.ndarray:
    pixels = np.zeros((*label.shape, 3), dtype=np.uint8)
    for value, colour in colours.items():
        pixels[label == value] = colour
    return pixels


def refusal(*files: tuple[str, bytes], shape: tuple[int, int] = SHAPE) -> str:
    with pytest.raises(InputError) as error:
        read(*files, shape=shape)
    return str(error.value)


# Masks


@pytest.mark.parametrize("form", ["PNG", "BMP", "TIFF"])
def test_a_label_map(form: str, label: np.ndarray) -> None:
    label = label.copy()
    label[:5] = IGNORE
    found = read((f"m.{form.lower()}", encoded(label, form)))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, label)


def test_grey_levels_of_others(label: np.ndarray) -> None:
    levels = np.array([0, 51, 170], dtype=np.uint8)[label]
    np.testing.assert_array_equal(read(("m.png", encoded(levels))), label)
    np.testing.assert_array_equal(read(("m.png", encoded(np.repeat(levels[..., None], 3, axis=2)))), label)


@pytest.mark.parametrize("border", [0, 2])
def test_a_colour_map_loses_its_borders(border: int, label: np.ndarray) -> None:
    found = read(("m.png", png_bytes(colour_map(label, border))))
    if border == 0:
        np.testing.assert_array_equal(found, label)
    for value in (0, CYTOPLASM, NUCLEUS):
        both = ((found == value) & (label == value)).sum()
        assert both / ((found == value) | (label == value)).sum() > 0.99


def test_herlevs_colours(label: np.ndarray) -> None:
    label = label.copy()
    label[:8] = IGNORE
    pixels = painted(label, {0: RED, CYTOPLASM: NAVY, NUCLEUS: BLUE, IGNORE: GREY})
    pixels[-4:] = BLACK
    label[-4:] = 0
    np.testing.assert_array_equal(read(("1-1-1-d.BMP", encoded(pixels, "BMP"))), label)


def test_herlevs_colours_survive_jpeg(label: np.ndarray) -> None:
    pixels = painted(label, {0: RED, CYTOPLASM: NAVY, NUCLEUS: BLUE})
    content = encoded(np.kron(pixels, np.ones((4, 4, 1), np.uint8)), "JPEG", quality=95, subsampling=0)
    found = read(("m.jpg", content), shape=(360, 480))
    assert (found == np.kron(label, np.ones((4, 4), np.uint8))).mean() > 0.99


def test_red_and_blue_alone_may_mean_two_things(label: np.ndarray) -> None:
    pixels = painted(label, {0: RED, CYTOPLASM: RED, NUCLEUS: BLUE})
    said = refusal(("m.png", encoded(pixels)))
    assert "only red and blue found" in said
    pixels[0, 0] = WHITE
    assert read(("m.png", encoded(pixels)))[45, 80] == NUCLEUS


@pytest.mark.parametrize(
    ("grey", "found"),
    [
        ([0, 255, 255], "only the values 0 and 255 found"),
        ([0, 128, 255], "the grey values 0, 128, 255 found"),
        ([0, 1, 170], "the grey values 0, 1, 170 found"),
        ([0, 0, 0], "no pixel of a nucleus or of cytoplasm"),
        ([255, 255, 255], "no pixel of a nucleus or of cytoplasm"),
    ],
)
def test_greys_that_are_no_labels_are_told(grey: list[int], found: str, label: np.ndarray) -> None:
    said = refusal(("mine.png", encoded(np.array(grey, dtype=np.uint8)[label])))
    assert said.startswith("mine.png: ")
    assert found in said
    assert "expected a label map (0 background" in said


def test_labels_of_16_bit_are_not_taken_for_an_empty_truth(label: np.ndarray) -> None:
    assert "8 bit a pixel" in refusal(("mine.png", encoded(label.astype(np.uint16))))


def test_a_white_colour_map_has_no_cell() -> None:
    pixels = np.full((*SHAPE, 3), 255, dtype=np.uint8)
    pixels[0, 0] = (255, 255, 250)
    assert "no pixel of a nucleus" in refusal(("m.png", encoded(pixels)))


def test_a_photograph_is_no_mask() -> None:
    pixels = np.random.default_rng(0).integers(120, 240, (*SHAPE, 3)).astype(np.uint8)
    said = refusal(("photo.png", encoded(pixels)))
    assert said.startswith("photo.png: a picture in other colours found; expected")


@pytest.mark.parametrize("colour", [(0, 255, 0), (255, 0, 255), (255, 255, 0), (0, 255, 255)])
def test_colours_of_no_class_are_not_passed_over(colour: tuple[int, int, int], label: np.ndarray) -> None:
    pixels = painted(label, {0: WHITE, CYTOPLASM: RED, NUCLEUS: colour})
    assert "a picture in other colours" in refusal(("m.png", encoded(pixels)))


def test_another_size_is_refused(label: np.ndarray) -> None:
    said = refusal(("m.png", encoded(label)), shape=(90, 121))
    assert (
        said == "m.png: the mask is 120 × 90 pixels, smear.png is 121 × 90; choose the mask of this picture."
    )


def test_a_damaged_mask_is_named(label: np.ndarray) -> None:
    assert refusal(("m.png", encoded(label)[:60])).startswith("m.png: ")


# Contours and GeoJSON


def contours(label: np.ndarray, stem: str = "007") -> list[tuple[str, bytes]]:
    _, cells = measure(np.zeros((*label.shape, 3), np.uint8), label)
    return list(dat_files(label, cells, stem).items())


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "in another order"])
def test_contours_of_a_smear(turn: int, label: np.ndarray) -> None:
    files = contours(label)
    assert len(files) == 4
    np.testing.assert_array_equal(read(*files[::turn]), label)


def test_contours_of_a_crop(circle) -> None:
    files = [
        ("007_01_cyt.dat", dat_text(circle(60, 45, 30)).encode()),
        ("007_01_NUC.DAT", dat_text(circle(60, 45, 10)).encode()),
    ]
    expected = np.zeros(SHAPE, dtype=np.uint8)
    expected[fill(circle(60, 45, 30), SHAPE)] = CYTOPLASM
    expected[fill(circle(60, 45, 10), SHAPE)] = NUCLEUS
    np.testing.assert_array_equal(read(*files), expected)


def test_half_a_cell_is_refused(label: np.ndarray) -> None:
    files = dict(contours(label))
    del files["007_cyt02.dat"]
    said = refusal(*files.items())
    assert said.startswith("007_nuc02.dat: a nucleus without its cell found")
    assert "007_cyt01.dat: a cell without its nucleus" in refusal(("007_cyt01.dat", files["007_cyt01.dat"]))


def test_contours_of_two_pictures_are_refused(label: np.ndarray) -> None:
    assert "contours of several pictures found (007, 008)" in refusal(
        *contours(label), *contours(label, "008")
    )


def test_contours_given_twice_are_refused(label: np.ndarray) -> None:
    files = contours(label)
    assert "given twice" in refusal(*files, files[0])


def test_contours_named_otherwise_are_refused(label: np.ndarray) -> None:
    (_, content), *rest = contours(label)
    assert refusal(("cell1.dat", content), *rest).startswith(
        "cell1.dat: no contour's name; expected <picture>"
    )


def test_a_bad_contour_is_named(label: np.ndarray) -> None:
    files = dict(contours(label)) | {"007_nuc01.dat": b"1,2\n3,x\n"}
    assert refusal(*files.items()).startswith("007_nuc01.dat: line 2 reads '3,x'")


def test_contours_off_the_picture_are_refused(label: np.ndarray) -> None:
    files = contours(label)
    first = parse_dat(files[0][1], files[0][0])
    (left, top), (right, bottom) = first.min(axis=0), first.max(axis=0)
    assert refusal(*files, shape=(90, 50)).startswith(
        f"{files[0][0]}: outlines from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) found, smear.png is "
        "50 × 90 pixels"
    )


def test_corrected_geojson(label: np.ndarray) -> None:
    table, cells = measure(np.zeros((*SHAPE, 3), np.uint8), label)
    content = geojson(label, cells, table, Origin("smear.png", "compact", "ab"))
    np.testing.assert_array_equal(read(("smear.geojson", content)), label)
    assert refusal(("smear.geojson", b"[]")).startswith("smear.geojson: no pixel of a nucleus")


# Files


def test_no_files() -> None:
    assert "no truth was given" in refusal()


def test_several_masks_or_a_mixture_are_refused(label: np.ndarray) -> None:
    mask = encoded(label)
    assert "2 files found (a.png, b.png), expected one mask" in refusal(("a.png", mask), ("b.png", mask))
    assert "5 files found" in refusal(("a.png", mask), *contours(label))
    many = [(f"{number}.png", mask) for number in range(30)]
    assert "30 files found (0.png, 1.png, 2.png, 3.png, 4.png, 5.png, 6.png, 7.png, …)" in refusal(*many)


def test_other_kinds_of_file_are_refused() -> None:
    assert refusal(("notes.txt", b"hello")).startswith("notes.txt: no mask and no contour, expected .png")
    assert refusal(("nothing", b"")).startswith("nothing: ")


# Real files


def test_the_reference_mask_and_the_official_contours_agree(shared_data: Path) -> None:
    folder = shared_data / "sipakmed" / "im_Superficial-Intermediate" / "im_Superficial-Intermediate"
    drawn = read(*((file.name, file.read_bytes()) for file in folder.glob("*.dat")), shape=(1536, 2048))
    reference = (shared_data / "sipakmed_reference" / "007_mask.png").read_bytes()
    by_others = read(("007_mask.png", reference), shape=(1536, 2048))
    np.testing.assert_array_equal(drawn, by_others)


def test_real_herlev_masks(shared_data: Path) -> None:
    for path in sorted(shared_data.glob("herlev/*/*-d.png"))[::150]:
        shape = np.array(Image.open(path)).shape[:2]
        np.testing.assert_array_equal(
            read((path.name, path.read_bytes()), shape=shape), read_mask(path, shape)
        )
