"""SIPaKMeD in every form and with every oddity that copies of it have."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.data.crop import draw, label_map
from pap_core.data.readers import sipakmed
from pap_core.data.readers.cell import Reading
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.labels import CYTOPLASM, NUCLEUS


@pytest.fixture
def cells(circle):
    """Two round cells with their nuclei."""
    return [(circle(200, 200, 60), circle(205, 200, 15)), (circle(400, 250, 70), circle(400, 240, 20))]


def reasons(reading: Reading) -> dict[str, str]:
    """Return the reason by id of what was skipped."""
    return {one.id: one.reason for one in reading.skipped}


@pytest.mark.parametrize("levels", [1, 2])
def test_one_or_two_folder_levels_read_alike(tmp_path: Path, paint_smear, cells, levels: int) -> None:
    folder = tmp_path.joinpath("download", *["im_Parabasal"] * levels)
    image = paint_smear(folder, "001", cells)
    reading = sipakmed.read(tmp_path / "download", "smear")
    assert [cell.id for cell in reading.cells] == ["Parabasal_001_01", "Parabasal_001_02"]
    assert {(cell.category, cell.group, cell.image) for cell in reading.cells} == {
        ("Parabasal", "Parabasal_001", image)
    }
    np.testing.assert_allclose(reading.cells[1].nucleus, cells[1][1], atol=0.01)
    assert reading.skipped == []
    assert reading.found == {"Parabasal": (1, 2)}
    assert (reading.source, reading.default_mode) == ("sipakmed", "window")


def test_cropped_cells_are_read_beside_their_smears(tmp_path: Path, paint_smear, cells) -> None:
    folder = tmp_path / "im_Parabasal"
    paint_smear(folder, "001", cells)
    for number in ("01", "02"):
        paint_smear(folder / "CROPPED", f"001_{number}", cells[:1], (300, 300))
        for part in ("cyt", "nuc"):
            name = f"CROPPED/001_{number}"
            (folder / f"{name}_{part}01.dat").rename(folder / f"{name}_{part}.dat")
    assert sipakmed.recognise(tmp_path)
    smears, cropped = (sipakmed.read(tmp_path, form) for form in sipakmed.FORMS)
    assert [cell.id for cell in cropped.cells] == ["Parabasal_001_01", "Parabasal_001_02"]
    assert [cell.image.name for cell in cropped.cells] == ["001_01.bmp", "001_02.bmp"]
    assert (
        {cell.group for cell in cropped.cells} == {cell.group for cell in smears.cells} == {"Parabasal_001"}
    )
    assert cropped.found == smears.found == {"Parabasal": (1, 2)}
    assert cropped.skipped == smears.skipped == []
    assert cropped.default_mode == "fit"
    # the crops' folder alone is a source too
    assert len(sipakmed.read(folder / "CROPPED", "cropped").cells) == 2


def test_every_cell_that_cannot_be_used_is_listed(tmp_path: Path, paint_smear, cells) -> None:
    folder = tmp_path / "im_Koilocytotic"
    paint_smear(folder, "001", cells * 3)
    paint_smear(folder, "002", [])
    paint_smear(folder, "003", cells[:1])
    (folder / "003.bmp").unlink()
    (folder / "001_nuc01.dat").write_text("")
    (folder / "001_cyt02.dat").write_text("NaN,4\n5,6\n7,8\n")
    (folder / "001_nuc03.dat").unlink()
    (folder / "001_cyt04.dat").unlink()
    (folder / "notes.dat").write_text("1,2\n")
    reading = sipakmed.read(tmp_path, "smear")
    assert [cell.id for cell in reading.cells] == ["Koilocytotic_001_05", "Koilocytotic_001_06"]
    found = reasons(reading)
    expected = {
        "Koilocytotic_001_01": ("001_nuc01.dat", "empty"),
        "Koilocytotic_001_02": ("001_cyt02.dat", "no finite point"),
        "Koilocytotic_001_03": ("001_cyt03.dat", "'nuc' for 001 is missing"),
        "Koilocytotic_001_04": ("001_nuc04.dat", "'cyt' for 001 is missing"),
        "Koilocytotic_002": ("002.bmp", "without contours"),
        "Koilocytotic_003": ("003", "contours without an image"),
        "notes.dat": ("notes.dat", "expected NNN_cytMM.dat"),
    }
    assert found.keys() == expected.keys()
    for name, (file, reason) in expected.items():
        assert str(folder / file) in found[name]
        assert reason in found[name]
    assert reading.found == {"Koilocytotic": (2, 7)}


def test_names_vary_in_case_and_ending(tmp_path: Path, paint_smear, cells) -> None:
    folder = tmp_path / "im_Parabasal"
    paint_smear(folder, "001", cells)
    for path in list(folder.iterdir()):
        path.rename(path.with_name(path.name.upper()))
    assert sipakmed.recognise(folder)
    assert len(sipakmed.read(tmp_path, "smear").cells) == 2
    Image.open(folder / "001.BMP").save(folder / "001.jpg")
    reading = sipakmed.read(tmp_path, "smear")
    assert len(reading.cells) == 2
    assert "001.BMP beside it is used instead" in reasons(reading)["001.jpg"]


def test_a_copy_of_a_smear_gives_no_second_cells(tmp_path: Path, paint_smear, cells) -> None:
    paint_smear(tmp_path / "im_Parabasal", "001", cells)
    paint_smear(tmp_path / "im_Parabasal" / "im_Parabasal", "001", cells)
    reading = sipakmed.read(tmp_path, "smear")
    assert [cell.id for cell in reading.cells] == ["Parabasal_001_01", "Parabasal_001_02"]
    assert len({cell.image for cell in reading.cells}) == 1
    assert len(reading.skipped) == 2
    assert all("rename or remove one of them" in one.reason for one in reading.skipped)


def test_links_within_the_source_are_followed_and_others_listed(tmp_path: Path, paint_smear, cells) -> None:
    source, elsewhere = tmp_path / "source", tmp_path / "elsewhere"
    folder = source / "im_Parabasal"
    store = source / "store"
    paint_smear(folder, "001", cells[:1])
    store.mkdir()
    (folder / "001.bmp").rename(store / "x1")
    (folder / "001.bmp").symlink_to(store / "x1")
    paint_smear(elsewhere, "002", cells[:1])
    for path in elsewhere.iterdir():
        (folder / path.name).symlink_to(path)
    (source / "im_Dyskeratotic").symlink_to(elsewhere, target_is_directory=True)
    (folder / "003.bmp").symlink_to(source / "nothing")
    reading = sipakmed.read(source, "smear")
    assert [cell.id for cell in reading.cells] == ["Parabasal_001_01"]
    listed = reasons(reading)
    for name in ("002.bmp", "002_cyt01.dat", "002_nuc01.dat"):
        assert "out of the source is not followed" in listed[f"im_Parabasal/{name}"]
    assert "a link to a folder" in listed["im_Dyskeratotic"]
    assert "a link to nothing" in listed["im_Parabasal/003.bmp"]
    assert len(listed) == 5


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such file names")
def test_a_name_that_is_no_text_is_listed(tmp_path: Path, paint_smear, cells) -> None:
    folder = tmp_path / "im_Parabasal"
    image = paint_smear(folder, "001", cells[:1])
    try:
        os.rename(image, os.path.join(os.fsencode(folder), b"\xff001.bmp"))
    except OSError:
        pytest.skip("this disk takes no such file name")
    reading = sipakmed.read(tmp_path, "smear")
    assert reading.cells == []
    assert any("rename it to plain text" in one.reason for one in reading.skipped)
    "".join(one.reason for one in reading.skipped).encode()


@pytest.mark.parametrize("folder", ["IM_Parabasal", "Im_parabasal", "im_PARABASAL ", " im_Parabasal"])
def test_categories_are_recognised_in_any_case(tmp_path: Path, paint_smear, cells, folder: str) -> None:
    paint_smear(tmp_path / folder, "001", cells)
    (tmp_path / folder / "CROPPED").mkdir()
    reading = sipakmed.read(tmp_path, "smear")
    assert [cell.id for cell in reading.cells] == ["Parabasal_001_01", "Parabasal_001_02"]
    assert {cell.category for cell in reading.cells} == {"Parabasal"}
    assert reading.found == {"Parabasal": (1, 2)}


def test_spellings_of_a_category_are_one_and_that_is_said(tmp_path: Path, paint_smear, cells) -> None:
    for folder in (
        "im_Parabasal",
        "im_parabasal",
        "IM_Parabasal ",
        "im_superficial intermediate",
        "im_My_own",
    ):
        paint_smear(tmp_path / folder, "001", cells[:1])
    reading = sipakmed.read(tmp_path, "smear")
    assert sorted((cell.id, cell.category) for cell in reading.cells) == [
        ("My_own_001_01", "My_own"),
        ("Parabasal-2_001_01", "Parabasal"),
        ("Parabasal-3_001_01", "Parabasal"),
        ("Parabasal_001_01", "Parabasal"),
        ("Superficial-Intermediate_001_01", "Superficial-Intermediate"),
    ]
    assert len({cell.group for cell in reading.cells}) == 5
    assert reading.found == {"My_own": (1, 1), "Parabasal": (3, 3), "Superficial-Intermediate": (1, 1)}
    said = " ".join(reading.notes)
    assert "'Parabasal ', 'parabasal' are read as 'Parabasal'" in said
    assert "'superficial intermediate' is read as 'Superficial-Intermediate'" in said
    assert "My_own" not in said


@pytest.mark.parametrize(
    "folder",
    ["im-Parabasal", "IM parabasal", "Parabasal", "im_Parabasals", "im_Párabasal", "parabasals/pictures"],
)
def test_an_official_category_is_known_by_what_people_make_of_it(
    tmp_path: Path, paint_smear, cells, folder: str
) -> None:
    paint_smear(tmp_path / folder, "001", cells)
    assert {cell.category for cell in sipakmed.read(tmp_path, "smear").cells} == {"Parabasal"}


def test_accents_in_two_encodings_plurals_and_missing_ones_are_one_category(
    tmp_path: Path, paint_smear, cells
) -> None:
    spellings = ["M\u00e9taplasique", "Me\u0301taplasique", "Metaplasique", "metaplasiques"]
    for folder in (*spellings, "CIS", "CI"):
        paint_smear(tmp_path / f"im_{folder}", "001", cells[:1])
    reading = sipakmed.read(tmp_path, "smear")
    assert {cell.category for cell in reading.cells} == {"CI", "CIS", "Metaplasique"}
    assert reading.found["Metaplasique"] == (4, 4)
    assert all(repr(one) in " ".join(reading.notes) for one in spellings if one != "Metaplasique")


def test_the_contours_of_cell_and_nucleus_swapped_are_refused(tmp_path: Path, paint_smear, cells) -> None:
    paint_smear(tmp_path / "im_A", "001", cells)
    for outline in (tmp_path / "im_A").glob("*_cyt*.dat"):
        nucleus = outline.with_name(outline.name.replace("cyt", "nuc"))
        outline.rename(tmp_path / "aside")
        nucleus.rename(outline)
        (tmp_path / "aside").rename(nucleus)
    cell = sipakmed.read(tmp_path, "smear").cells[0]
    with pytest.raises(InputError, match=r"encloses its cell.*swap its contour files"):
        draw(cell, (500, 600))


@pytest.mark.parametrize("folder", ["CROPPED", "Cropped", "cropped "])
def test_cropped_cells_lie_in_a_folder_of_any_case(tmp_path: Path, paint_smear, cells, folder: str) -> None:
    crops = tmp_path / "im_Parabasal" / folder
    paint_smear(crops, "001_01", cells[:1])
    for part in ("cyt", "nuc"):
        (crops / f"001_01_{part}01.dat").rename(crops / f"001_01_{part}.dat")
    assert sipakmed.read(tmp_path, "smear").cells == []
    assert [cell.id for cell in sipakmed.read(tmp_path, "cropped").cells] == ["Parabasal_001_01"]


def test_smears_below_a_folder_named_cropped_stay_smears(tmp_path: Path, paint_smear, cells) -> None:
    paint_smear(tmp_path / "cropped" / "im_Parabasal", "001", cells)
    assert len(sipakmed.read(tmp_path / "cropped", "smear").cells) == 2


def test_what_systems_leave_beside_files_is_passed_over(tmp_path: Path, paint_smear, cells) -> None:
    folder = tmp_path / "im_Parabasal"
    paint_smear(folder, "001", cells)
    for path in list(folder.iterdir()):
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
        twin = tmp_path / "__MACOSX" / "im_Parabasal" / path.name
        twin.parent.mkdir(parents=True, exist_ok=True)
        twin.write_bytes(b"\0\5\x16\7")
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "notes.txt"):
        (folder / name).write_bytes(b"\0")
    reading = sipakmed.read(tmp_path, "smear")
    assert len(reading.cells) == 2
    assert reading.skipped == []
    assert reading.notes == []


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such file names")
@pytest.mark.parametrize("name", ["n" * 230, "a\\b"], ids=["long", "backslash"])
def test_a_name_that_no_crop_can_have_is_listed(tmp_path: Path, paint_smear, cells, name: str) -> None:
    paint_smear(tmp_path / "im_Parabasal", name, cells[:1])
    paint_smear(tmp_path / "im_Parabasal", "001", cells[:1])
    reading = sipakmed.read(tmp_path, "smear")
    assert [cell.id for cell in reading.cells] == ["Parabasal_001_01"]
    assert "make no name of a file" in reasons(reading)[f"Parabasal_{name}_01"]


def test_contours_of_one_cell_under_two_names_are_listed(tmp_path: Path, paint_smear, cells) -> None:
    folder = tmp_path / "im_Parabasal"
    paint_smear(folder, "001", cells[:1])
    (folder / "001_NUC01.dat").write_bytes((folder / "001_nuc01.dat").read_bytes())
    if len(list(folder.glob("*.dat"))) == 2:
        pytest.skip("this disk does not tell case apart")
    reading = sipakmed.read(tmp_path, "smear")
    assert len(reading.cells) == 1
    assert "001_NUC01.dat beside it is used instead" in reasons(reading)["001_nuc01.dat"]


def test_the_reference_drawing_of_a_real_smear(shared_data: Path) -> None:
    """The owner's bar: 99.8 % of the pixels as someone else drew them, nucleus Jaccard 0.98."""
    reading = sipakmed.read(shared_data / "sipakmed", "smear")
    assert len(reading.cells) == 16
    assert [one.id for one in reading.skipped] == ["Metaplastic_001"]
    grey = read_image(shared_data / "sipakmed_reference" / "007_mask.png")[..., 0]
    assert set(np.unique(grey)) == {0, 51, 170}
    label = label_map([draw(cell, grey.shape)[0] for cell in reading.cells], grey.shape)
    reference = np.zeros_like(label)
    reference[grey == 51] = CYTOPLASM
    reference[grey == 170] = NUCLEUS
    assert (label == reference).mean() >= 0.998
    ours, theirs = label == NUCLEUS, reference == NUCLEUS
    assert (ours & theirs).sum() / (ours | theirs).sum() >= 0.98


def test_the_rule_between_crop_and_smear(shared_data: Path) -> None:
    smears, cropped = (sipakmed.read(shared_data / "sipakmed", form) for form in sipakmed.FORMS)
    assert [cell.id for cell in cropped.cells] == [cell.id for cell in smears.cells]
    for cell, crop in zip(smears.cells, cropped.cells, strict=True):
        shift = np.floor(cell.outline.min(axis=0)) - 9.5
        np.testing.assert_allclose(crop.outline, cell.outline - shift, atol=0.06)  # five digits
        np.testing.assert_allclose(crop.nucleus, cell.nucleus - shift, atol=0.06)
