"""The comparison with a truth on the page that segments."""

from pathlib import Path

import numpy as np
import pytest
from segmenting import CROP, CROP_CELLS, GLASS, encoded, opened, shown, truth_of, upload
from streamlit.testing.v1 import AppTest
from visiting import said, use

from pap_core.labels import PROTOCOLS

METRICS = ["accuracy", "precision", "sensitivity", "specificity", "jaccard"]
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


def test_a_mask_gives_five_metrics_in_the_protocol_chosen(app: AppTest) -> None:
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
