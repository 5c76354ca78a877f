"""Where the picture on the page that segments comes from."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.examples import SEEDS
from pap_core.data.build import BuildOptions, build
from pap_core.data.extent import Extent
from pap_core.data.manifest import cells
from pap_core.images import read_image
from pap_core.inference.segmenter import Segmenter
from tests.helpers.pages.segmenting import CROP, SMEAR, encoded, figures, opened, shown, upload
from tests.helpers.pages.visiting import furnish, said, use


@pytest.mark.parametrize("category", list(SEEDS))
def test_an_example_is_one_click(app: AppTest, category: str) -> None:
    app.button(key=f"example_{category}").click().run()
    assert not app.exception
    assert f"{category}.jpg" in said(app)
    assert int(figures(app)["Cells"]) > 0


def test_of_several_files_one_is_chosen_and_each_is_remembered(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(app, ("cell.png", encoded(CROP)), ("slide.png", encoded(SMEAR)))
    choice = app.selectbox(key="segment_file")
    assert choice.options == ["cell.png", "slide.png"]
    assert "150 × 130 pixels" in said(app)
    choice.select_index(1).run()
    assert "1000 × 800 pixels" in said(app)
    monkeypatch.setattr(Segmenter, "segment", None)  # running the model again would fail
    app.selectbox(key="segment_file").select_index(0).run()
    assert not app.exception
    assert "150 × 130 pixels" in said(app)


def test_a_file_just_dropped_is_shown(app: AppTest) -> None:
    upload(app, ("cell.png", encoded(CROP)))
    upload(app, ("slide.png", encoded(SMEAR)))
    assert "1000 × 800 pixels" in said(app)


def test_an_example_leaves_the_files_to_come_back_to(app: AppTest) -> None:
    upload(app, ("cell.png", encoded(CROP)))
    app.button(key="example_Parabasal").click().run()
    assert "Parabasal.jpg" in said(app)
    assert app.selectbox(key="segment_file").value is None
    app.selectbox(key="segment_file").select_index(0).run()
    assert "150 × 130 pixels" in said(app)


def test_the_camera_is_asked_for_only_on_request(app: AppTest) -> None:
    assert not app.camera_input
    app.get("pills")[0].set_value("camera").run()
    app.camera_input[0].upload("shot.jpg", encoded(CROP, "JPEG")).run()
    assert not app.exception
    assert "#### camera.jpg" in [one.value for one in app.markdown]
    assert "150 × 130 pixels" in said(app)
    app.get("pills")[0].set_value(None).run()
    assert not app.camera_input
    assert "Parabasal.jpg" in said(app)


def test_a_crop_of_a_data_set_comes_with_its_truth(app: AppTest, phantom_dataset: Path) -> None:
    app.get("pills")[0].set_value("crop").run()
    crop = app.selectbox(key="segment_crop_phantoms")
    assert crop.value is None
    chosen = crop.options[3]
    crop.select(chosen).run()
    assert not app.exception
    assert f"{chosen}.png" in said(app)
    height, width = read_image(phantom_dataset / "images" / f"{chosen}.png").shape[:2]
    assert (shown(app)["width"], shown(app)["height"]) == (width, height)
    metrics = app.dataframe[-1].value
    assert list(metrics.index) == ["Nucleus", "Cytoplasm"]
    assert np.isfinite(metrics["accuracy"]).all()


def test_a_crop_at_the_edge_of_its_smear_is_shown_without_what_was_mirrored(
    circle, paint_smear, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its truth is cut alike; and the cells' table names no place beyond."""
    paint_smear(tmp_path / "source" / "im_Parabasal", "001", [(circle(40, 250, 38), circle(40, 250, 15))])
    build(tmp_path / "source", tmp_path / "set", BuildOptions(mode="fit", test_share=1.0))
    furnish(tmp_path, tmp_path / "set")
    use(tmp_path, monkeypatch)
    app = opened()
    app.get("pills")[0].set_value("crop").run()
    app.selectbox(key="segment_crop_phantoms").select_index(0).run()
    assert not app.exception
    assert not app.error
    (row,) = cells(tmp_path / "set").to_dict("records")
    extent = Extent.of(row, (256, 256))
    assert extent.left > 5
    assert (shown(app)["width"], shown(app)["height"]) == (256 - extent.left, 256)
    assert int(figures(app)["Cells"]) == 1
    metrics = app.dataframe[-1].value
    assert list(metrics.index) == ["Nucleus", "Cytoplasm"]
    assert (metrics["jaccard"] > 0.9).all()


def test_a_data_set_deleted_while_open_gives_one_sentence(
    tmp_path: Path, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(tmp_path, phantom_dataset)
    mine = shutil.copytree(phantom_dataset, tmp_path / "workspace" / "datasets" / "mine")
    use(tmp_path, monkeypatch)
    app = opened()
    app.get("pills")[0].set_value("crop").run()
    app.selectbox(key="segment_dataset").select("mine").run()
    app.selectbox(key="segment_crop_mine").select_index(0).run()
    shutil.rmtree(mine / "images")
    app.run()
    assert not app.exception
    assert [error.value for error in app.error] == [
        "mine: the data set is no longer whole; choose another, or build it again."
    ]
    assert "Parabasal.jpg" in said(app)  # the page goes on
