"""What a mask's values mean: recognised where they tell, refused with its values where they do not."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.data.readers.herlev import read_mask
from pap_core.data.truth.read import read_truth
from pap_core.errors import InputError
from pap_core.images import png_bytes
from pap_core.labels import CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL, colour_map
from pap_core.mask_forms import CELLS, COLOURS, FORMS, HERLEV, LABELS, NUCLEI
from pap_core.masks import read_label
from tests.helpers.tiffs import written

SHAPE = (60, 80)
WHITE, RED, BLUE, NAVY, BLACK = (255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 0, 128), (0, 0, 0)


def boxes(*drawn: tuple[int, slice, slice]) -> np.ndarray:
    numbers = np.zeros(SHAPE, dtype=np.uint8)
    for value, rows, columns in drawn:
        numbers[rows, columns] = value
    return numbers


CELL = boxes((1, slice(10, 50), slice(10, 60)), (2, slice(25, 35), slice(30, 42)))
APART = boxes((1, slice(10, 30), slice(5, 35)), (2, slice(10, 40), slice(45, 75)))
BESIDE = boxes((1, slice(10, 30), slice(5, 35)), (2, slice(10, 40), slice(35, 65)))
TOUCHING = boxes(  # a cell, and another of two pieces beside it
    (1, slice(10, 30), slice(5, 35)), (2, slice(10, 40), slice(35, 65)), (2, slice(50, 58), slice(5, 20))
)
SWAPPED = np.array([0, 2, 1], dtype=np.uint8)[CELL]
BARE = boxes(
    (1, slice(10, 50), slice(5, 40)), (2, slice(20, 30), slice(10, 20)), (2, slice(5, 9), slice(60, 70))
)
AT_THE_EDGE = boxes((1, slice(0, 30), slice(10, 60)), (2, slice(0, 12), slice(30, 42)))
NUMBERED = boxes(*((k + 1, slice(5 + 10 * k, 12 + 10 * k), slice(8, 20 + k)) for k in range(5)))


def read(content: bytes, form: str | None = None, name: str = "m.png", **options: int) -> np.ndarray:
    return read_truth([(name, content)], SHAPE, "cell.png", form, **options)


def refusal(content: bytes, form: str | None = None, name: str = "m.png", **options: int) -> str:
    with pytest.raises(InputError) as error:
        read(content, form, name, **options)
    assert str(error.value).startswith(("m.png: ", "m.tif: ", "m.jpg: ", "cell.png: "))
    assert "\n" not in str(error.value)
    return str(error.value)


def palette(numbers: np.ndarray, *colours: tuple[int, int, int], **options: object) -> bytes:
    picture = Image.fromarray(numbers).convert("L")
    picture = Image.frombytes("P", picture.size, picture.tobytes())
    picture.putpalette([level for colour in colours for level in colour])
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", **options)
    return buffer.getvalue()


# Label maps


@pytest.mark.parametrize("label", [CELL, BARE, AT_THE_EDGE], ids=["cell", "a bare nucleus too", "cut"])
def test_a_label_map_is_recognised(label: np.ndarray) -> None:
    np.testing.assert_array_equal(read(png_bytes(label)), label)
    ignored = label.copy()
    ignored[50:] = IGNORE
    np.testing.assert_array_equal(read(png_bytes(ignored)), ignored)


@pytest.mark.parametrize(
    ("numbers", "found", "forms"),
    [
        (APART, "the values 0, 1, 2 found", "labels or nuclei or cells"),
        (BESIDE, "the values 0, 1, 2 found", "labels or nuclei or cells"),
        (TOUCHING, "the values 0, 1, 2 found", "labels or nuclei or cells"),
        (SWAPPED, "the values 0, 1, 2 found", "labels or nuclei or cells"),
        (np.where(CELL == 2, 2, 0), "the values 0, 2 found", "labels or nuclei or cells"),
        (np.minimum(CELL, 1), "the values 0, 1 found", "nuclei or cells or labels"),
        (np.where(CELL == 2, 255, np.minimum(CELL, 1)), "the values 0, 1, 255", "nuclei or cells or labels"),
        (np.where(CELL > 0, 255, 0), "only the values 0 and 255 found", "nuclei or cells"),
        (np.where(CELL > 0, 7, 0), "the grey values 0, 7 found", "nuclei or cells"),
        (NUMBERED, "the grey values 0, 1, 2, 3, 4, 5 found", "nuclei or cells"),
        (CELL.astype(np.uint16), "the 16-bit values 0, 1, 2 found", "labels or nuclei or cells"),
    ],
)
def test_what_may_be_read_in_two_ways_is_refused(numbers: np.ndarray, found: str, forms: str) -> None:
    numbers = numbers if numbers.dtype == np.uint16 else numbers.astype(np.uint8)
    said = refusal(png_bytes(numbers))
    assert found in said
    assert f"choose the form of the mask, {forms} (“Form of the mask” on the page" in said
    assert "--truth nucleus or --truth cell on the command line" in said


def coloured(numbers: np.ndarray, *colours: tuple[int, int, int]) -> bytes:
    return png_bytes(np.array(colours, dtype=np.uint8)[numbers])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (coloured(CELL, WHITE, BLUE, RED), "drawn as cytoplasm found within"),
        (coloured(CELL, RED, BLUE, NAVY), "drawn as cytoplasm found within"),
        (png_bytes(np.array([0, 170, 51], dtype=np.uint8)[CELL]), "drawn as cytoplasm found within"),
        (coloured(CELL, WHITE, RED, BLACK), "an area of black within red"),
    ],
    ids=["colours", "herlev", "greys", "black"],
)
def test_classes_in_the_colours_of_each_other_are_refused(content: bytes, found: str) -> None:
    assert found in refusal(content)


def test_classes_as_they_should_be_are_read_in_every_form() -> None:
    for content in (
        coloured(CELL, WHITE, RED, BLUE),
        coloured(CELL, RED, NAVY, BLUE),
        png_bytes(np.array([0, 51, 170], dtype=np.uint8)[CELL]),
    ):
        assert np.array_equal(read(content), CELL)
    assert np.array_equal(read(coloured(CELL, WHITE, BLUE, RED), COLOURS), SWAPPED)  # as a person said
    assert (read(png_bytes(colour_map(CELL, border=6))) == NUCLEUS).any()
    only = np.where(CELL == CYTOPLASM, 0, CELL)
    assert np.array_equal(read(coloured(only, WHITE, RED, BLUE)), only)  # a bare nucleus


def test_what_a_person_says_settles_it() -> None:
    for label in (CELL, APART, BESIDE):
        np.testing.assert_array_equal(read(png_bytes(label), LABELS), label)
    np.testing.assert_array_equal(read(png_bytes(CELL.astype(np.uint16)), LABELS), CELL)
    inside = NUMBERED > 0
    for numbers in (NUMBERED, NUMBERED.astype(np.uint16) * 300, inside.astype(np.uint8) * 255, inside):
        content = png_bytes(numbers)
        np.testing.assert_array_equal(read(content, NUCLEI), np.where(inside, NUCLEUS, NOT_NUCLEUS))
        np.testing.assert_array_equal(read(content, CELLS), np.where(inside, OF_CELL, 0))


def test_padding_of_nuclei_alone_is_unknown() -> None:
    numbers = np.where(CELL == 2, 255, 0).astype(np.uint8)
    numbers[:, :5] = 128
    found = read(png_bytes(numbers), NUCLEI)
    assert (found[:, :5] == IGNORE).all()
    assert (found == NUCLEUS).sum() == (CELL == 2).sum()


@pytest.mark.parametrize(
    ("content", "form", "found"),
    [
        (png_bytes(NUMBERED), LABELS, "the values 0, 1, 2, 3, 4, 5 found"),
        (png_bytes(colour_map(CELL)), LABELS, "a picture in colours found"),
        (png_bytes(colour_map(CELL)), NUCLEI, "a picture in colours found"),
        (png_bytes(CELL), COLOURS, "other colours"),
        (png_bytes(CELL), HERLEV, "none of Herlev's mask colours"),
        (png_bytes(colour_map(CELL)), HERLEV, "none of Herlev's mask colours"),
        (png_bytes(np.zeros(SHAPE, np.uint8)), NUCLEI, "no pixel of a nucleus"),
    ],
)
def test_another_form_than_was_said_is_refused(content: bytes, form: str, found: str) -> None:
    assert found in refusal(content, form)


def test_grey_saved_as_jpeg_is_refused_whatever_is_said() -> None:
    buffer = io.BytesIO()
    Image.fromarray(CELL).save(buffer, format="JPEG", quality=100)
    for form in (None, LABELS, NUCLEI, CELLS):
        assert "a format that changes values" in refusal(buffer.getvalue(), form, "m.jpg")


# Transparency and palettes


def test_transparency_changes_no_class() -> None:
    alpha = np.where(CELL == 0, 0, 255).astype(np.uint8)
    content = io.BytesIO()
    Image.merge("LA", [Image.fromarray(CELL), Image.fromarray(alpha)]).save(content, format="PNG")
    np.testing.assert_array_equal(read(content.getvalue()), CELL)
    coloured = np.dstack([colour_map(CELL, 0), alpha])
    np.testing.assert_array_equal(read(png_bytes(coloured)), CELL)


def test_black_under_transparency_is_no_border() -> None:
    coloured = colour_map(CELL, 0)
    coloured[:3] = WHITE
    alpha = np.where(CELL == 0, 0, 255).astype(np.uint8)
    coloured[3:][CELL[3:] == 0] = BLACK
    assert "black under transparency found" in refusal(png_bytes(np.dstack([coloured, alpha])))


def test_a_palette_counts_where_both_readings_agree_or_one_alone_is_one() -> None:
    np.testing.assert_array_equal(read(palette(CELL, WHITE, RED, BLUE)), CELL)
    np.testing.assert_array_equal(read(palette(CELL, RED, NAVY, BLUE)), CELL)
    by_number = palette(CELL, BLACK, (128, 0, 0), (0, 128, 0))  # as annotation tools colour them
    np.testing.assert_array_equal(read(by_number), CELL)
    by_colour = palette(np.array([5, 9, 7], np.uint8)[CELL], *[BLACK] * 5, WHITE, BLACK, BLUE, BLACK, RED)
    np.testing.assert_array_equal(read(by_colour), CELL)


def test_a_palette_that_contradicts_itself_is_refused_with_both() -> None:
    content = palette(CELL, WHITE, BLUE, RED)
    nucleus, cytoplasm = (np.count_nonzero(value == CELL) for value in (NUCLEUS, CYTOPLASM))
    said = refusal(content)
    assert f"its numbers say {nucleus:,} px nucleus and {cytoplasm:,} px cytoplasm" in said
    assert f"its colours say {cytoplasm:,} px nucleus and {nucleus:,} px cytoplasm" in said
    np.testing.assert_array_equal(read(content, LABELS), CELL)
    np.testing.assert_array_equal(read(content, COLOURS), np.array([0, 2, 1])[CELL])


def test_two_colours_need_a_word() -> None:
    content = png_bytes(np.array([RED, RED, BLUE], np.uint8)[CELL])
    assert "only red and blue found" in refusal(content)
    np.testing.assert_array_equal(read(content, COLOURS), np.array([1, 1, 2])[CELL])
    np.testing.assert_array_equal(read(content, HERLEV), np.array([0, 0, 2])[CELL])


# How the picture lies


def turned(pixels: np.ndarray, orientation: int) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(pixels).save(buffer, format="PNG", exif=exif)
    return buffer.getvalue()


def test_a_mask_turned_like_its_picture_fits() -> None:
    np.testing.assert_array_equal(read(turned(CELL[::-1, ::-1], 3), orientation=3), CELL)
    np.testing.assert_array_equal(read(turned(np.rot90(CELL), 6), orientation=6), CELL)
    np.testing.assert_array_equal(read(png_bytes(CELL), orientation=6), CELL)  # its size tells it was upright


@pytest.mark.parametrize(("own", "of_picture"), [(3, 1), (1, 3), (6, 1), (2, 4), (1, 4)])
def test_a_mask_turned_otherwise_than_its_picture_is_refused(own: int, of_picture: int) -> None:
    assert "EXIF orientation" in refusal(turned(CELL, own), orientation=of_picture)
    assert "EXIF orientation" in refusal(turned(CELL, own), LABELS, orientation=of_picture)


def test_outlines_of_a_turned_picture_are_refused() -> None:
    with pytest.raises(InputError, match=r"cell\.png: EXIF orientation 3 found"):
        read_truth([("a.geojson", b"[]")], SHAPE, "cell.png", orientation=3)


# Real masks


@pytest.mark.slow
def test_real_masks_as_label_maps_are_all_recognised(shared_data: Path) -> None:
    read_ones = 0
    for path in sorted(shared_data.glob("herlev/*/*-d.png")):
        with Image.open(path) as picture:
            shape = picture.size[::-1]
        label = read_mask(path, shape)
        found = read_truth([("m.png", png_bytes(label))], shape, "cell.png")
        np.testing.assert_array_equal(found, label)
        read_ones += 1
    assert read_ones == 763


def test_the_labels_of_a_data_set_are_all_recognised(phantom_dataset: Path) -> None:
    paths = sorted((phantom_dataset / "labels").glob("*.png"))
    assert paths
    for path in paths:
        label = read_label(path)
        found = read_truth([(path.name, path.read_bytes())], label.shape, "cell.png")
        np.testing.assert_array_equal(found, label)


def test_files_that_were_read_wrongly(shared_data: Path) -> None:
    folder = shared_data / "faults"

    def said(name: str, shape: tuple[int, int] = SHAPE) -> np.ndarray:
        return read_truth([(Path(name).name, (folder / name).read_bytes())], shape, "cell.png")

    expected = np.array(Image.open(folder / "4" / "base_truth.png"))
    np.testing.assert_array_equal(said("4/base_truth.png", (700, 760)), expected)
    np.testing.assert_array_equal(said("4/base_truth_transparent.png", (700, 760)), expected)
    for name, found in (
        ("q15.geojson", r"from \(31, 21\) to \(131, 101\) found, cell.png is 80 × 60 pixels"),
        (
            "lut_swapped.png",
            "numbers say 171 px nucleus and 1,376 px .* colours say 1,376 px nucleus and 171",
        ),
        ("inst.png", "the values 0, 1, 2 found"),
        ("n01.png", "the values 0, 1 found"),
    ):
        with pytest.raises(InputError, match=found):
            said(f"15/{name}")


def test_damaged_masks_give_a_label_map_or_a_sentence() -> None:
    random = np.random.default_rng(15)
    sources = [png_bytes(CELL), palette(CELL, WHITE, BLUE, RED, transparency=0), png_bytes(colour_map(CELL))]
    for number in range(300):
        content = bytearray(sources[number % len(sources)])
        for _ in range(random.integers(1, 5)):
            content[random.integers(len(content))] = random.integers(256)
        form = [None, *FORMS][random.integers(len(FORMS) + 1)]
        try:
            found = read(bytes(content), form)
        except InputError:
            continue
        assert found.shape == SHAPE
        assert set(np.unique(found)) <= {0, CYTOPLASM, NUCLEUS, NOT_NUCLEUS, OF_CELL, IGNORE}


@pytest.mark.parametrize("form", [NUCLEI, CELLS])
@pytest.mark.parametrize("values", [(0, 85, 170, 255), (0, 127, 255), (0, 1, 3, 255), (85, 170, 255)])
def test_255_beside_numbers_that_do_not_count_up_is_refused(form: str, values: tuple[int, ...]) -> None:
    numbers = np.resize(np.repeat(np.array(values, dtype=np.uint8), 10), SHAPE)
    found = refusal(png_bytes(numbers), form)
    assert f"where 255 may be one of the {form} or what is unknown" in found


@pytest.mark.parametrize("kind", ["bilevel", "8 bit"])
@pytest.mark.parametrize("form", [None, NUCLEI, CELLS])
def test_two_values_of_which_0_is_white_are_refused_with_both_readings(form: str | None, kind: str) -> None:
    drawn = CELL == 2
    values = drawn if kind == "bilevel" else drawn.astype(np.uint8) * 255
    inverted = written(values, photometric="miniswhite").getvalue()
    found = refusal(inverted, form, "m.tif")
    assert "120 px are drawn by its numbers and 4,680 px by what viewers show" in found
    if form:
        plain = read(written(values, photometric="minisblack").getvalue(), form, "m.tif")
        assert ((plain == (NUCLEUS if form == NUCLEI else OF_CELL)) == drawn).all()


def test_a_label_map_of_which_0_is_white_is_read_by_its_numbers() -> None:
    np.testing.assert_array_equal(
        read(written(CELL, photometric="miniswhite").getvalue(), name="m.tif"), CELL
    )


@pytest.mark.parametrize("code", [IGNORE, NOT_NUCLEUS, OF_CELL])
def test_the_grey_of_a_colour_map_is_unknown(code: int) -> None:
    """What a data set's drawn target does not tell is not taken for background."""
    partial = CELL.copy()
    partial[:8] = code
    found = read(png_bytes(colour_map(partial)))
    np.testing.assert_array_equal(found, np.where(partial == code, IGNORE, partial))
