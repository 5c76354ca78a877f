"""The comparison with a truth on the page that segments."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pap_core.labels import PROTOCOLS
from tests.helpers.pages.segmenting import CROP, CROP_CELLS, GLASS, encoded, opened, shown, truth_of, upload
from tests.helpers.pages.visiting import said, use

METRICS = ["accuracy", "precision", "sensitivity", "specificity", "jaccard", "dice"]
TRUTH = truth_of((150, 130), CROP_CELLS)


@pytest.fixture
def app(place: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app with a crop."""
    use(place, monkeypatch)
    return upload(opened(), ("cell.png", encoded(CROP)))


def give(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    for name, content in files:
        app.file_uploader[1].upload(name, content)
    app.run()
    assert not app.exception
    return app


def test_no_truth_no_metrics(app: AppTest) -> None:
    assert len(app.dataframe) == 1
    app.get("segmented_control")[1].set_value("Truth").run()
    assert shown(app)["beside"] is None
    assert "No truth is given yet" in app.info[0].value


def test_a_mask_gives_all_metrics_in_the_protocol_chosen(app: AppTest) -> None:
    give(app, ("cell-d.png", encoded(TRUTH)))
    metrics = app.dataframe[-1].value
    assert list(metrics.columns) == METRICS
    assert metrics.loc["Nucleus", "jaccard"] > 0.75
    assert metrics.loc["Cytoplasm", "jaccard"] > 0.85
    protocol = app.get("segmented_control")[2]
    assert protocol.value == "strict"
    seen = {"strict": metrics["accuracy"].tolist()}
    for other in PROTOCOLS[1:]:
        app.get("segmented_control")[2].set_value(other).run()
        seen[other] = app.dataframe[-1].value["accuracy"].tolist()
    assert seen["channel-200"] != seen["strict"]


def test_the_truth_is_shown_beside_the_picture(app: AppTest) -> None:
    give(app, ("cell-d.png", encoded(TRUTH)))
    app.get("segmented_control")[1].set_value("Truth").run()
    assert shown(app)["beside"]["alt"] == "Truth of cell.png as a colour map"
    assert not app.info


def test_contours_are_a_truth(app: AppTest) -> None:
    turns = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    for part, radius in (("cyt", 50), ("nuc", 50 / 3)):
        points = zip(75 + radius * np.cos(turns), 65 + radius * np.sin(turns), strict=True)
        text = "".join(f"{x:.2f},{y:.2f}\n" for x, y in points)
        app.file_uploader[1].upload(f"cell_{part}01.dat", text.encode())
    app.run()
    assert not app.exception
    assert not app.error
    assert app.dataframe[-1].value.loc["Cytoplasm", "jaccard"] > 0.85


def test_a_metric_that_is_not_defined_is_left_empty(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(place, monkeypatch)
    app = upload(opened(), ("glass.png", encoded(np.full((130, 150, 3), GLASS, dtype=np.uint8))))
    give(app, ("truth.png", encoded(TRUTH)))
    shown_metrics = app.dataframe[-1]
    assert np.isnan(shown_metrics.value.loc["Nucleus", "precision"])
    assert shown_metrics.value.loc["Nucleus", "sensitivity"] == 0
    assert shown_metrics.proto.placeholder == "–"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("small.png", encoded(TRUTH[:50])),
        ("photograph.png", encoded(CROP)),
        ("cut.png", encoded(TRUTH)[:80]),
        ("cell_cyt01.dat", b"1,1\n2,x\n"),
    ],
)
def test_a_truth_of_no_use_gives_one_sentence_and_leaves_the_result(
    app: AppTest, name: str, content: bytes
) -> None:
    give(app, (name, content))
    assert len(app.error) == 1
    assert "\n" not in app.error[0].value
    assert len(app.dataframe) == 1
    assert "150 × 130 pixels" in said(app)


def nuclei_alone() -> np.ndarray:
    return np.where(TRUTH == 2, 255, 0).astype(np.uint8)


def test_a_mask_that_may_mean_two_things_asks_for_its_form(app: AppTest) -> None:
    assert not [one for one in app.selectbox if one.label == "Form of the mask"]
    give(app, ("nuclei.png", encoded(nuclei_alone())))
    (error,) = app.error
    assert "only the values 0 and 255 found" in error.value
    assert "the form of the mask, nuclei or cells" in error.value
    (form,) = (one for one in app.selectbox if one.label == "Form of the mask")
    form.select("nuclei").run()
    assert not app.exception
    assert not app.error
    metrics = app.dataframe[-1].value
    assert metrics.loc["Nucleus", "jaccard"] > 0.75
    assert np.isnan(metrics.loc["Cytoplasm"].to_numpy(float)).all()
    app.selectbox(key=form.key).select("cells").run()
    metrics = app.dataframe[-1].value
    assert np.isnan(metrics.loc[["Nucleus", "Cytoplasm"]].to_numpy(float)).all()
    assert metrics.loc["Whole cell", "sensitivity"] > 0.9
    assert 0 < metrics.loc["Whole cell", "jaccard"] < 0.3  # the nuclei alone, taken for whole cells


def test_a_transparent_background_leaves_the_figures_as_they_are(app: AppTest) -> None:
    give(app, ("cell-d.png", encoded(TRUTH)))
    expected = app.dataframe[-1].value
    see_through = np.dstack([TRUTH, np.where(TRUTH == 0, 0, 255).astype(np.uint8)])
    app.file_uploader[1].set_value([("see_through.png", encoded(see_through), "image/png")]).run()
    assert not app.error
    assert app.dataframe[-1].value.equals(expected)


def test_a_turned_picture_and_an_upright_mask_are_refused(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(place, monkeypatch)
    exif, turned = Image.Exif(), io.BytesIO()
    exif[0x0112] = 3
    Image.fromarray(CROP).save(turned, format="JPEG", quality=95, exif=exif)
    app = upload(opened(), ("turned.jpg", turned.getvalue()))
    give(app, ("cell-d.png", encoded(TRUTH)))
    (error,) = app.error
    assert "turned.jpg: EXIF orientation 3 found" in error.value
