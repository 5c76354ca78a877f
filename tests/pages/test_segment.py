"""The page that segments: what a person sees after each thing they can do."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from conftest import threshold_network, write_checkpoint
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.shared.examples import SEEDS, example
from pages.shared.model import Picture
from pap_core.images import MAX_PIXELS
from pap_core.inference import Segmenter
from pap_core.model.checkpoint import CONFIG, WEIGHTS

APP = Path(__file__).parents[2] / "app.py"
DOWNLOADS = ["Label map (PNG)", "Colour map (PNG)", "Edges (PNG)", "Cells (CSV)"]
GLASS, CELL, NUCLEUS = 230, 120, 30


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a checkpoint and a workspace, for the whole module: what was seen once is remembered."""
    folder = tmp_path_factory.mktemp("place")
    write_checkpoint(folder / "threshold", threshold_network())
    st.cache_data.clear()
    return folder


@pytest.fixture
def app(place: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app, opened for the first time in a session."""
    monkeypatch.setenv("PAP_CHECKPOINT", str(place / "threshold"))
    monkeypatch.setenv("PAP_WORKSPACE", str(place / "workspace"))
    return opened()


@pytest.fixture
def own_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint to change, in use."""
    folder = write_checkpoint(tmp_path / "mine", threshold_network())
    monkeypatch.setenv("PAP_CHECKPOINT", str(folder))
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "workspace"))
    return folder


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures' kinds, one for each time the model runs over a picture."""
    seen: list[str] = []
    original = Segmenter.segment

    def counted(self: Segmenter, image: np.ndarray, kind: str, scale: float):
        seen.append(kind)
        return original(self, image, kind, scale)

    monkeypatch.setattr(Segmenter, "segment", counted)
    return seen


def opened() -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=300).run()
    assert not app.exception
    return app


def drawn(size: tuple[int, int], cells: list[tuple[int, int, int]]) -> np.ndarray:
    """Draw round cells (x, y, radius) with a nucleus of a third of their radius."""
    y, x = np.mgrid[: size[1], : size[0]]
    image = np.full((size[1], size[0], 3), GLASS, dtype=np.uint8)
    for left, top, radius in cells:
        away = np.hypot(x - left, y - top)
        image[away < radius] = CELL
        image[away < radius / 3] = NUCLEUS
    return image


def encoded(image: np.ndarray, how: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format=how)
    return buffer.getvalue()


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    app.file_uploader[0].set_value((name, content, "image/png")).run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All that the page says in words, without the signs that keep Markdown away."""
    words = [*app.subheader, *app.markdown, *app.caption]
    return "\n".join(one.value for one in words).replace("\\", "")


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


CROP = drawn((150, 130), [(75, 65, 50)])
SMEAR = drawn((1000, 800), [(250, 250, 120), (700, 300, 110), (400, 600, 130)])


def test_the_first_start_shows_a_segmented_example(app: AppTest) -> None:
    assert f"{next(iter(SEEDS))}.png" in said(app)
    assert "1024 × 768 pixels, taken for **a smear** at scale" in said(app)
    assert "Research use only, not a medical device." in said(app)
    assert "checkpoint **threshold**, digest `" in said(app)
    assert int(figures(app)["Cells"]) == len(app.dataframe[0].value) > 0
    assert [button.label for button in app.get("download_button")] == DOWNLOADS
    assert not app.error
    assert not app.warning


def test_every_picture_has_a_description(app: AppTest) -> None:
    pictures = [picture for element in app.image for picture in element.proto.imgs]
    assert len(pictures) == len(SEEDS) + 2
    assert all(picture.alt for picture in pictures)


def test_every_control_explains_itself(app: AppTest) -> None:
    controls = [*app.file_uploader, *app.get("segmented_control"), *app.toggle, *app.get("download_button")]
    assert len(controls) == 1 + 1 + 4 + 4
    assert all(control.proto.help for control in controls)


@pytest.mark.parametrize("category", list(SEEDS))
def test_an_example_is_one_click(app: AppTest, category: str) -> None:
    app.button(key=f"example_{category}").click().run()
    assert not app.exception
    assert f"{category}.png" in said(app)
    assert int(figures(app)["Cells"]) > 0


def test_examples_are_painted_once_and_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAP_WORKSPACE", str(place / "another"))
    example.clear()
    first = [example(category) for category in SEEDS]
    assert len(list((place / "another" / "examples").iterdir())) == len(SEEDS)
    example.clear()
    monkeypatch.setattr("pages.shared.examples.smear", None)  # painting again would fail
    assert [example(category) for category in SEEDS] == first


def test_examples_are_there_where_nothing_may_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "file"))  # no folder can be made in a file
    example.clear()
    assert example("Parabasal")


@pytest.mark.parametrize("how", ["PNG", "JPEG", "BMP", "TIFF"])
def test_a_crop_is_taken_for_one_cell(app: AppTest, how: str) -> None:
    upload(app, f"cell.{how.lower()}", encoded(CROP, how))
    assert "150 × 130 pixels, taken for **one cell**" in said(app)
    shown = figures(app)
    assert shown["Cells"] == "1"
    nucleus = int(shown["Nucleus area (px)"].replace(",", ""))
    assert nucleus == pytest.approx(np.pi * (50 / 3) ** 2, rel=0.25)
    assert float(shown["N/C ratio"]) == pytest.approx(1 / 8, rel=0.25)


def test_a_smear_is_taken_for_a_smear(app: AppTest) -> None:
    upload(app, "slide 1.png", encoded(SMEAR))
    assert "1000 × 800 pixels, taken for **a smear** at scale" in said(app)
    assert figures(app)["Cells"] == "3"
    assert list(app.dataframe[0].value["cell"]) == [1, 2, 3]


def test_a_person_may_say_what_the_picture_is(app: AppTest) -> None:
    upload(app, "cell.png", encoded(CROP))
    app.get("segmented_control")[0].set_value("Smear").run()
    app.number_input[0].set_value(2.0).run()
    assert not app.exception
    assert "taken for **a smear** at scale **2** (as you chose)" in said(app)


def test_a_scale_that_makes_the_picture_huge_is_refused(app: AppTest) -> None:
    upload(app, "slide.png", encoded(np.full((2000, 1500, 3), GLASS, dtype=np.uint8)))
    app.get("segmented_control")[0].set_value("Smear").run()
    app.number_input[0].set_value(8.0).run()
    assert not app.exception
    assert len(app.error) == 1
    assert "choose a smaller scale" in app.error[0].value


def test_an_example_takes_the_place_of_an_upload(app: AppTest) -> None:
    upload(app, "cell.png", encoded(CROP))
    app.button(key="example_Parabasal").click().run()
    assert "Parabasal.png" in said(app)
    assert app.file_uploader[0].value is None


def test_layers_do_not_run_the_model_again(runs: list[str], app: AppTest) -> None:
    upload(app, "cell.png", encoded(drawn((140, 140), [(70, 70, 55)])))
    before = len(runs)
    assert before > 0
    for key in ("segment_nucleus", "segment_cell", "segment_numbers"):
        app.toggle(key=key).set_value(False).run()
        assert not app.exception
    assert len(runs) == before


def test_a_picture_seen_before_does_not_run_the_model_again(app: AppTest, runs: list[str]) -> None:
    assert figures(opened()) == figures(app)
    assert not runs


def test_uncertainty_is_shown_on_request(app: AppTest) -> None:
    upload(app, "cell.png", encoded(CROP))
    pictures = len(app.image)
    app.toggle(key="segment_uncertainty").set_value(True).run()
    assert not app.exception
    assert len(app.image) == pictures + 1


def too_large() -> bytes:
    """A picture of over 50 megapixels, in a file of a few kilobytes."""
    buffer = io.BytesIO()
    Image.new("1", (MAX_PIXELS // 1000 + 1, 1000)).save(buffer, format="PNG")
    return buffer.getvalue()


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
    upload(app, name, content())
    assert len(app.error) == 1
    sentence = app.error[0].value.replace("\\", "")
    assert sentence.startswith(f"{name}: ")
    assert told in sentence
    assert "\n" not in sentence
    assert not app.metric
    assert not app.get("download_button")


def test_a_picture_without_cells_gives_one_sentence(app: AppTest) -> None:
    upload(app, "glass.png", encoded(np.full((300, 300, 3), GLASS, dtype=np.uint8)))
    assert not app.error
    assert [warning.value.split(";")[0] for warning in app.warning] == ["glass.png: no cell was found in it"]
    assert figures(app)["N/C ratio"] == "–"


def test_a_name_is_shown_as_it_is(app: AppTest) -> None:
    upload(app, "$5 *cell* `1`_[a](b).png", encoded(CROP))
    assert "$5 *cell* `1`_[a](b).png" in said(app)
    assert r"\*cell\*" in app.subheader[0].value


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
    assert len(app.error) == 1
    assert own_checkpoint.name in app.error[0].value
    assert "\n" not in app.error[0].value
    assert app.file_uploader  # the page is there


def test_a_checkpoint_put_in_its_place_is_loaded(own_checkpoint: Path) -> None:
    app = upload(opened(), "cell.png", encoded(CROP))
    before = figures(app)
    write_checkpoint(own_checkpoint, threshold_network(cytoplasm=1.05))
    app.run()
    assert not app.exception
    assert figures(app) != before


def test_uploads_are_never_written_to_disk(app: AppTest, place: Path) -> None:
    before = {path for path in place.rglob("*") if path.is_file()}
    upload(app, "patient.png", encoded(CROP))
    assert {path for path in place.rglob("*") if path.is_file()} == before


def test_a_picture_is_told_apart_by_its_content() -> None:
    assert Picture("a.png", b"1").digest == Picture("b.png", b"1").digest
    assert Picture("a.png", b"1").digest != Picture("a.png", b"2").digest
