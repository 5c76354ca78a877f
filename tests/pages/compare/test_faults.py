"""The page that compares, where something is missing or damaged."""

import shutil
from collections.abc import Callable

import pytest
import streamlit as st

from pap_core.comparison.compare import Comparison
from pap_core.methods.catalogue import NAMES, UNTRAINED, available
from pap_core.model.catalogue import WEIGHTS
from tests.helpers.comparing import DIGEST
from tests.helpers.damages import FEW
from tests.helpers.pages.comparing_page import cells, opened
from tests.helpers.pages.visiting import said


def test_without_a_data_set_the_way_to_one_is_shown(own: Comparison) -> None:
    workspace = own.folder.parents[1]
    shutil.rmtree(workspace)
    workspace.write_text("in the way")  # so that no ready set can be made either
    app = opened()
    assert "no data set to compare on yet" in app.info[0].value
    assert [link.value for link in app.page_link] == ["Build a data set"]
    assert not app.error


def test_begun_and_nothing_measured(own: Comparison) -> None:
    for name in ("otsu", "k-means"):
        (own.folder / f"{name}.json").unlink()
    app = opened()
    assert app.button(key="compare_measure").label == f"Measure {len(UNTRAINED)} methods"  # the quick ones
    assert f"All {len(available())}: " in said(app)
    assert len(app.table[0].value) == len(NAMES)
    assert not app.error


def change_data(own: Comparison) -> None:
    path = own.dataset / "dataset.json"
    path.write_text(path.read_text().replace(DIGEST, "0ther"))


def delete_data(own: Comparison) -> None:
    shutil.rmtree(own.dataset)


def damage_table(own: Comparison) -> None:
    for done in own.done().values():
        (own.evaluation(done).folder / "per_image.csv").write_text("nothing")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (change_data, "another data set than the comparison's"),
        (delete_data, "there is no such folder any more"),
        (damage_table, "per_image.csv: missing or damaged"),
    ],
)
def test_harm_done_while_the_page_is_open_gives_one_sentence(
    own: Comparison, harm: Callable[[Comparison], None], told: str
) -> None:
    app = opened("Two methods")
    assert not app.error
    harm(own)
    app.run()
    assert not app.exception
    errors = [error.value.replace("\\", "") for error in app.error]
    assert len(errors) == 1
    assert told in errors[0]
    assert "\n" not in errors[0]


def test_a_damaged_comparison_is_one_sentence_and_leaves_the_choice(own: Comparison) -> None:
    (own.folder / "comparison.json").write_text("{")
    app = opened()
    (error,) = app.error
    assert "comparison.json: missing or damaged" in error.value.replace("\\", "")
    assert app.selectbox(key="compare_of").value == own.folder.name


def test_an_evaluation_that_is_gone_is_to_be_measured_anew(own: Comparison) -> None:
    shutil.rmtree(own.evaluation(own.done()["otsu"]).folder)
    app = opened()
    assert list(app.dataframe[0].value["Method"]) == ["K-means"]
    assert app.button(key="compare_measure").label == f"Measure {len(UNTRAINED) - 1} methods"
    assert "Quick ones: Mean-shift, Otsu;" in said(app)


@pytest.mark.parametrize("part", ["images", "labels", "predictions"])
def test_a_picture_that_is_gone_gives_one_sentence(own: Comparison, part: str) -> None:
    crop = cells(opened("Two methods", first="otsu", second="k-means"))[0]
    st.cache_data.clear()
    parent = own.evaluation(own.done()["otsu"]).folder if part == "predictions" else own.dataset
    (parent / part / f"{crop}.png").unlink()
    app = opened("Two methods", first="otsu", second="k-means", cell=crop)
    assert len(app.error) == 1
    assert f"{crop}.png" in app.error[0].value.replace("\\", "")


def test_a_checkpoint_that_vanishes_is_no_obstacle(own: Comparison) -> None:
    app = opened(beside=["threshold"])
    (own.folder.parents[2] / "threshold" / WEIGHTS).unlink()
    app.run()
    assert not app.exception
    assert "threshold" not in list(app.dataframe[0].value["Method"])


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
def test_whatever_is_damaged_of_a_method_the_others_are_shown(own: Comparison, content: bytes) -> None:
    (own.folder / "otsu.json").write_bytes(content)
    (own.folder / "status.json").write_bytes(content)
    app = opened()
    assert list(app.dataframe[0].value["Method"]) == ["K-means"]
    (told,) = (one.value for one in app.warning if "cannot be read" in one.value)
    assert told.startswith("**otsu** cannot be read: otsu.json: damaged")
    assert not app.error


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
@pytest.mark.parametrize("name", ["summary.json", "per_image.csv"])
def test_a_damaged_evaluation_is_one_sentence(own: Comparison, name: str, content: bytes) -> None:
    st.cache_data.clear()
    (own.evaluation(own.done()["otsu"]).folder / name).write_bytes(content)
    app = opened("Two methods")
    (error,) = app.error
    assert f"{name}: missing or damaged" in error.value.replace("\\", "")


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
def test_beside_a_damaged_comparison_another_is_shown(own: Comparison, content: bytes) -> None:
    other = own.folder.with_name("another")
    other.mkdir()
    (other / "comparison.json").write_bytes(content)
    app = opened(of=own.folder.name)
    assert set(app.selectbox(key="compare_of").options) >= {"another"}
    assert len(app.dataframe[0].value) == 2
    assert not app.error
