"""What was changed after its build is not taken for what was built: every figure names a digest."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pap_core.data.dataset import load
from pap_core.errors import InputError
from pap_core.images import read_image, write_png
from pap_core.masks import read_label


@pytest.fixture
def folder(phantom_dataset: Path, tmp_path: Path) -> Path:
    """A data set as it was built."""
    return Path(shutil.copytree(phantom_dataset, tmp_path / "dataset"))


def side_of_tests(folder: Path) -> list[str]:
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    return list(table[table["split"] == "test"]["id"])


def swap_labels(folder: Path) -> None:
    one, other = (folder / "labels" / f"{name}.png" for name in side_of_tests(folder)[:2])
    first = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(first)


def empty_label(folder: Path) -> None:
    path = folder / "labels" / f"{side_of_tests(folder)[0]}.png"
    write_png(path, np.zeros_like(read_label(path)))


def touch_pixel(folder: Path) -> None:
    path = folder / "images" / f"{side_of_tests(folder)[0]}.png"
    image = read_image(path).copy()
    image[3, 4, 1] ^= 1
    write_png(path, image)


@pytest.mark.parametrize("change", [swap_labels, empty_label, touch_pixel])
def test_a_crop_or_label_that_was_changed_is_named(folder: Path, change: Callable[[Path], None]) -> None:
    assert len(load([folder], "test"))
    change(folder)
    with pytest.raises(
        InputError, match=f"{side_of_tests(folder)[0]}.png: another crop or label map than was built"
    ):
        load([folder], "test")
    assert len(load([folder], "train"))  # what is untouched is used


@pytest.mark.parametrize(("column", "value"), [("split", "train"), ("category", "other"), ("group", "other")])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_manifest_that_was_edited_is_named(folder: Path, column: str, value: str, encoding: str) -> None:
    path = folder / "manifest.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[table["id"] == side_of_tests(folder)[0], column] = value
    table.to_csv(path, index=False, encoding=encoding)
    for side in ("train", "test"):
        with pytest.raises(InputError, match=re.escape(f"{path}: other cells or another split than was")):
            load([folder], side)


def test_the_same_manifest_saved_by_another_program_is_the_same(folder: Path) -> None:
    path = folder / "manifest.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table[table.columns[::-1]].to_csv(path, index=False, lineterminator="\r\n")
    assert len(load([folder], "test"))


def test_a_digest_that_is_not_of_here_says_nothing(folder: Path) -> None:
    path = folder / "manifest.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False).assign(digest="")
    table.drop(columns="background").to_csv(path, index=False)
    swap_labels(folder)
    assert len(load([folder], "test"))
