"""SIPaKMeD's contours and the ZIP of everything."""

import io
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import binary_fill_holes
from skimage.measure import label as connected

from pap_core.contours import fill, parse_dat
from pap_core.data.crop import draw, label_map
from pap_core.data.readers.sipakmed import read
from pap_core.export import (
    NOTICE,
    bundle,
    cells_csv,
    cells_png,
    coco,
    dat_bundle,
    dat_files,
    geojson,
    label_png,
    map_png,
    nuclei_png,
    overlay_png,
    safe_stem,
)
from pap_core.labels import CYTOPLASM, NUCLEUS

NUMBERED = ["_cyt{:02d}.dat", "_nuc{:02d}.dat"]


def zipped(one, origin, stem: str = "smear 7") -> bytes:
    return bundle(one.image, one.label, one.cells, one.table, origin, stem)


def read_back(folder: Path, one, files: dict[str, bytes]) -> np.ndarray:
    """Read contours as the data set's reader does, from beside their smear."""
    folder = folder / "im_Parabasal"
    folder.mkdir()
    Image.fromarray(one.image).save(folder / "007.bmp")
    for name, content in files.items():
        (folder / name).write_bytes(content)
    reading = read(folder.parent, "smear")
    assert reading.skipped == []
    shape = one.label.shape
    return label_map([draw(cell, shape)[0] for cell in reading.cells], shape)


def jaccard(first: np.ndarray, second: np.ndarray) -> float:
    return (first & second).sum() / (first | second).sum()


@pytest.mark.parametrize("category", ["Superficial-Intermediate", "Parabasal", "Koilocytotic"])
def test_contours_bring_the_label_map_back(category: str, segmented, tmp_path: Path) -> None:
    one = segmented[f"true {category}"]
    files = dat_files(one.label, one.cells, "007")
    assert len(files) == 2 * len(one.table)
    label = read_back(tmp_path, one, files)
    for value in (CYTOPLASM, NUCLEUS):
        assert jaccard(label == value, one.label == value) >= 0.99


def test_a_line_around_the_largest_piece_is_what_contours_tell(one, tmp_path: Path) -> None:
    label = read_back(tmp_path, one, dat_files(one.label, one.cells, "007"))
    np.testing.assert_array_equal(label, told_by_lines(one))


def test_a_prediction_comes_back(predicted, tmp_path: Path) -> None:
    assert len(predicted.table) > 1
    label = read_back(tmp_path, predicted, dat_files(predicted.label, predicted.cells, "007"))
    np.testing.assert_array_equal(label, told_by_lines(predicted))


def told_by_lines(one) -> np.ndarray:
    """Draw the largest piece of each cell and of each nucleus without holes, every nucleus on top."""
    wholes, nuclei = [], []
    for number in one.table["cell"]:
        cell = one.cells == number
        wholes.append(largest(cell))
        nuclei.append(largest(cell & (one.label == NUCLEUS)) & wholes[-1])
    label = np.zeros_like(one.label)
    label[np.any(wholes, axis=0)] = CYTOPLASM
    label[np.any(nuclei, axis=0)] = NUCLEUS
    return label


def largest(mask: np.ndarray) -> np.ndarray:
    filled = [binary_fill_holes(piece) for piece in pieces_of(mask)]
    return max(filled, key=np.sum)


def pieces_of(mask: np.ndarray) -> list[np.ndarray]:
    numbered = connected(mask, connectivity=2)
    return [numbered == number for number in range(1, numbered.max() + 1)]


def test_touching_cells_keep_their_own_contours(hard, tmp_path: Path) -> None:
    files = dat_files(hard.label, hard.cells, "007")
    label = read_back(tmp_path, hard, files)
    expected = np.zeros_like(label)  # what a line around each cell can tell: holes and small pieces are lost
    expected[0:50, 0:100] = CYTOPLASM
    expected[10:30, 10:30] = expected[12:32, 70:90] = expected[100:120, 130:150] = NUCLEUS
    np.testing.assert_array_equal(label, expected)
    for number in (1, 2):
        cell = fill(parse_dat(files[f"007_cyt{number:02d}.dat"], "it"), label.shape)
        assert not (cell & (hard.cells == 3 - number)).any()
        assert jaccard(cell, hard.cells == number) > 0.95  # but for the holes


def test_contours_are_numbered_as_the_table(one) -> None:
    names = dat_files(one.label, one.cells, "007")
    numbers = one.table["cell"].tolist()
    assert sorted(names) == sorted(f"007{end.format(number)}" for number in numbers for end in NUMBERED)


def test_a_cell_without_a_traceable_nucleus_has_no_contours() -> None:
    label = np.full((9, 9), CYTOPLASM, dtype=np.uint8)
    label[4, 4] = NUCLEUS
    assert dat_files(label, np.ones((9, 9), np.int32), "a") == {}


def test_contours_of_a_wide_picture_do_not_move() -> None:
    label = np.zeros((40, 12_400), dtype=np.uint8)
    label[5:35, 12_301:12_341] = CYTOPLASM
    label[10:20, 12_311:12_331] = NUCLEUS
    for name, content in dat_files(label, (label > 0).astype(np.int32), "a").items():
        across = parse_dat(content, name)[:, 0]
        expected = (12_301.5, 12_340.5) if "cyt" in name else (12_311.5, 12_330.5)
        assert (across.min(), across.max()) == expected


def test_the_zip_holds_every_export_as_it_is_alone(hard, origin) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(hard, origin))) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    about = files.pop("about.txt").decode()
    rest = (hard.label, hard.cells, hard.table, origin)
    expected = {
        "smear 7_label.png": label_png(hard.label, origin),
        "smear 7_map.png": map_png(hard.label, origin),
        "smear 7_overlay.png": overlay_png(hard.image, hard.label, origin),
        "smear 7_nuclei.png": nuclei_png(hard.label, hard.cells, origin),
        "smear 7_cells.png": cells_png(hard.cells, origin),
        "smear 7_cells.csv": cells_csv(hard.table, origin),
        "smear 7.geojson": geojson(*rest),
        "smear 7_coco.json": coco(*rest),
    }
    contours = dat_files(hard.label, hard.cells, "smear 7")
    assert files == expected | {f"dat/{name}": content for name, content in contours.items()}
    for said in (NOTICE, origin.digest, origin.checkpoint, origin.picture, "*.geojson"):
        assert said in about


def test_contours_alone_have_the_text_about_them_too(hard, origin) -> None:
    with zipfile.ZipFile(io.BytesIO(dat_bundle(hard.label, hard.cells, origin, "7"))) as archive:
        about = archive.read("about.txt").decode()
        assert set(archive.namelist()) == {"about.txt", *dat_files(hard.label, hard.cells, "7")}
    assert NOTICE in about
    assert origin.digest in about
    assert "*.geojson" not in about


def test_the_same_cells_make_the_same_bytes(hard, origin, monkeypatch: pytest.MonkeyPatch) -> None:
    first = zipped(hard, origin)
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert zipped(hard, origin) == first


@pytest.mark.parametrize(
    ("stem", "safe"),
    [
        ("007", "007"),
        ("smear 7 (left)+b-1", "smear 7 (left)+b-1"),
        ("Größe_ß", "Größe_ß"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot", "boot"),
        ("C:\\smears\\7", "7"),
        (".hidden", "hidden"),
        ("...", "picture"),
        ("", "picture"),
        ("a/", "picture"),
        ("a\nb\0c\u202ed", "a_b_c_d"),
        ('<a href="x">*?|', "_a href__x_____"),
        ("7. ", "7"),
        ("x" * 300, "x" * 80),
    ],
)
def test_names_are_safe(stem: str, safe: str, hard, origin) -> None:
    assert safe_stem(stem) == safe
    with zipfile.ZipFile(io.BytesIO(dat_bundle(hard.label, hard.cells, origin, stem))) as archive:
        for name in archive.namelist():
            assert len(PurePosixPath(name).parts) == 1
            assert name == "about.txt" or name.startswith(f"{safe}_")
