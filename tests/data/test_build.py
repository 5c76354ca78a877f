"""Data set folders: what is in them, and that they come out the same."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.contours import fill
from pap_core.data import cutting
from pap_core.data.build import MANIFEST, BuildOptions, build
from pap_core.data.readers import herlev, sipakmed
from pap_core.data.summary import summary
from pap_core.errors import InputError
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS, colour_map
from tests.helpers.building import cut_here
from tests.helpers.built import reasons, rows

KINDS = ("images", "labels", "targets")
FILES = {"dataset.json", "manifest.csv", "skipped.csv", *KINDS}
REPOSITORY = Path(__file__).parents[2]


def pixels(folder: Path, kind: str, identifier: str) -> np.ndarray:
    """Return a file of a crop as it is stored."""
    with Image.open(folder / kind / f"{identifier}.png") as picture:
        return np.array(picture)


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of a data set folder but the one that names the place of its source."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "dataset.json"}


@pytest.fixture(scope="module")
def odd_source(tmp_path_factory: pytest.TempPathFactory, paint_smear, circle) -> Path:
    """Smears of two categories with everything that goes wrong in the full download."""
    source = tmp_path_factory.mktemp("odd") / "download"
    one, two = source / "im_Parabasal", source / "im_Koilocytotic" / "im_Koilocytotic"
    good = (circle(300, 240, 70), circle(305, 240, 18))
    neighbour = (circle(390, 240, 50), circle(390, 240, 15))
    cells = [
        good,
        neighbour,
        (circle(200, 250, 60), circle(255, 250, 20)),  # 03: nucleus partly outside its cell
        (circle(60, 250, 40), circle(60, 250, 15)),  # 04: window leaves the smear
        (circle(900, 250, 40), circle(900, 250, 15)),  # 05: cell outside the image
        (circle(300, 400, 50), circle(300, 100, 15)),  # 06: nucleus outside its cell
        (circle(300, 300, 50), circle(700, 300, 15)),  # 07: nucleus outside the image
        good,  # 08 on: files spoilt below
        good,
        good,
    ]
    paint_smear(one, "001", cells)
    (one / "001_nuc08.dat").write_text("")
    (one / "001_nuc09.dat").write_bytes(b"\xff\xfe\x00")
    (one / "001_cyt10.dat").write_text("1\n2\n3\n")
    paint_smear(two, "002", [good, (circle(300, 150, 160), circle(300, 200, 18))])  # 02: beyond the image
    for path in two.glob("*.dat"):
        path.write_bytes(path.read_bytes().replace(b",", b" ").replace(b"\n", b"\r\n\r\n"))
    truncated = paint_smear(two, "003", [good, neighbour])
    truncated.write_bytes(truncated.read_bytes()[:5000])
    paint_smear(two, "004", [good]).write_text("no picture")
    paint_smear(one, "005", [])
    return source


@pytest.fixture(scope="module")
def odd(odd_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The windows of the odd source."""
    folder = tmp_path_factory.mktemp("odd") / "windows"
    steps: list[tuple[int, int]] = []
    described = build(odd_source, folder, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(done, 4) for done in range(1, 5)]
    assert described["mode"] == "window"
    return folder


def test_every_cell_is_cut_or_listed_with_its_reason(odd: Path) -> None:
    kept = ["Koilocytotic_002_01", "Koilocytotic_002_02"]
    kept += ["Parabasal_001_01", "Parabasal_001_02", "Parabasal_001_03"]
    assert [row["id"] for row in rows(odd)] == kept
    listed = reasons(odd)
    expected = {
        "Koilocytotic_002_02": ("", "clipped, kept: cell outline reaches beyond the image"),
        "Koilocytotic_003_01": ("003.bmp", "damaged or cut short"),
        "Koilocytotic_003_02": ("003.bmp", "damaged or cut short"),
        "Koilocytotic_004_01": ("004.bmp", "not a picture"),
        "Parabasal_001_03": ("", "of the nucleus lies outside its cell"),
        "Parabasal_001_04": ("001.bmp", "leaves the 600 × 500 image"),
        "Parabasal_001_05": ("001.bmp", "the cell outline of Parabasal_001_05 lies outside the image"),
        "Parabasal_001_06": ("001.bmp", "the nucleus of Parabasal_001_06 lies outside its cell"),
        "Parabasal_001_07": ("001.bmp", "the nucleus of Parabasal_001_07 lies outside the image"),
        "Parabasal_001_08": ("001_nuc08.dat", "empty"),
        "Parabasal_001_09": ("001_nuc09.dat", "not a text file"),
        "Parabasal_001_10": ("001_cyt10.dat", "line 1 reads '1'"),
        "Parabasal_005": ("005.bmp", "without contours"),
    }
    assert listed.keys() == expected.keys()
    for name, (file, reason) in expected.items():
        assert file in listed[name]
        assert reason in listed[name]


def test_the_folder_holds_what_the_design_says(odd: Path) -> None:
    assert {path.name for path in odd.iterdir()} == FILES
    table = rows(odd)
    assert list(table[0]) == MANIFEST
    for kind in KINDS:
        assert {path.stem for path in (odd / kind).iterdir()} == {row["id"] for row in table}
    described = json.loads((odd / "dataset.json").read_text())
    assert described["crops"] == len(table)
    assert described["sides"] == {"train": 0, "test": 0} | Counter(row["split"] for row in table)
    assert described["categories"] == Counter(row["category"] for row in table)
    assert described["skipped"] == len(rows(odd, "skipped.csv"))
    assert described["clipped"] == 2
    assert described["found"] == {"Koilocytotic": [3, 5], "Parabasal": [2, 10]}
    assert described["full_download"] is False


@pytest.mark.parametrize("name", ["odd", "phantom_dataset"], ids=["window", "fit"])
def test_crops_labels_and_targets_agree(name: str, request: pytest.FixtureRequest) -> None:
    folder = request.getfixturevalue(name)
    for row in rows(folder):
        image, label, target = (pixels(folder, kind, row["id"]) for kind in KINDS)
        assert image.shape == target.shape == (256, 256, 3)
        assert label.shape == (256, 256)
        assert set(np.unique(label)) <= {0, CYTOPLASM, NUCLEUS, IGNORE}
        assert {CYTOPLASM, NUCLEUS} <= set(np.unique(label))
        np.testing.assert_array_equal(target, colour_map(label, 2))
        counts = {"background": 0, "cytoplasm": CYTOPLASM, "nucleus": NUCLEUS, "ignore": IGNORE}
        for column, value in counts.items():
            assert int(row[column]) == (label == value).sum()


def test_windows_lie_where_the_manifest_says(odd: Path, odd_source: Path, circle) -> None:
    by_id = {row["id"]: row for row in rows(odd)}
    row = by_id["Parabasal_001_01"]
    x0, y0 = int(row["x0"]), int(row["y0"])
    assert (x0, y0, float(row["scale"])) == (305 - 128, 240 - 128, 1.0)
    assert row["source"] == "im_Parabasal/001.bmp"
    with Image.open(odd_source / row["source"]) as picture:
        smear = np.array(picture)
    np.testing.assert_array_equal(pixels(odd, "images", row["id"]), smear[y0 : y0 + 256, x0 : x0 + 256])
    # the neighbour that reaches into the window is drawn too
    label = pixels(odd, "labels", row["id"])
    nuclei = fill(circle(305, 240, 18), (500, 600)) | fill(circle(390, 240, 15), (500, 600))
    window = nuclei[y0 : y0 + 256, x0 : x0 + 256]
    assert (label[window] == NUCLEUS).all()


def test_neighbours_can_be_left_out_and_the_border_chosen(
    odd_source: Path, odd: Path, tmp_path: Path
) -> None:
    options = BuildOptions(mode="fit", neighbours=False, border=5, split="paper", seed=2)
    build(odd_source, tmp_path / "alone", options)
    kept = {row["id"] for row in rows(tmp_path / "alone")}
    assert kept == {row["id"] for row in rows(odd)} | {"Parabasal_001_04"}  # fit keeps it
    name = "Parabasal_001_01"
    label = pixels(tmp_path / "alone", "labels", name)
    row = next(row for row in rows(tmp_path / "alone") if row["id"] == name)
    x = round((390 - int(row["x0"])) * float(row["scale"]))
    assert label[128, min(x, 255)] != NUCLEUS
    target = pixels(tmp_path / "alone", "targets", name)
    np.testing.assert_array_equal(target, colour_map(label, 5))
    assert (target != colour_map(label, 2)).any()


def test_the_small_data_set_is_fit_to_train_on(phantom_dataset: Path) -> None:
    described = json.loads((phantom_dataset / "dataset.json").read_text())
    assert described["source"] == "phantom"
    assert described["mode"] == "fit"
    assert described["official"] == {}
    table = rows(phantom_dataset)
    groups = {side: {row["group"] for row in table if row["split"] == side} for side in ("train", "test")}
    assert len(groups["train"]) >= 6
    assert groups["test"]
    assert not groups["train"] & groups["test"]


@pytest.mark.slow
def test_the_same_source_gives_the_same_data_set_anywhere(
    phantom_source: Path, phantom_dataset: Path, tmp_path: Path
) -> None:
    """By workers, too: the first was built by one process alone."""
    assert sum(path.stat().st_size for path in phantom_source.rglob("*.bmp")) > cutting._LITTLE
    shutil.copytree(phantom_source, tmp_path / "other machine" / "copy")
    (tmp_path / "link").symlink_to(tmp_path / "other machine")
    described = build(tmp_path / "link" / "copy", tmp_path / "again", BuildOptions(mode="fit"))
    first = json.loads((phantom_dataset / "dataset.json").read_text())
    assert described["digest"] == first["digest"]
    assert content(tmp_path / "again") == content(phantom_dataset)


def test_another_seed_gives_another_split_and_digest(
    phantom_source: Path, phantom_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_here(monkeypatch)
    described = build(phantom_source, tmp_path / "other", BuildOptions(mode="fit", seed=1))
    first = json.loads((phantom_dataset / "dataset.json").read_text())
    assert described["digest"] != first["digest"]
    one, other = (
        {row["id"]: row["split"] for row in rows(folder)} for folder in (phantom_dataset, tmp_path / "other")
    )
    assert one.keys() == other.keys()
    assert one != other


def test_a_finished_data_set_is_not_built_again(phantom_source: Path, phantom_dataset: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in phantom_dataset.rglob("*")}
    steps: list[int] = []
    options = BuildOptions(mode="fit")
    described = build(phantom_source, phantom_dataset, options, lambda done, total: steps.append(done))
    assert described == json.loads((phantom_dataset / "dataset.json").read_text())
    assert steps == []
    assert {path: path.stat().st_mtime_ns for path in phantom_dataset.rglob("*")} == before
    with pytest.raises(InputError, match="another source or other options"):
        build(phantom_source, phantom_dataset, BuildOptions(mode="window"))


def test_herlev_pairs_are_built_and_unfit_masks_listed(tmp_path: Path) -> None:
    source = tmp_path / "source" / "light_dysplastic"
    source.mkdir(parents=True)
    for name, size in (("1-1-1", 90), ("2-1-1", 90), ("3-1-1", 80)):
        Image.new("RGB", (90, 70), (210, 190, 200)).save(source / f"{name}.BMP")
        mask = np.full((70, size, 3), (255, 0, 0), dtype=np.uint8)
        mask[20:50, 20:60] = (0, 0, 128)
        mask[30:40, 30:50] = (0, 0, 255)
        mask[:5] = 128
        Image.fromarray(mask).save(source / f"{name}-d.bmp")
    described = build(tmp_path / "source", tmp_path / "set")
    assert (described["source"], described["mode"], described["crops"]) == ("herlev", "fit", 2)
    assert (
        "the mask is 80 × 70 pixels, its image 90 × 70" in reasons(tmp_path / "set")["light_dysplastic_3-1-1"]
    )
    label = pixels(tmp_path / "set", "labels", "light_dysplastic_1-1-1")
    assert set(np.unique(label)) == {0, CYTOPLASM, NUCLEUS}


def test_no_name_in_the_table_of_what_is_skipped_is_a_formula(tmp_path: Path) -> None:
    source = tmp_path / "source" / "-ve"
    source.mkdir(parents=True)
    for name, size in (("1-1-1", 90), ("2-1-1", 90), ("3-1-1", 80)):
        Image.new("RGB", (90, 70), (210, 190, 200)).save(source / f"{name}.BMP")
        mask = np.full((70, size, 3), (255, 0, 0), dtype=np.uint8)
        mask[20:50, 20:60] = (0, 0, 128)
        mask[30:40, 30:50] = (0, 0, 255)
        Image.fromarray(mask).save(source / f"{name}-d.bmp")
    build(tmp_path / "source", tmp_path / "set")
    assert "'-ve_3-1-1" in reasons(tmp_path / "set")


def test_pairs_whose_masks_are_numbers_are_built_where_these_tell(tmp_path: Path) -> None:
    source = tmp_path / "source" / "cells"
    source.mkdir(parents=True)
    label = np.zeros((70, 90), dtype=np.uint8)
    label[20:50, 20:60], label[30:40, 30:50] = CYTOPLASM, NUCLEUS
    apart = np.zeros((70, 90), dtype=np.uint8)
    apart[5:40, 5:40], apart[20:50, 50:85] = 1, 2
    see_through = np.dstack([label, np.where(label == 0, 0, 255).astype(np.uint8)])
    masks = {"1-1-1": label, "2-1-1": see_through, "3-1-1": np.minimum(label, 1), "4-1-1": apart}
    for name, mask in masks.items():
        Image.new("RGB", (90, 70), (210, 190, 200)).save(source / f"{name}.png")
        Image.fromarray(mask).save(source / f"{name}-d.png")
    described = build(tmp_path / "source", tmp_path / "set")
    assert described["crops"] == 2
    for name in ("1-1-1", "2-1-1"):
        stored = pixels(tmp_path / "set", "labels", f"cells_{name}")
        assert set(np.unique(stored)) == {0, CYTOPLASM, NUCLEUS}
    said = reasons(tmp_path / "set")
    assert "3-1-1-d.png: the values 0, 1 found" in said["cells_3-1-1"]
    assert "4-1-1-d.png: the values 0, 1, 2 found" in said["cells_4-1-1"]
    assert "the form of the mask, labels (" in said["cells_4-1-1"]
    assert "--mask-form" in said["cells_4-1-1"]
    described = build(tmp_path / "source", tmp_path / "again", BuildOptions(mask_form="labels"))
    assert (described["crops"], described["mask_form"]) == (3, "labels")
    with pytest.raises(InputError, match="mask form 'nuclei': choose of labels, colours, herlev"):
        build(tmp_path / "source", tmp_path / "other", BuildOptions(mask_form="nuclei"))


@pytest.mark.parametrize("full", [True, False])
def test_the_summary_stands_beside_the_official_counts(full: bool) -> None:
    found = dict(sipakmed.OFFICIAL) if full else {"Parabasal": (2, 9), "Other": (1, 1)}
    described = {
        "found": found,
        "official": sipakmed.OFFICIAL,
        "full_download": full,
        "categories": {"Parabasal": 7},
        "crops": 7,
        "sides": {"train": 5, "test": 2},
        "split": "grouped",
        "seed": 3,
        "skipped": 6,
        "clipped": 2,
    }
    text = summary(json.loads(json.dumps(described)))
    table = {line.split()[0]: line.split()[1:] for line in text.splitlines()}
    assert table["category"] == ["pictures", "official", "cells", "official", "crops"]
    if full:
        assert table["Parabasal"] == ["108", "108", "787", "787", "7"]
        assert table["total"] == ["966", "966", "4049", "4049", "7"]
        assert "is the full download: 966 of 966 pictures, 4049 of 4049 cells" in text
    else:
        assert table["Parabasal"] == ["2", "108", "9", "787", "7"]
        assert table["Koilocytotic"] == ["0", "238", "0", "825", "0"]
        assert table["Other"] == ["1", "0", "1", "0", "0"]
        assert "is not the full download: 3 of 966 pictures, 10 of 4049 cells" in text
    assert "7 crops: 5 for training, 2 for testing (grouped split, seed 3)" in text
    assert "4 skipped and 2 clipped but used" in text
    assert "skipped.csv" in text


def test_the_summary_of_a_phantom_has_no_official_counts(phantom_dataset: Path) -> None:
    described = json.loads((phantom_dataset / "dataset.json").read_text())
    text = summary(described)
    assert "official" not in text
    assert "download" not in text
    assert f"{described['crops']} crops" in text


def test_the_official_counts_are_those_published() -> None:
    assert [sum(counts) for counts in zip(*sipakmed.OFFICIAL.values(), strict=True)] == [966, 4049]
    assert [sum(counts) for counts in zip(*herlev.OFFICIAL.values(), strict=True)] == [917, 917]


@pytest.mark.slow
@pytest.mark.parametrize("form", ["smear", "cropped"])
def test_the_real_smear_is_built(shared_data: Path, tmp_path: Path, form: str) -> None:
    described = build(shared_data / "sipakmed", tmp_path / "fit", BuildOptions(mode="fit", form=form))
    assert described["crops"] == 16
    assert described["categories"] == {"Superficial-Intermediate": 16}
    windows = BuildOptions(mode="window", form=form)
    if form == "smear":
        assert build(shared_data / "sipakmed", tmp_path / "window", windows)["crops"] == 16
        assert list(reasons(tmp_path / "window")) == ["Metaplastic_001"]
    else:  # of crops most are too small, or their nucleus too far off the middle, for a whole window
        kept = build(shared_data / "sipakmed", tmp_path / "window", windows)["crops"]
        assert kept + len(rows(tmp_path / "window", "skipped.csv")) == 16


@pytest.mark.slow
def test_the_real_herlev_is_built(shared_data: Path, tmp_path: Path) -> None:
    described = build(shared_data / "herlev", tmp_path / "set")
    assert described["crops"] == sum(described["sides"].values()) == 763
    assert described["skipped"] == 0
    assert described["full_download"] is False
    table = rows(tmp_path / "set")
    groups = {side: {row["group"] for row in table if row["split"] == side} for side in ("train", "test")}
    assert not groups["train"] & groups["test"]
    for category, count in described["categories"].items():
        tested = sum(row["category"] == category and row["split"] == "test" for row in table)
        assert tested / count == pytest.approx(0.3, abs=0.1)
    assert "763 of 917 pictures" in summary(described)
