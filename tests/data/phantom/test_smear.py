"""Phantoms: the truth written is the truth painted, and each category carries its mark."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.contours import fill, read_dat
from pap_core.data.phantom import smear as phantom
from pap_core.errors import InputError

FIELD = (640, 512)


@pytest.fixture(scope="module")
def smears() -> list[phantom.Smear]:
    """Three small fields of each category."""
    return [phantom.smear(category, seed, FIELD) for category in phantom.CATEGORIES for seed in range(3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whole smear of each category and a second of the first, as files."""
    folder = tmp_path_factory.mktemp("phantoms") / "empty"
    folder.mkdir()
    steps: list[tuple[int, int]] = []
    phantom.write(folder, smears=6, seed=4, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 6) for done in range(1, 7)]
    return folder


def masks(smear: phantom.Smear) -> tuple[np.ndarray, np.ndarray]:
    """Return where any annotated cell and where any annotated nucleus lies, ``(H, W)`` bool each."""
    shape = smear.image.shape[:2]
    cells = [fill(cell, shape) for cell, _ in smear.cells]
    nuclei = [fill(nucleus, shape) for _, nucleus in smear.cells]
    return np.any(cells, axis=0), np.any(nuclei, axis=0)


def test_a_smear_is_an_image_with_the_truth_about_it(smears: list[phantom.Smear]) -> None:
    for smear in smears:
        assert smear.image.shape == (FIELD[1], FIELD[0], 3)
        assert smear.image.dtype == np.uint8
        for polygon in (polygon for cell in smear.cells for polygon in cell):
            assert 7 <= len(polygon) <= 139  # as in the official files
            assert (polygon >= 0).all()
            assert (polygon <= FIELD).all()
    assert {smear.category for smear in smears} == set(phantom.CATEGORIES)
    assert sum(len(smear.cells) for smear in smears) >= 20


def test_the_same_seed_gives_the_same_bytes() -> None:
    one, again, other = (phantom.smear("Metaplastic", seed, (256, 256)) for seed in (5, 5, 6))
    assert one.image.tobytes() == again.image.tobytes()
    assert _numbers(one) == _numbers(again)
    assert one.image.tobytes() != other.image.tobytes()
    assert one.image.tobytes() != phantom.smear("Parabasal", 5, (256, 256)).image.tobytes()


def _numbers(smear: phantom.Smear) -> list[list]:
    return [[polygon.tolist() for polygon in cell] for cell in smear.cells]


def test_each_nucleus_lies_wholly_inside_its_cell(smears: list[phantom.Smear]) -> None:
    for smear in smears:
        for cell, nucleus in smear.cells:
            inside, core = fill(cell, smear.image.shape[:2]), fill(nucleus, smear.image.shape[:2])
            assert core.any()
            assert not (core & ~inside).any()
            assert core.sum() < 0.5 * inside.sum()


def test_nuclei_are_darker_than_cytoplasm_and_cytoplasm_than_background(smears: list[phantom.Smear]) -> None:
    for category in phantom.CATEGORIES:
        levels = []
        for smear in (smear for smear in smears if smear.category == category and smear.cells):
            cells, nuclei = masks(smear)
            grey = smear.image.mean(axis=2)
            levels.append([grey[nuclei].mean(), grey[cells & ~nuclei].mean(), grey[~cells].mean()])
        nucleus, cytoplasm, background = np.mean(levels, axis=0)
        assert nucleus < cytoplasm - 8, category
        assert cytoplasm < background - 8, category


def test_the_edge_painted_is_the_edge_written(smears: list[phantom.Smear]) -> None:
    """Just inside a nucleus it is darker than just outside, and an outline put elsewhere would not do."""
    here, elsewhere = [], []
    for smear in smears:
        grey = smear.image.mean(axis=2)
        for _, nucleus in smear.cells:
            here.append(_step(grey, nucleus))
            elsewhere.append(_step(grey, nucleus + (np.ptp(nucleus, axis=0) * 0.6)))
    assert np.mean(np.array(here) > 0) > 0.9
    assert np.mean(here) > 3 * np.mean(elsewhere)


def _scaled(polygon: np.ndarray, factor: float, shape: tuple[int, int]) -> np.ndarray:
    centre = polygon.mean(axis=0)
    return fill(centre + (polygon - centre) * factor, shape)


def _step(grey: np.ndarray, polygon: np.ndarray) -> float:
    """Return how much darker it is within `polygon` than in the ring about it."""
    inner = _scaled(polygon, 0.9, grey.shape)
    ring = _scaled(polygon, 1.35, grey.shape) & ~_scaled(polygon, 1.1, grey.shape)
    return float(grey[ring].mean() - grey[inner].mean()) if ring.any() and inner.any() else 0.0


def _halo(smear: phantom.Smear) -> list[float]:
    """Return by cell how much lighter the ring about its nucleus is than the rest of its cytoplasm."""
    grey, found = smear.image.mean(axis=2), []
    for cell, nucleus in smear.cells:
        near = _scaled(nucleus, 1.5, grey.shape) & ~_scaled(nucleus, 1.15, grey.shape)
        far = fill(cell, grey.shape) & ~_scaled(nucleus, 2.2, grey.shape)
        if far.any():  # a large nucleus leaves none
            found.append(float(grey[near].mean() - grey[far].mean()))
    return found


def test_koilocytes_and_only_they_have_a_halo(smears: list[phantom.Smear]) -> None:
    by_category = {
        category: [gap for smear in smears if smear.category == category for gap in _halo(smear)]
        for category in ("Koilocytotic", "Superficial-Intermediate", "Parabasal")
    }
    halo = np.median(by_category.pop("Koilocytotic"))
    assert halo > 10
    for category, gaps in by_category.items():
        assert np.median(gaps) < halo - 8, category


def test_the_folder_has_the_official_layout(folder: Path) -> None:
    assert json.loads((folder / "phantom.json").read_text())["seed"] >= 0
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == sorted(
        f"im_{name}" for name in phantom.CATEGORIES
    )
    for category in phantom.CATEGORIES:
        inner = folder / f"im_{category}" / f"im_{category}"
        numbers = ["001", "002"] if category == phantom.CATEGORIES[0] else ["001"]
        assert sorted(path.stem for path in inner.glob("*.bmp")) == numbers
        cells = sorted(path.name for path in inner.glob("001_cyt*.dat"))
        assert cells
        assert cells == [f"001_cyt{number + 1:02d}.dat" for number in range(len(cells))]
        for number in range(1, len(cells) + 1):
            assert (inner / f"001_nuc{number:02d}.dat").is_file()
            for ending in (".bmp", "_cyt.dat", "_nuc.dat"):
                assert (inner / "CROPPED" / f"001_{number:02d}{ending}").is_file()
        with Image.open(inner / "001.bmp") as image:
            assert image.size == (2048, 1536)
            assert image.mode == "RGB"
    assert not list(folder.parent.glob(".*"))  # nothing unfinished left behind


def test_crops_follow_the_official_rule(folder: Path) -> None:
    for inner in (folder / f"im_{category}" / f"im_{category}" for category in phantom.CATEGORIES):
        smear = np.asarray(Image.open(inner / "001.bmp"))
        for path in inner.glob("001_cyt*.dat"):
            number, cell = path.stem[-2:], read_dat(path)
            left, top = np.floor(cell.min(axis=0)).astype(int) - 10
            width, height = (
                np.floor(cell.max(axis=0)).astype(int) - np.floor(cell.min(axis=0)).astype(int) + 21
            )
            crop = np.asarray(Image.open(inner / "CROPPED" / f"001_{number}.bmp"))
            x, y = max(left, 0), max(top, 0)
            assert np.array_equal(crop, smear[y : top + height, x : left + width])
            for kind, whole in (("cyt", cell), ("nuc", read_dat(inner / f"001_nuc{number}.dat"))):
                shifted = read_dat(inner / "CROPPED" / f"001_{number}_{kind}.dat")
                assert np.allclose(whole - (x + 0.5, y + 0.5), shifted, atol=1e-6)


def test_a_broken_off_write_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        phantom.write(tmp_path / "new", smears=1, progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_refusals(tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text("mine")
    for target, smears, words in (
        (tmp_path, 1, "new or empty"),
        (kept, 1, "a file"),
        (tmp_path / "x", 0, "1 or"),
    ):
        with pytest.raises(InputError, match=words):
            phantom.write(target, smears=smears)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]
    assert kept.read_text() == "mine"
    with pytest.raises(ValueError, match="Parabasal"):
        phantom.smear("parabasal", 0)
    with pytest.raises(ValueError, match="128"):
        phantom.smear("Parabasal", 0, (64, 300))
