"""The page that segments: what a person sees of a picture after each thing they can do."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from streamlit.testing.v1 import AppTest

from pages.shared.examples import SEEDS
from pages.shared.model import Picture
from pap_core.images import MAX_PIXELS
from pap_core.inference.segmenter import Segmenter
from pap_core.model.catalogue import CONFIG, WEIGHTS
from tests.helpers.pages.segmenting import CROP, GLASS, SMEAR, encoded, figures, opened, shown, upload
from tests.helpers.pages.visiting import furnish, said, use
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

DOWNLOADS = [
    "Everything (ZIP)",
    "Label map (PNG)",
    "Colour map (PNG)",
    "Edges (PNG)",
    "Cells (CSV)",
    "GeoJSON",
    "COCO (JSON)",
    "Contours (.dat)",
]


@pytest.fixture
def own_checkpoint(tmp_path: Path, phantom_dataset: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint to change, in use."""
    use(furnish(tmp_path, phantom_dataset), monkeypatch)
    return tmp_path / "threshold"


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures' kinds, one for each time the model runs over a picture."""
    seen: list[str] = []
    original = Segmenter._colours

    def counted(self: Segmenter, image: np.ndarray, kind: str, scale: float):
        seen.append(kind)
        return original(self, image, kind, scale)

    monkeypatch.setattr(Segmenter, "_colours", counted)
    return seen


def test_the_first_start_shows_a_segmented_example(app: AppTest) -> None:
    assert f"{next(iter(SEEDS))}.jpg" in said(app)
    assert "1024 × 768 pixels, read as **a smear** at scale" in said(app)
    assert "Research use only, not a medical device." in said(app)
    assert "checkpoint **threshold**, digest `" in said(app)
    assert int(figures(app)["Cells"]) == len(app.dataframe[0].value) == len(shown(app)["cells"]) > 0
    assert [button.label for button in app.get("download_button")] == DOWNLOADS
    assert not app.error
    assert not app.warning


def test_every_picture_has_a_description(app: AppTest) -> None:
    pictures = [picture for element in app.image for picture in element.proto.imgs]
    assert len(pictures) == len(SEEDS)
    assert all(picture.alt for picture in pictures)
    assert shown(app)["picture"]["alt"].startswith("Parabasal.jpg with the predicted edges")
    assert shown(app)["beside"]["alt"].startswith("Colour map of Parabasal.jpg")


def test_every_control_explains_itself(app: AppTest) -> None:
    controls = [
        *app.file_uploader,
        *app.get("segmented_control"),
        *app.get("pills"),
        *app.get("download_button"),
    ]
    assert len(controls) == 2 + 2 + 1 + len(DOWNLOADS)
    assert all(control.proto.help for control in controls)


@pytest.mark.parametrize("how", ["PNG", "JPEG", "BMP", "TIFF"])
def test_a_crop_is_taken_for_one_cell(app: AppTest, how: str) -> None:
    upload(app, (f"cell.{how.lower()}", encoded(CROP, how)))
    assert "150 × 130 pixels, read as **one cell**" in said(app)
    shown_figures = figures(app)
    assert shown_figures["Cells"] == "1"
    nucleus = int(shown_figures["Nucleus area (px)"].replace(",", ""))
    assert nucleus == pytest.approx(np.pi * (50 / 3) ** 2, rel=0.25)
    assert float(shown_figures["N/C ratio"]) == pytest.approx(1 / 8, rel=0.25)


def test_how_the_picture_was_read_is_said(app: AppTest) -> None:
    upload(app, ("plain.png", encoded(CROP)))
    plain_captions = len(app.caption)
    file = io.BytesIO()
    deep = (CROP.astype(int) * 4095 // 255).astype(np.uint16)
    tifffile.imwrite(file, deep, photometric="rgb", resolution=(40_000, 40_000), resolutionunit="CENTIMETER")
    upload(app, ("deep.tif", file.getvalue()))
    assert len(app.caption) == plain_captions + 1
    assert any(one.value.startswith("Dark: its values reach ") for one in app.caption)
    assert "150 × 130 pixels of 0.25 µm, read as **one cell**" in said(app)
    assert figures(app)["Cells"] == "1"


def test_a_smear_is_taken_for_a_smear(app: AppTest) -> None:
    upload(app, ("slide 1.png", encoded(SMEAR)))
    assert "1000 × 800 pixels, read as **a smear** at scale" in said(app)
    assert figures(app)["Cells"] == "3"
    table = app.dataframe[0].value
    assert list(table["cell"]) == [1, 2, 3]
    measured = ["nucleus_area", "nucleus_perimeter", "nc_ratio", "nucleus_eccentricity", "nucleus_solidity"]
    assert (table[[*measured, "nucleus_density", "cytoplasm_density"]] > 0).all(axis=None)


def test_a_person_may_say_what_the_picture_is(app: AppTest) -> None:
    upload(app, ("cell.png", encoded(CROP)))
    app.get("segmented_control")[0].set_value("Smear").run()
    app.number_input[0].set_value(2.0).run()
    assert not app.exception
    assert "read as **a smear** at scale **2** (as you chose)" in said(app)


def test_a_scale_that_makes_the_picture_huge_is_refused(app: AppTest) -> None:
    upload(app, ("slide.png", encoded(np.full((2000, 1500, 3), GLASS, dtype=np.uint8))))
    app.get("segmented_control")[0].set_value("Smear").run()
    app.number_input[0].set_value(8.0).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "choose a smaller scale" in app.error[0].value


def test_an_opened_cell_is_shown_large_and_marked_everywhere(app: AppTest, runs: list[str]) -> None:
    upload(app, ("slide 1.png", encoded(SMEAR)))
    before, view = len(runs), shown(app)["view"]
    assert shown(app)["selected"] == 0
    app.session_state["segment_opened"] = (view, 3)  # as a click on the cell does
    app.run()
    assert "Cell 3 of 3" in said(app)
    assert app.image[-1].proto.imgs[0].alt.startswith("Cell 3 of slide 1.png")
    assert shown(app)["selected"] == 3
    assert app.session_state[f"segment_cells_{view}"]["selection"]["rows"] == [2]
    app.button(key="segment_open_Next").click().run()
    assert "Cell 1 of 3" in said(app)
    assert app.session_state[f"segment_cells_{view}"]["selection"]["rows"] == [0]
    app.button(key="segment_open_Close").click().run()
    assert "Cell 1 of 3" not in said(app)
    assert shown(app)["selected"] == 0
    assert len(runs) == before


def test_a_cell_opened_in_one_picture_is_not_open_in_the_next(app: AppTest) -> None:
    upload(app, ("slide 1.png", encoded(SMEAR)))
    app.session_state["segment_opened"] = (shown(app)["view"], 1)
    upload(app.run(), ("cell.png", encoded(CROP)))
    assert shown(app)["selected"] == 0
    assert "Cell 1 of" not in said(app)


def test_what_stands_beside_the_picture_is_chosen(app: AppTest, runs: list[str]) -> None:
    upload(app, ("cell.png", encoded(CROP)))
    before = len(runs)
    beside = app.get("segmented_control")[1]
    beside.set_value("Nothing").run()
    assert shown(app)["beside"] is None
    app.get("segmented_control")[1].set_value("Colour map").run()
    assert shown(app)["beside"]["alt"].startswith("Colour map of cell.png")
    assert len(runs) == before
    app.get("segmented_control")[1].set_value("Uncertainty").run()
    assert shown(app)["beside"]["alt"].startswith("Uncertainty map of cell.png")
    assert len(runs) == before + 8
    assert not app.exception


def test_a_picture_seen_before_does_not_run_the_model_again(app: AppTest, runs: list[str]) -> None:
    assert figures(opened()) == figures(app)
    assert not runs


def too_large() -> bytes:
    """A picture of over 50 megapixels, in a file of a few kilobytes."""
    return encoded(np.zeros((1000, MAX_PIXELS // 1000 + 1), dtype=bool))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("notes.txt", lambda: b"not a picture", "not a picture"),
        ("notes.png", lambda: b"not a picture", "not a picture"),
        ("empty.png", lambda: b"", "not a picture"),
        ("cut.png", lambda: encoded(SMEAR)[:2000], "damaged or cut short"),
        ("cut.jpg", lambda: encoded(SMEAR, "JPEG")[:2000], "damaged or cut short"),
        ("huge.png", too_large, "more than the 50 megapixels allowed"),
    ],
)
def test_a_file_of_no_use_gives_one_sentence(
    app: AppTest, name: str, content: Callable[[], bytes], told: str
) -> None:
    upload(app, (name, content()))
    assert len(app.error) == 1
    sentence = app.error[0].value.replace("\\", "")
    assert sentence.startswith(f"{name}: ")
    assert told in sentence
    assert "\n" not in sentence
    assert not app.metric
    assert not app.get("download_button")
    assert app.button(key=f"example_{next(iter(SEEDS))}")  # the way on


def test_a_picture_without_cells_says_what_to_try(app: AppTest) -> None:
    upload(app, ("glass.png", encoded(np.full((300, 300, 3), GLASS, dtype=np.uint8))))
    assert not app.error
    assert len(app.warning) == 1
    assert app.warning[0].value.startswith("glass.png: no cell was found in it. Try ")
    assert figures(app)["N/C ratio"] == "–"
    assert shown(app)["cells"] == []
    assert [one.proto.label for one in app.get("download_button")] == ["Label map (PNG)"]


def test_a_name_is_shown_as_it_is(app: AppTest) -> None:
    upload(app, ("$5 *cell* `1`_[a](b).png", encoded(CROP)))
    assert "$5 *cell* `1`_[a](b).png" in said(app)
    assert any(r"\*cell\*" in one.value for one in app.markdown)


def test_a_picture_larger_than_a_browser_bears_is_shown_smaller(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.segment.pictures.LARGEST", 1000 * 800 // 4)
    upload(app, ("slide.png", encoded(SMEAR)))
    assert "Shown at 50% of its size" in said(app)
    assert (shown(app)["width"], shown(app)["height"]) == (1000, 800)  # what the edges go by
    upload(app, ("cell.png", encoded(CROP)))
    assert "Shown at" not in said(app)


def damage_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes((folder / WEIGHTS).read_bytes()[:100])


def take_weights(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def take_config(folder: Path) -> None:
    (folder / CONFIG).unlink()


def change_config(folder: Path) -> None:
    (folder / CONFIG).write_text((folder / CONFIG).read_text().replace('"width": 2', '"width": 4'))


@pytest.mark.parametrize("harm", [damage_weights, take_weights, take_config, change_config])
def test_a_checkpoint_that_does_not_load_gives_one_sentence(
    own_checkpoint: Path, harm: Callable[[Path], None]
) -> None:
    harm(own_checkpoint)
    app = opened()
    assert len({error.value for error in app.error}) == 1
    assert own_checkpoint.name in app.error[0].value
    assert "\n" not in app.error[0].value
    assert app.file_uploader  # the page is there


def test_a_checkpoint_put_in_its_place_is_loaded(own_checkpoint: Path) -> None:
    app = upload(opened(), ("cell.png", encoded(CROP)))
    before = figures(app)
    write_checkpoint(own_checkpoint, threshold_network(cytoplasm=1.05))
    app.run()
    assert not app.exception
    assert figures(app) != before


def test_uploads_are_never_written_to_disk(app: AppTest, place: Path) -> None:
    before = {path for path in place.rglob("*") if path.is_file()}
    upload(app, ("patient.png", encoded(CROP)))
    assert {path for path in place.rglob("*") if path.is_file()} == before


def test_a_picture_is_told_apart_by_its_content() -> None:
    assert Picture("a.png", b"1").digest == Picture("b.png", b"1").digest
    assert Picture("a.png", b"1").digest != Picture("a.png", b"2").digest
