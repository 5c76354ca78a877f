"""The results page: what its address opens, and the checkpoint in use."""

from pathlib import Path

import pytest

from pages.shared.model import IN_USE
from tests.helpers.pages.results_page import opened
from tests.helpers.pages.visiting import said


def test_the_address_opens_the_same_view(here: Path) -> None:
    app = opened(
        view="Cells", protocol="colour-200", **{"class": "Cytoplasm"}, metric="Precision", sort="Best first"
    )
    again = [one.value for one in app.get("segmented_control")]
    assert again[:2] == ["colour-200", "cytoplasm"]
    assert app.selectbox(key="results_metric").value == "precision"
    assert app.query_params["results_data"] == "few"
    assert app.query_params["results_checkpoint"] == "threshold"


@pytest.mark.parametrize(
    "junk",
    [
        {"protocol": "none", "class": "Membrane", "metric": "luck", "sort": "7", "view": "Nowhere"},
        {"range": ["x", "y"], "page": "minus", "categories": ["Nobody", "$*"], "view": "Cells"},
        {"range": ["90"], "page": "4711", "cell": "../../etc/passwd", "view": "Cells"},
        {"checkpoint": "../..", "cell": "", "shape": "Pie", "view": "Charts"},
    ],
)
def test_junk_in_the_address_is_ignored(here: Path, junk: dict) -> None:
    app = opened(**junk)
    assert not app.error
    assert "6 crops" in said(app)
    assert "results_cell" not in app.query_params


def test_an_unknown_data_set_in_the_address_is_told(here: Path) -> None:
    app = opened("gone away")
    assert app.query_params["results_data"] == "few"
    assert any("data set" in toast.value for toast in app.toast)


def test_the_checkpoint_in_use_is_the_one_looked_at(here: Path) -> None:
    app = opened()
    assert app.selectbox(key="results_checkpoint").value == "threshold"
    app.session_state[IN_USE] = "compact"
    app.run()
    assert app.selectbox(key="results_checkpoint").value == "compact"
    assert app.query_params["results_checkpoint"] == "compact"
