"""Herlev's pairs of image and mask."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.data.crop import draw
from pap_core.data.readers import herlev
from pap_core.data.readers.open import read_source
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS

RED, NAVY, BLUE, GREY, BLACK = (255, 0, 0), (0, 0, 128), (0, 0, 255), (128, 128, 128), (0, 0, 0)


def save(path: Path, colours: list[list[tuple[int, int, int]]]) -> Path:
    """Write a mask, each colour a 10 × 10 block."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = np.kron(np.array(colours, dtype=np.uint8), np.ones((10, 10, 1), dtype=np.uint8))
    Image.fromarray(blocks).save(path, **({"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}))
    return path


def test_pairs_are_found_whatever_their_ending_and_case(tmp_path: Path) -> None:
    pairs = [
        ("normal_columnar/149-1-001.BMP", "normal_columnar/149-1-001-d.bmp"),
        ("normal_columnar/149-2-001.png", "normal_columnar/149-2-001-D.PNG"),
        ("carcinoma_in_situ/150-1-002.bmp", "carcinoma_in_situ/150-1-002-d.tif"),
    ]
    for name in sum(pairs, ()):
        save(tmp_path / name, [[NAVY, BLUE]])
    assert herlev.recognise(tmp_path)
    reading = herlev.read(tmp_path)
    assert [(cell.id, cell.category, cell.group) for cell in reading.cells] == [
        ("carcinoma_in_situ_150-1-002", "carcinoma_in_situ", "150"),
        ("normal_columnar_149-1-001", "normal_columnar", "149"),
        ("normal_columnar_149-2-001", "normal_columnar", "149"),
    ]
    assert {
        (str(cell.image.relative_to(tmp_path)), str(cell.mask.relative_to(tmp_path)))
        for cell in reading.cells
    } == set(pairs)
    assert reading.skipped == []
    assert reading.found == {"carcinoma_in_situ": (1, 1), "normal_columnar": (2, 2)}
    assert (reading.source, reading.default_mode) == ("herlev", "fit")


def test_halves_of_pairs_are_listed(tmp_path: Path) -> None:
    save(tmp_path / "c" / "1-1-1.bmp", [[NAVY]])
    save(tmp_path / "c" / "1-1-2-d.bmp", [[NAVY]])
    reading = herlev.read(tmp_path)
    assert reading.cells == []
    assert {one.id: one.reason for one in reading.skipped} == {
        "c_1-1-1": f"{tmp_path}/c/1-1-1.bmp: no mask 1-1-1-d beside it",
        "c_1-1-2": f"{tmp_path}/c/1-1-2-d.bmp: a mask without its image",
    }


def test_pairs_whose_names_begin_like_sipakmeds_folders_are_herlevs(tmp_path: Path) -> None:
    for folder in ("normal", "im_mixed"):
        save(tmp_path / folder / "im_000.png", [[NAVY, BLUE]])
        save(tmp_path / folder / "im_000-d.png", [[NAVY, BLUE]])
    (tmp_path / "notes.dat").write_text("no contour")
    reading = read_source(tmp_path)
    assert reading.source == "herlev"
    assert [cell.id for cell in reading.cells] == ["im_mixed_im_000", "normal_im_000"]


def test_spellings_of_a_category_are_one_and_that_is_said(tmp_path: Path) -> None:
    for folder, name in (("normal_columnar", "1-1-1"), ("Normal Columnar", "2-1-1"), ("own", "3-1-1")):
        save(tmp_path / folder / f"{name}.bmp", [[NAVY, BLUE]])
        save(tmp_path / folder / f"{name}-d.bmp", [[NAVY, BLUE]])
    reading = herlev.read(tmp_path)
    assert sorted((cell.id, cell.category) for cell in reading.cells) == [
        ("normal_columnar_1-1-1", "normal_columnar"),
        ("normal_columnar_2-1-1", "normal_columnar"),
        ("own_3-1-1", "own"),
    ]
    assert reading.found == {"normal_columnar": (2, 2), "own": (1, 1)}
    assert reading.notes == ["the category 'Normal Columnar' is read as 'normal_columnar'"]


def test_what_systems_leave_beside_files_is_passed_over(tmp_path: Path) -> None:
    save(tmp_path / "c" / "1-1-1.bmp", [[NAVY]])
    save(tmp_path / "c" / "1-1-1-d.bmp", [[NAVY]])
    for name in ("._1-1-1.bmp", "._1-1-1-d.bmp", "Thumbs.db"):
        (tmp_path / "c" / name).write_bytes(b"\0\5")
    reading = herlev.read(tmp_path)
    assert (len(reading.cells), reading.skipped) == (1, [])


def test_mask_colours_become_classes(tmp_path: Path) -> None:
    path = save(tmp_path / "1-1-1-d.bmp", [[RED, NAVY, BLUE, GREY, BLACK]])
    label = herlev.read_mask(path, (10, 50))
    assert label[5, 5::10].tolist() == [0, CYTOPLASM, NUCLEUS, IGNORE, 0]
    assert label.dtype == np.uint8


def test_masks_saved_as_jpeg_keep_their_classes(tmp_path: Path) -> None:
    path = save(tmp_path / "1-1-1-d.jpg", [[RED, NAVY, BLUE, GREY, BLACK]] * 5)
    label = herlev.read_mask(path, (50, 50))
    assert label[5:45, 5::10].tolist() == [[0, CYTOPLASM, NUCLEUS, IGNORE, 0]] * 40


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "1-1-1-d.bmp", [[NAVY, BLUE]])
    with pytest.raises(InputError, match=r"1-1-1-d\.bmp: the mask is 20 × 10 pixels, its image 30 × 10"):
        herlev.read_mask(path, (10, 30))


def test_a_photograph_is_no_mask(tmp_path: Path) -> None:
    path = save(tmp_path / "1-1-1-d.bmp", [[(200, 180, 190), NAVY]])
    with pytest.raises(
        InputError, match=r"1-1-1-d\.bmp: 50% of the pixels have none of Herlev's mask colours"
    ):
        herlev.read_mask(path, (10, 20))


def test_a_mask_that_exif_data_turn_is_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "1-1-1-d.png", [[RED, NAVY, BLUE]])
    exif = Image.Exif()
    exif[0x0112] = 3
    Image.open(path).copy().save(path, exif=exif)
    with pytest.raises(InputError, match=r"1-1-1-d\.png: EXIF orientation 3 found"):
        herlev.read_mask(path, (10, 30))


def test_a_partial_truth_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "1-1-1-d.png"
    Image.fromarray(np.array([[NUCLEUS, NUCLEUS, 253]], dtype=np.uint8)).save(path)
    with pytest.raises(InputError, match=r"1-1-1-d\.png: a partial truth \(253 or 254\) found"):
        herlev.read_mask(path, (1, 3))


def test_a_mask_without_a_nucleus_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "c" / "1-1-1.bmp", [[NAVY]])
    save(tmp_path / "c" / "1-1-1-d.bmp", [[NAVY]])
    with pytest.raises(InputError, match=r"1-1-1-d\.bmp: the mask has no nucleus"):
        draw(herlev.read(tmp_path).cells[0], (10, 10))


def test_the_real_pairs(shared_data: Path) -> None:
    reading = herlev.read(shared_data / "herlev")
    assert len(reading.cells) == 763
    assert reading.skipped == []
    assert reading.found.keys() == herlev.OFFICIAL.keys()
    assert all(reading.found[name] <= herlev.OFFICIAL[name] for name in reading.found)
    for cell in reading.cells[::40]:
        drawn, cut = draw(cell, read_image(cell.image).shape[:2])
        assert cut is None
        assert 0 < drawn.nucleus.sum() < drawn.whole.sum()
