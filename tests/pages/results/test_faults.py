"""The results page, where there is no evaluation, or something is gone or damaged."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from pap_core.evaluation.store import split_of
from pap_core.model.catalogue import WEIGHTS
from tests.helpers.damages import FEW
from tests.helpers.pages.results_page import kept_of, opened, values
from tests.helpers.pages.visiting import said


def test_an_evaluation_is_offered_never_started_by_itself(here: Path) -> None:
    app = opened("phantoms")
    crops = split_of(here / "workspace" / "datasets" / "phantoms").crops
    assert f"{crops} crops" in app.info[0].value
    assert f"Evaluate on {crops} crops" in [button.label for button in app.button]
    assert not app.dataframe


def test_an_evaluation_runs_on_a_click_and_is_kept(own: Path) -> None:
    shutil.rmtree(kept_of(own).folder)
    app = opened()
    button = next(one for one in app.button if one.label == "Evaluate on 6 crops")
    button.click().run()
    for _ in range(2400):  # a machine may be busy
        if list((own / "workspace" / "evaluations").glob("[!.]*")):
            break
        time.sleep(0.1)
    app.run()
    assert not app.exception
    assert "6 crops" in said(app)
    assert len(app.dataframe) == 2
    assert kept_of(own).summary()["crops"] == 6


def no_data_at_all(own: Path) -> None:
    shutil.rmtree(own / "workspace")
    (own / "workspace").write_text("in the way")  # so that no ready set can be made either


def test_without_a_data_set_the_way_to_one_is_shown(own: Path) -> None:
    no_data_at_all(own)
    app = opened()
    assert "no data set to evaluate on yet" in app.info[0].value
    assert [link.value for link in app.page_link] == ["Build a data set"]
    assert not app.error


def delete_data(own: Path) -> None:
    shutil.rmtree(own / "workspace" / "datasets" / "few")


def change_data(own: Path) -> None:
    path = own / "workspace" / "datasets" / "few" / "dataset.json"
    path.write_text(path.read_text().replace("f3f3", "0ther"))


def damage_data(own: Path) -> None:
    (own / "workspace" / "datasets" / "few" / "dataset.json").write_text("{")


def damage_table(own: Path) -> None:
    (kept_of(own).folder / "per_image.csv").write_text("nothing")


def take_weights(own: Path) -> None:
    (own / "threshold" / WEIGHTS).unlink()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (damage_data, "few: cannot be read"),
        (damage_table, "per_image.csv: missing or damaged"),
        (take_weights, "threshold"),
    ],
)
def test_harm_done_while_the_page_is_open_gives_one_sentence(
    own: Path, harm: Callable[[Path], None], told: str
) -> None:
    app = opened()
    assert not app.error
    harm(own)
    app.run()
    assert not app.exception
    errors = {error.value.replace("\\", "") for error in app.error}
    assert any(told in error for error in errors)
    assert all("\n" not in error for error in errors)


def test_a_data_set_deleted_while_open_gives_way_to_another(own: Path) -> None:
    app = opened()
    delete_data(own)
    app.run()
    assert not app.exception
    assert any("data set" in toast.value for toast in app.toast)
    assert app.query_params["results_data"] == "phantoms"


def test_a_data_set_built_anew_is_to_be_evaluated_anew(own: Path) -> None:
    app = opened()
    change_data(own)
    app.run()
    assert "has not been evaluated" in app.info[0].value
    assert not app.dataframe


@pytest.mark.parametrize("part", ["images", "labels", "targets", "predictions"])
def test_a_picture_that_is_gone_gives_one_sentence(own: Path, part: str) -> None:
    crop = values(kept_of(own)).index[0]
    parent = kept_of(own).folder if part == "predictions" else own / "workspace" / "datasets" / "few"
    (parent / part / f"{crop}.png").unlink()
    app = opened(cell=crop)
    assert len(app.error) == 1
    assert f"{crop}.png" in app.error[0].value.replace("\\", "")
    assert "1 of 6" in said(app) or "of 6" in said(app)


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
@pytest.mark.parametrize("name", ["summary.json", "per_image.csv", "dataset.json", "manifest.csv"])
def test_whatever_is_damaged_the_page_says_so_in_a_sentence(own: Path, name: str, content: bytes) -> None:
    of_data = name in ("dataset.json", "manifest.csv")
    folder = own / "workspace" / "datasets" / "few" if of_data else kept_of(own).folder
    (folder / name).write_bytes(content)
    st.cache_data.clear()
    app = opened()
    (error,) = app.error
    assert name in error.value.replace("\\", "")
    assert "\n" not in error.value
    assert "phantoms" in next(one for one in app.selectbox if one.label == "Data set").options
