"""The same picture under two names: it stands on one side of a split, whatever it is called."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pap_core.data.build import BuildOptions, build
from pap_core.data.dataset import load, training_and_validation
from pap_core.data.likeness import same_pictures, torn
from pap_core.data.summary import summary
from pap_core.data.twins import first_of_each
from pap_core.errors import InputError
from tests.helpers.built import rows

PAIRS = 12
GLASS, CELL, NUCLEUS = (230, 225, 220), (120, 160, 200), (60, 40, 90)


def paint(folder: Path, name: str, seed: int, smaller: int = 0, ending: str = "bmp") -> None:
    """Write a pair of image and mask; `smaller` changes the mask alone."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    smudges = np.kron(chance.integers(-20, 20, (7, 9)), np.ones((10, 10), dtype=int))[..., None]
    image = chance.integers(-8, 8, (70, 90, 3)) + smudges + GLASS
    mask = np.full((70, 90, 3), (255, 0, 0), dtype=np.uint8)
    for place, colour, code in (((10, 60), CELL, (0, 0, 128)), ((25, 45), NUCLEUS, (0, 0, 255))):
        image[place[0] : place[1], place[0] : place[1]] = colour
        mask[place[0] : place[1] - smaller, place[0] : place[1]] = code
    Image.fromarray(image.clip(0, 255).astype(np.uint8)).save(folder / f"{name}.{ending}")
    Image.fromarray(mask).save(folder / f"{name}-d.bmp")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Pairs of slides that hold the same picture, one of them as another kind of file, its mask redrawn."""
    for seed in range(PAIRS):
        paint(tmp_path / "source" / "normal", f"{seed:02d}-1-1", seed)
        paint(tmp_path / "source" / "normal", f"{seed + 50}-1-1", seed, smaller=3, ending="png")
    return tmp_path / "source"


def sides(folder: Path) -> dict[str, set[str]]:
    """Return the sides that each picture stands on, by what is in it."""
    found: dict[str, set[str]] = {}
    for row in rows(folder):
        found.setdefault(row["picture"], set()).add(row["split"])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_same_picture_stands_on_one_side(source: Path, tmp_path: Path, seed: int) -> None:
    described = build(source, tmp_path / "set", BuildOptions(seed=seed))
    found = sides(tmp_path / "set")
    assert len(found) == PAIRS
    assert all(len(one) == 1 for one in found.values())
    assert set.union(*found.values()) == {"train", "test"}
    assert described["united"] == [[f"{seed:02d}", str(seed + 50)] for seed in range(PAIRS)]
    assert {row["group"] for row in rows(tmp_path / "set")} == {f"{seed:02d}" for seed in range(PAIRS)}
    assert "03, 53 are kept together as 03" in summary(described)


def test_the_pairs_at_hand_stand_on_one_side(shared_data: Path, tmp_path: Path) -> None:
    build(shared_data / "faults" / "10", tmp_path / "set")
    assert len(sides(tmp_path / "set")) == 10
    assert all(len(one) == 1 for one in sides(tmp_path / "set").values())


def test_slides_without_a_common_picture_stay_apart(tmp_path: Path) -> None:
    for seed in range(4):
        paint(tmp_path / "source" / "normal", f"{seed}-1-1", seed)
    described = build(tmp_path / "source", tmp_path / "set")
    assert described["united"] == []
    assert {row["group"] for row in rows(tmp_path / "set")} == {"0", "1", "2", "3"}


def test_a_chain_of_common_pictures_is_one(tmp_path: Path) -> None:
    for name, seed in (("a-1-1", 1), ("b-1-1", 1), ("b-1-2", 2), ("c-1-1", 2), ("d-1-1", 3)):
        paint(tmp_path / "source" / "normal", name, seed)
    assert build(tmp_path / "source", tmp_path / "set")["united"] == [["a", "b", "c"]]


def test_beside_another_data_set_the_same_picture_keeps_its_side(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "first")
    for seed in range(PAIRS):
        paint(tmp_path / "renamed" / "other", f"{seed + 900}-1-1", seed, smaller=1)
    for seed in range(3):  # whose sides the seed may choose
        options = BuildOptions(beside=(str(tmp_path / "first"),), seed=seed)
        described = build(tmp_path / "renamed", tmp_path / f"second{seed}", options)
        assert sides(tmp_path / f"second{seed}") == sides(tmp_path / "first")
        assert sum(described["settled"].values()) == PAIRS


def test_a_slide_keeps_the_side_it_had_under_the_name_of_another(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "first")
    for seed in range(PAIRS):  # other pictures of the slides whose names are not in the manifest
        paint(tmp_path / "more" / "normal", f"{seed + 50}-2-2", seed + 100)
    build(tmp_path / "more", tmp_path / "second", BuildOptions(beside=(str(tmp_path / "first"),), seed=5))
    first = {row["group"]: row["split"] for row in rows(tmp_path / "first")}
    second = {row["group"]: row["split"] for row in rows(tmp_path / "second")}
    assert second == {str(int(group) + 50): side for group, side in first.items()}


def test_several_sources_keep_the_same_picture_together(source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "copy")
    for path in sorted((tmp_path / "copy" / "normal").iterdir()):
        path.rename(path.with_name(f"x{path.name}"))
    described = build([source, tmp_path / "copy"], tmp_path / "set")
    assert described["crops"] == 4 * PAIRS
    assert all(len(one) == 1 for one in sides(tmp_path / "set").values())
    assert ["herlev:00", "herlev:50", "herlev:x00", "herlev:x50"] in described["united"]


def test_validation_holds_out_the_same_picture_of_every_data_set(source: Path, tmp_path: Path) -> None:
    shutil.copytree(source, tmp_path / "copy")
    for path in sorted((tmp_path / "copy" / "normal").iterdir()):
        path.rename(path.with_name(f"x{path.name}"))
    folders = [tmp_path / "one", tmp_path / "two"]
    for one, folder in zip((source, tmp_path / "copy"), folders, strict=True):
        build(one, folder, BuildOptions(test_share=0))
    training, validation = training_and_validation(load(folders, "train"), 0.3, 1)
    assert len(training) + len(validation) == 4 * PAIRS
    assert not set(training.table["picture"]) & set(validation.table["picture"])


def test_validation_knows_what_another_data_set_found_to_be_one(source: Path, tmp_path: Path) -> None:
    for seed in range(PAIRS):
        paint(tmp_path / "more" / "normal", f"{seed + 50}-2-2", seed + 100)
    folders = [tmp_path / "one", tmp_path / "two"]
    for one, folder in zip((source, tmp_path / "more"), folders, strict=True):
        build(one, folder, BuildOptions(test_share=0))
    training, validation = training_and_validation(load(folders, "train"), 0.3, 1)
    slides = [{int(group) % 50 for group in crops.table["group"]} for crops in (training, validation)]
    assert len(training) + len(validation) == 3 * PAIRS
    assert not slides[0] & slides[1]


def test_the_paper_split_is_counted_by_what_is_one(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "set", BuildOptions(split="paper"))
    table = pd.DataFrame(rows(tmp_path / "set"))
    both = table.groupby("group")["split"].nunique() > 1
    assert both.any()
    assert both.sum() == sum(len(one) == 2 for one in sides(tmp_path / "set").values())


@pytest.mark.parametrize("column", ["picture", "digest"])
def test_pictures_torn_apart_are_counted(column: str) -> None:
    table = pd.DataFrame(
        {
            "group": ["a", "b", "c", "d", "e", "e"],
            "split": ["train", "test", "train", "train", "train", "test"],
            column: ["1", "1", "2", "2", "3", "3"],
        }
    )
    assert torn(table) == 1  # that of e is counted as a smear on both sides
    assert torn(table.drop(columns=column)) == 0


def test_order_does_not_decide_the_name() -> None:
    pairs = [("c", "1"), ("b", "2"), ("a", "1"), ("b", "1"), ("d", "4")]
    expected = {"a": "a", "b": "a", "c": "a", "d": "d"}
    assert first_of_each(pairs) == first_of_each(pairs[::-1]) == expected


def test_a_seed_that_its_own_file_could_not_hold_is_refused(source: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"seed .*: choose a number of 64 bit"):
        build(source, tmp_path / "set", BuildOptions(seed=10**30))
    assert not (tmp_path / "set").exists()


# the same picture as other files have it


def real(shared_data: Path) -> list[Path]:
    """Return images of real cells that have a mask beside them."""
    masks = sorted((shared_data / "herlev" / "normal_columnar").glob("*-d.png"))
    return [path.with_name(path.name.replace("-d", "")) for path in masks]


def copied(image: Path, folder: Path, name: str, turn: Image.Transpose | None, ending: str = "png") -> None:
    """Copy a pair of image and mask, both turned, the image in another format."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, new in (
        (image, f"{name}.{ending}"),
        (image.with_name(f"{image.stem}-d.png"), f"{name}-d.png"),
    ):
        with Image.open(path) as picture:
            turned = picture.convert("RGB") if turn is None else picture.convert("RGB").transpose(turn)
            turned.save(folder / new)


COPIES = [(turn, "png") for turn in Image.Transpose] + [(None, "jpg"), (Image.Transpose.ROTATE_90, "jpg")]


def test_a_picture_turned_mirrored_or_saved_as_jpeg_is_the_same(shared_data: Path, tmp_path: Path) -> None:
    for number, image in enumerate(real(shared_data)[: len(COPIES)]):
        copied(image, tmp_path / "source" / "normal", f"{number:02d}-1-1", None)
        copied(image, tmp_path / "source" / "normal", f"{number + 50}-1-1", *COPIES[number])
    described = build(tmp_path / "source", tmp_path / "set")
    assert described["united"] == [[f"{one:02d}", str(one + 50)] for one in range(len(COPIES))]
    assert torn(pd.DataFrame(rows(tmp_path / "set"))) == 0
    assert len({row["picture"] for row in rows(tmp_path / "set")}) == 2 * len(COPIES)


@pytest.mark.slow
def test_such_a_picture_keeps_its_side_and_is_not_validated_on(shared_data: Path, tmp_path: Path) -> None:
    for number, image in enumerate(real(shared_data)[:8]):
        copied(image, tmp_path / "a" / "normal", f"{number:02d}-1-1", None)
        copied(image, tmp_path / "b" / "normal", f"{number + 50}-1-1", COPIES[number % 7][0], "jpg")
    first, second = tmp_path / "first", tmp_path / "second"
    build(tmp_path / "a", first)
    build(tmp_path / "b", second, BuildOptions(beside=(str(first),), seed=5))
    before, after = ({row["group"]: row["split"] for row in rows(folder)} for folder in (first, second))
    assert after == {str(int(group) + 50): side for group, side in before.items()}
    training, validation = training_and_validation(load([first, second], "train"), 0.3, 1)
    slides = [{int(group) % 50 for group in crops.table["group"]} for crops in (training, validation)]
    assert all(slides)
    assert not slides[0] & slides[1]


@pytest.mark.slow
def test_other_cells_are_other_pictures(shared_data: Path, tmp_path: Path) -> None:
    for number, image in enumerate(real(shared_data)[:20]):
        copied(image, tmp_path / "source" / "normal", f"{number:02d}-1-1", None)
    assert build(tmp_path / "source", tmp_path / "set")["united"] == []
    empty = {"a": f"{5:08x}{7:08x}" + "e0" * 144, "b": f"{5:08x}{7:08x}" + "e1" * 144, "c": ""}
    assert same_pictures(empty) == {"a": "a", "b": "b", "c": "c"}  # nothing in them tells
