"""Truth that does not fit its picture: turned, of another size, of another picture."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pap_core.contours import write_dat
from pap_core.data.build import BuildOptions, build
from pap_core.data.readers.fitting import DOUBTFUL, TURNED
from pap_core.data.summary import summary
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.labels import NUCLEUS
from tests.helpers.built import reasons, rows

ORIENTATION = 0x0112
SIZE = (600, 500)
NUCLEUS_GREY = (60 + 40 + 90) / 3  # as `paint_smear` paints them
TURNS = {  # what a camera did to an upright picture before it noted the orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.fixture
def cells(circle) -> list:
    """Three cells with no symmetry among them."""
    return [
        (circle(200, 180, 60), circle(205, 180, 18)),
        (circle(400, 200, 70), circle(395, 205, 20)),
        (circle(300, 380, 55), circle(300, 375, 17)),
    ]


def nuclei_lie_on_nuclei(folder: Path) -> bool:
    """Tell whether every pixel that is labelled nucleus is as dark as nuclei were painted."""
    for row in rows(folder):
        image = read_image(folder / "images" / f"{row['id']}.png").mean(axis=-1)
        label = read_image(folder / "labels" / f"{row['id']}.png")[..., 0]
        if abs(np.median(image[label == NUCLEUS]) - NUCLEUS_GREY) > 12:
            return False
    return bool(rows(folder))


@pytest.fixture
def with_orientation() -> Callable[[Path, int, str, bool], None]:
    """Return a function that saves a smear anew with an orientation, turned for it or as it was."""

    def save(path: Path, orientation: int, ending: str, turned: bool) -> None:
        with Image.open(path) as opened:
            picture = opened.transpose(TURNS[orientation]) if turned else opened.copy()
        path.unlink()
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        picture.save(path.with_suffix(ending), exif=exif, **({"quality": 95} if ending == ".jpg" else {}))

    return save


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("ending", [".jpg", ".tif", ".png"])
@pytest.mark.parametrize("drawn_on", ["stored", "upright"])
def test_contours_are_laid_on_the_grid_they_were_drawn_in(
    tmp_path: Path, paint_smear, cells, with_orientation, orientation: int, ending: str, drawn_on: str
) -> None:
    path = paint_smear(tmp_path / "source" / "im_Parabasal", "001", cells, SIZE)
    with_orientation(path, orientation, ending, turned=drawn_on == "upright")
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert described["crops"] == 3
    assert nuclei_lie_on_nuclei(tmp_path / "set")
    said = reasons(tmp_path / "set")[f"im_Parabasal/001{ending}"]
    assert said.startswith(TURNED)
    assert f"orientation is {orientation}" in said
    assert "600 × 500" in said
    assert ("upright" if drawn_on == "upright" else "as the file stores it") in said
    assert described["turned"] == described["skipped"] == 1
    assert "0 skipped" in summary(described)


def test_masks_are_laid_on_the_grid_they_were_drawn_in(tmp_path: Path) -> None:
    folder = tmp_path / "source" / "normal"
    folder.mkdir(parents=True)
    image, mask = (np.full((80, 120, 3), colour, dtype=np.uint8) for colour in ((230, 225, 220), (255, 0, 0)))
    for place, colour, code in (
        (np.s_[10:50, 10:60], (120, 160, 200), (0, 0, 128)),
        (np.s_[15:35, 15:40], (60, 40, 90), (0, 0, 255)),
    ):
        image[place], mask[place] = colour, code
    exif = Image.Exif()
    for orientation in TURNS:
        exif[ORIENTATION] = orientation
        Image.fromarray(image).save(folder / f"{orientation}-1-1.jpg", exif=exif, quality=95)
        Image.fromarray(mask).save(folder / f"{orientation}-1-1-d.bmp")
    described = build(tmp_path / "source", tmp_path / "set")
    assert described["crops"] == described["turned"] == len(TURNS)
    assert nuclei_lie_on_nuclei(tmp_path / "set")


def test_the_turned_smears_at_hand_are_laid_right(shared_data: Path, tmp_path: Path) -> None:
    described = build(shared_data / "faults" / "5", tmp_path / "set")
    assert (described["crops"], described["turned"], described["doubtful"]) == (12, 4, 0)
    for row in rows(tmp_path / "set"):
        image = read_image(tmp_path / "set" / "images" / f"{row['id']}.png").mean(axis=-1)
        nucleus = read_image(tmp_path / "set" / "labels" / f"{row['id']}.png")[..., 0] == NUCLEUS
        assert np.median(image[nucleus]) < np.median(image[~nucleus]) - 50


def test_how_a_deep_picture_was_scaled_is_listed(tmp_path: Path, paint_smear, cells) -> None:
    path = paint_smear(tmp_path / "source" / "im_Parabasal", "001", cells, SIZE)
    deep = read_image(path).astype(np.uint16) * 16
    path.unlink()
    tifffile.imwrite(path.with_suffix(".tif"), deep, photometric="rgb")
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert "taken for 12 bit and scaled" in reasons(tmp_path / "set")["im_Parabasal/001.tif"]
    assert described["remarked"] == 1
    assert "1 pictures were read in a way to know of" in summary(described)
    assert nuclei_lie_on_nuclei(tmp_path / "set")


@pytest.mark.parametrize("other", ["001.png", "001.bmp"])
def test_a_mask_by_the_name_and_of_the_size_of_its_picture_is_passed_over(
    tmp_path: Path, paint_smear, cells, other: str
) -> None:
    folder = tmp_path / "source" / "im_Parabasal"
    path = paint_smear(folder, "001", cells, SIZE)
    path.rename(folder / "aside.bmp")
    with Image.open(folder / "aside.bmp") as picture:
        picture.save(folder / "001.tif")
    (folder / "aside.bmp").unlink()
    Image.new("RGB", (600, 500), (200, 200, 200)).save(folder / other)
    build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert {row["source"] for row in rows(tmp_path / "set")} == {"im_Parabasal/001.tif"}
    assert "001.tif beside it is used instead" in reasons(tmp_path / "set")[other]


@pytest.mark.parametrize("original", ["001.bmp", "001.png"])
@pytest.mark.parametrize("preview", ["001.jpg", "001.JPG", "001.tif"])
@pytest.mark.parametrize("scale", [0.25, 0.8])
def test_a_preview_beside_its_original_is_passed_over(
    tmp_path: Path, paint_smear, cells, original: str, preview: str, scale: float
) -> None:
    folder = tmp_path / "source" / "im_Parabasal"
    path = paint_smear(folder, "001", cells, SIZE)
    small = (round(600 * scale), round(500 * scale))
    with Image.open(path) as picture:
        picture.load()
    path.unlink()
    picture.save(folder / original)
    picture.resize(small).save(folder / preview)
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert {row["source"] for row in rows(tmp_path / "set")} == {f"im_Parabasal/{original}"}
    assert nuclei_lie_on_nuclei(tmp_path / "set")
    said = reasons(tmp_path / "set")[preview]
    for part in (original, preview, "600 × 500", f"{small[0]} × {small[1]}", "used instead"):
        assert part in said
    assert described["found"] == {"Parabasal": (1, 3)}


def test_an_enlarged_copy_is_passed_over_where_the_contours_would_fit_it(
    tmp_path: Path, paint_smear, cells
) -> None:
    path = paint_smear(tmp_path / "source" / "im_Parabasal", "001", cells, SIZE)
    with Image.open(path) as picture:
        picture.resize((1200, 1000)).save(path.with_suffix(".png"))
    build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert {row["source"] for row in rows(tmp_path / "set")} == {"im_Parabasal/001.bmp"}
    assert nuclei_lie_on_nuclei(tmp_path / "set")


def test_a_preview_alone_is_refused_with_both_sizes(tmp_path: Path, paint_smear, cells, circle) -> None:
    good = paint_smear(tmp_path / "source" / "im_Parabasal", "002", cells, SIZE)
    near = (circle(80, 60, 20), circle(80, 60, 8))  # would lie within the preview, and in the wrong place
    path = paint_smear(good.parent, "001", [*cells, near], SIZE)
    with Image.open(path) as picture:
        picture.load()
    picture.resize((150, 125)).save(path)
    build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert {row["source"] for row in rows(tmp_path / "set")} == {"im_Parabasal/002.bmp"}
    for number in range(1, 5):
        said = reasons(tmp_path / "set")[f"Parabasal_001_{number:02d}"]
        assert "3 of the 4 cells beside it lie outside its 150 × 125 pixels" in said
        assert "up to 470, 435" in said


def test_a_cell_of_which_most_lies_outside_is_refused_with_both_sizes(
    tmp_path: Path, paint_smear, cells, circle
) -> None:
    far = (circle(590, 250, 40), circle(560, 250, 6))  # kept: more than half of it is there
    farther = (circle(625, 250, 60), circle(590, 250, 6))
    paint_smear(tmp_path / "source" / "im_Parabasal", "001", [*cells, far, farther], SIZE)
    build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    listed = reasons(tmp_path / "set")
    assert listed["Parabasal_001_04"].startswith("clipped, kept")
    said = listed["Parabasal_001_05"]
    assert "most of it" in said
    assert "565 to 685 by 190 to 310" in said
    assert "600 by 500" in said


def test_mask_and_image_of_one_size_are_a_pair_whatever_lies_beside_them(tmp_path: Path) -> None:
    folder = tmp_path / "source" / "normal"
    folder.mkdir(parents=True)
    for number, (full, small) in enumerate((((120, 80), (60, 40)), ((60, 40), (120, 80)))):
        for stem, size in ((f"{number}-1-1.bmp", full), (f"{number}-1-1.jpg", small)):
            Image.new("RGB", size, (230, 225, 220)).save(folder / stem)
        mask = np.full((full[1], full[0], 3), (255, 0, 0), dtype=np.uint8)
        mask[5:30, 5:30], mask[10:20, 10:20] = (0, 0, 128), (0, 0, 255)
        Image.fromarray(mask).save(folder / f"{number}-1-1-d.png")
        Image.fromarray(mask).resize((30, 20)).save(folder / f"{number}-1-1-D.bmp")
    described = build(tmp_path / "source", tmp_path / "set")
    assert described["crops"] == 2
    assert {row["source"] for row in rows(tmp_path / "set")} == {"normal/0-1-1.bmp", "normal/1-1-1.bmp"}
    listed = reasons(tmp_path / "set")
    assert "120 × 80 pixels, this one 60 × 40" in listed["0-1-1.jpg"]
    assert "0-1-1-d.png beside it is used instead" in listed["0-1-1-D.bmp"]


def test_contours_of_another_picture_are_doubted_by_name_and_kept(
    tmp_path: Path, paint_smear, cells, circle
) -> None:
    folder = tmp_path / "source" / "im_Parabasal"
    paint_smear(folder, "001", cells, SIZE)
    away = np.array([40, 60])
    moved = [(outline + away, nucleus + away) for outline, nucleus in cells]
    paint_smear(folder, "002", cells, SIZE)
    for number, (outline, nucleus) in enumerate(moved, start=1):
        write_dat(folder / f"002_cyt{number:02d}.dat", outline)
        write_dat(folder / f"002_nuc{number:02d}.dat", nucleus)
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert (described["crops"], described["doubtful"]) == (6, 3)
    listed = reasons(tmp_path / "set")
    assert listed.keys() == {f"Parabasal_002_0{number}" for number in (1, 2, 3)}
    for said in listed.values():
        assert said.startswith(DOUBTFUL)
        assert "no darker than their surroundings" in said
        assert "002.bmp" in said
    assert "3 doubtful but used" in summary(described)
    assert "0 skipped" in summary(described)


@pytest.mark.slow
def test_no_real_cell_is_doubted(shared_data: Path, tmp_path: Path) -> None:
    described = build(shared_data / "sipakmed_007_sharp", tmp_path / "sharp")
    assert (described["crops"], described["doubtful"], described["turned"]) == (16, 0, 0)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_is_passed_over(
    tmp_path: Path, paint_smear, cells, orientation: int
) -> None:
    path = paint_smear(tmp_path / "source" / "im_Parabasal", "001", cells, SIZE)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    with Image.open(path) as picture:
        picture.save(path.with_suffix(".jpg"), exif=exif, quality=95)
    path.unlink()
    described = build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert (described["crops"], described["skipped"]) == (3, 0)


def test_where_no_grid_holds_the_cells_none_is_used(tmp_path: Path, paint_smear, cells) -> None:
    path = paint_smear(tmp_path / "source" / "im_Parabasal", "001", cells, SIZE)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.new("RGB", (90, 60), (230, 225, 220)).save(path.with_suffix(".jpg"), exif=exif)
    path.unlink()
    with pytest.raises(InputError, match=r"3 of the 3 cells beside it lie outside its 60 × 90 pixels"):
        build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit"))
    assert not (tmp_path / "set").exists()
