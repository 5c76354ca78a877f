"""Reviewed slides keep to one side, whatever else is built from them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pap_core.data.build import BuildOptions, build
from pap_core.data.dataset import load, training_and_validation
from pap_core.reviews.store import Reviews
from tests.helpers.built import rows
from tests.helpers.reviews.reviewed_smear import painted, reviewed


@pytest.fixture
def slides(tmp_path: Path) -> Path:
    """A folder in Herlev's form: a cell of each of six slides."""
    source = tmp_path / "herlev"
    folder = source / "light_dysplastic"
    folder.mkdir(parents=True)
    for slide in range(1, 7):
        mask = np.zeros((90, 90, 3), dtype=np.uint8)
        mask[..., 0] = 255
        mask[20:70, 20:70] = (0, 0, 128)
        mask[35:55, 35:55] = (0, 0, 255)
        image = painted(slide)[:90, :90]
        Image.fromarray(image).save(folder / f"{slide}-1-1.bmp")
        Image.fromarray(mask).save(folder / f"{slide}-1-1-d.bmp")
    return source


def sides(folder: Path) -> dict[str, str]:
    """Return the side of each group, having seen that it has only one."""
    found: dict[str, str] = {}
    for row in rows(folder):
        assert found.setdefault(row["group"], row["split"]) == row["split"]
    return found


def test_reviewed_slides_keep_the_side_of_the_data_set_they_are_of(
    reviews: Reviews, database: Path, slides: Path, tmp_path: Path
) -> None:
    build(slides, tmp_path / "herlev_set", BuildOptions(test_share=0.5))
    before = sides(tmp_path / "herlev_set")
    assert set(before.values()) == {"train", "test"}
    for slide, side in before.items():
        reviewed(reviews, int(slide), group=f"herlev:{slide}", side=side)
    for share in (0.0, 1.0):  # whatever the split would be
        build(database, tmp_path / f"set{share}", BuildOptions(test_share=share))
        assert sides(tmp_path / f"set{share}") == {f"herlev:{slide}": side for slide, side in before.items()}


def test_slides_of_data_sets_beside_stay_on_their_side(
    reviews: Reviews, database: Path, slides: Path, tmp_path: Path
) -> None:
    build(slides, tmp_path / "herlev_set", BuildOptions(test_share=0.5))
    before = sides(tmp_path / "herlev_set")
    for slide in before:
        reviewed(reviews, int(slide), group=f"herlev:{slide}")
    for seed in range(100, 106):
        reviewed(reviews, seed)  # of smears that no data set knows
    beside = (str(tmp_path / "herlev_set"),)
    described = build(database, tmp_path / "set", BuildOptions(test_share=0.5, beside=beside))
    found = sides(tmp_path / "set")
    for slide, side in before.items():
        assert found.pop(f"herlev:{slide}") == side
    assert set(found.values()) == {"train", "test"}  # the others are split as usual
    digest = json.loads((tmp_path / "herlev_set" / "dataset.json").read_text())["digest"]
    assert described["beside"] == [digest]

    # a slide that is tested on anywhere is not trained on
    other = build(slides, tmp_path / "other", BuildOptions(test_share=0.5, seed=1))
    assert other["sides"]["test"] > 0
    both = {slide for slide, side in (sides(tmp_path / "other") | {}).items() if side == "test"}
    both |= {slide for slide, side in before.items() if side == "test"}
    beside += (str(tmp_path / "other"),)
    build(database, tmp_path / "again", BuildOptions(test_share=0.5, beside=beside))
    found = sides(tmp_path / "again")
    assert {slide for slide in before if found[f"herlev:{slide}"] == "test"} == both


@pytest.mark.slow
def test_one_data_set_of_several_sources_has_one_split(
    reviews: Reviews, database: Path, slides: Path, phantom_source: Path, tmp_path: Path
) -> None:
    for slide in range(1, 7):
        reviewed(reviews, slide, group=f"herlev:{slide}")
    described = build([database, slides, phantom_source], tmp_path / "set")
    assert (described["source"], described["mode"]) == ("mixed", "mixed")
    found = sides(tmp_path / "set")
    of_slide = [row for row in rows(tmp_path / "set") if row["group"] == "herlev:3"]
    assert sorted(row["id"].split("_")[0] for row in of_slide) == ["herlev", "reviews", "reviews"]
    assert {group.split(":")[0] for group in found} == {"herlev", "phantom"}
    assert set(found.values()) == {"train", "test"}
    scales = {row["id"].split("_")[0]: float(row["scale"]) for row in rows(tmp_path / "set")}
    assert scales["herlev"] > 2  # fitted
    assert scales["reviews"] == 1  # as they are
    assert scales["phantom"] == 1  # windows
    assert described["found"]["Parabasal"] == (12 + 4, 12 + counted(phantom_source, "Parabasal"))
    load([tmp_path / "set"], "train")

    two = build([slides, slides], tmp_path / "twice", BuildOptions(mode="fit"))
    assert (two["mode"], two["crops"]) == ("fit", 12)
    assert {row["id"].split("_")[0] for row in rows(tmp_path / "twice")} == {"herlev", "herlev2"}


def counted(source: Path, category: str) -> int:
    return len(list(source.rglob(f"im_{category}/*_cyt*.dat")))


def test_a_slide_held_out_for_validation_in_one_data_set_is_not_trained_on_in_another(
    reviews: Reviews, database: Path, slides: Path, tmp_path: Path
) -> None:
    build(slides, tmp_path / "herlev_set", BuildOptions(test_share=0.0))
    for slide in range(1, 7):
        reviewed(reviews, slide, group=f"herlev:{slide}", side="train")
    build(database, tmp_path / "set")
    crops = load([tmp_path / "herlev_set", tmp_path / "set"], "train")
    training, validation = training_and_validation(crops, 0.3, 0)
    held, learnt = ({group.split(":")[-1] for group in one.table["group"]} for one in (validation, training))
    assert len(held) >= 2
    assert not held & learnt
