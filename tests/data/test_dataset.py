"""Data set folders as torch data: what cannot be used is named, and validation never leaks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pap_core.data.dataset import Crops, load, training_and_validation
from pap_core.data.described import describe
from pap_core.data.split import hold_out
from pap_core.errors import InputError
from pap_core.images import write_png
from pap_core.labels import IGNORE


def write(folder: Path, sizes: dict[str, int], side: int = 16, category: str = "NA") -> Path:
    """Write a data set with so many crops of each group; the last group is the test side."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    random, rows = np.random.default_rng(0), []
    for group, size in sizes.items():
        for number in range(size):
            name = f"{group}_{number}"
            write_png(folder / "images" / f"{name}.png", random.integers(0, 256, (side, side, 3), np.uint8))
            label = np.array([0, 1, 2, IGNORE], np.uint8)[random.integers(0, 4, (side, side))]
            write_png(folder / "labels" / f"{name}.png", label)
            where = "test" if group == list(sizes)[-1] else "train"
            rows.append({"id": name, "category": category, "group": group, "split": where})
    pd.DataFrame(rows).to_csv(folder / "manifest.csv", index=False)
    (folder / "dataset.json").write_text(json.dumps({"crops": len(rows)}))
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "dataset", {"001": 3, "002": 2, "003": 4})


def test_load(folder):
    train, test = load([folder], "train"), load([folder], "test")
    assert (len(train), len(test)) == (5, 4)
    assert train.images.shape == (5, 3, 16, 16)
    assert train.images.dtype == train.labels.dtype == torch.uint8
    assert train.labels.shape == (5, 16, 16)
    assert set(train.labels.unique().tolist()) == {0, 1, 2, IGNORE}
    assert train.table["group"].tolist() == ["001"] * 3 + ["002"] * 2  # names, not numbers
    assert set(train.table["category"]) == {"NA"}  # nor nothing
    random = np.random.default_rng(0)
    expected = random.integers(0, 256, (16, 16, 3), np.uint8)
    assert np.array_equal(train.images[0].permute(1, 2, 0).numpy(), expected)


def test_two_folders_are_one_after_the_other(tmp_path, folder):
    other = write(tmp_path / "other", {"101": 2, "102": 1})
    both = load([folder, other], "train")
    assert both.table["folder"].tolist() == [str(folder)] * 5 + [str(other)] * 2
    assert torch.equal(both.images[5:], load([other], "train").images)


def test_subset(folder):
    crops = load([folder], "train")
    chosen = np.array([False, True, False, False, True])
    found = crops.subset(chosen)
    assert found.table["id"].tolist() == ["001_1", "002_1"]
    assert found.table.index.tolist() == [0, 1]
    assert torch.equal(found.images, crops.images[[1, 4]])
    assert torch.equal(found.labels, crops.labels[[1, 4]])


def spoil(name: str, content: bytes | None):
    def change(folder: Path) -> None:
        (folder / name).unlink() if content is None else (folder / name).write_bytes(content)

    return change


def other_label(pixels: np.ndarray):
    return lambda folder: write_png(folder / "labels" / "001_1.png", pixels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (spoil("dataset.json", None), r"no dataset\.json.*pap_core build"),
        (spoil("dataset.json", b"{"), r"dataset\.json: cannot be read"),
        (spoil("manifest.csv", None), r"manifest\.csv is missing"),
        (spoil("images/001_1.png", None), r"images/001_1\.png: there is no such file"),
        (spoil("images/001_1.png", b"no picture"), r"images/001_1\.png: not a picture"),
        (spoil("labels/002_0.png", None), r"labels/002_0\.png: there is no such file"),
        (other_label(np.full((16, 16), 3, np.uint8)), r"labels/001_1\.png: not the label map"),
        (other_label(np.full((16, 16), 128, np.uint8)), r"labels/001_1\.png: not the label map"),
        (other_label(np.zeros((16, 15), np.uint8)), r"labels/001_1\.png: not the label map"),
    ],
)
def test_what_cannot_be_loaded_is_named(folder, change, message):
    change(folder)
    with pytest.raises(InputError, match=message):
        load([folder], "train")


def test_no_crop_on_a_side(tmp_path):
    folder = write(tmp_path / "dataset", {"only": 2})
    assert len(load([folder], "test")) == 2
    with pytest.raises(InputError, match="no crop on the train side"):
        load([folder], "train")


def test_crops_of_different_sizes(tmp_path, folder):
    other = write(tmp_path / "other", {"101": 2, "102": 1}, side=8)
    with pytest.raises(InputError, match="different sizes"):
        load([folder, other], "train")


def test_describe(folder, tmp_path):
    assert describe(folder) == {"crops": 9}
    with pytest.raises(InputError, match="nowhere"):
        describe(tmp_path / "nowhere")


def make_crops(groups: list[str]) -> Crops:
    table = pd.DataFrame({"group": groups, "slide": groups, "folder": "somewhere"})
    pixels = torch.arange(len(groups), dtype=torch.uint8)
    return Crops(table, pixels.view(-1, 1, 1, 1).expand(-1, 3, 2, 2), pixels.view(-1, 1, 1).expand(-1, 2, 2))


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_no_group_is_held_out_in_part(seed, share):
    random = np.random.default_rng(seed)
    groups = [f"smear{number}" for number in range(40) for _ in range(random.integers(1, 8))]
    random.shuffle(groups)
    crops = make_crops(groups)
    training, validation = training_and_validation(crops, share, seed)
    assert set(training.table["group"]).isdisjoint(validation.table["group"])
    seen = torch.cat([training.images, validation.images])[:, 0, 0, 0].sort().values
    assert torch.equal(seen, crops.images[:, 0, 0, 0])  # each crop once
    assert len(validation) / len(crops) == pytest.approx(share, abs=0.04)
    for part in (training, validation):
        assert torch.equal(part.images[:, 0], part.labels)  # each image still beside its label
        assert [groups[place] for place in part.labels[:, 0, 0].tolist()] == part.table["group"].tolist()


def test_the_seed_decides_what_is_held_out():
    groups = [f"smear{number}" for number in range(40)]
    assert hold_out(groups, 0.2, 0) == hold_out(groups[::-1], 0.2, 0)
    assert hold_out(groups, 0.2, 0) != hold_out(groups, 0.2, 1)


@pytest.mark.parametrize("groups", [["a"] * 10, ["a"] * 5 + ["b"] * 5])
def test_too_few_groups_to_hold_one_out(groups):
    with pytest.raises(InputError, match="too few to hold one out"):
        training_and_validation(make_crops(groups), 0.1, 0)
