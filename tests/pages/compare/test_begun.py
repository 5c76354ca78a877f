"""The page that compares: a comparison is begun, watched, stopped and resumed."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.compare.choosing import SOME
from pages.parts.compare.progress import NEW
from pap_core.comparison import job
from pap_core.comparison.compare import Comparison
from pap_core.jobs.job import STOPPED
from pap_core.methods.catalogue import ABOUT, NAMES, available
from tests.helpers.comparing import DIGEST
from tests.helpers.jobs import until
from tests.helpers.pages.comparing_page import opened
from tests.helpers.pages.visiting import said


def test_a_method_without_a_result_says_what_to_press(here: Comparison) -> None:
    app = opened("The methods")
    shown = app.table[0].value.set_index("Method")
    assert list(shown.index) == [f"**{ABOUT[name].title}**" for name in NAMES]
    assert shown.loc["**Otsu**", "Result"] == "measured"
    assert shown.loc["**U-Net**", "Result"] == "none: press Measure"
    assert "Otsu, A threshold selection method" in shown.loc["**Otsu**", "Cited"]
    assert "Two thresholds" in shown.loc["**Otsu**", "Simplified"]
    assert app.button(key="compare_measure").label == "Measure Mean-shift"  # what is quick comes first


def choose(app: AppTest, key: str, names: list[str]) -> None:
    app.segmented_control(key=f"{key}_which").set_value(SOME).run()
    app.multiselect(key=key).set_value(names).run()


def test_quick_methods_are_offered_first_and_all_with_their_hours(own: Comparison) -> None:
    (own.folder / "otsu.json").unlink()
    app = opened()
    which = app.segmented_control(key="compare_missing_methods_which")
    assert which.value == "Quick ones"
    assert app.button(key="compare_measure").label == "Measure 2 methods"
    assert "Quick ones: Mean-shift, Otsu; nothing to train, a matter of minutes" in said(app)
    missing = len(available()) - 1
    assert f"All {missing}: 13 networks to train, 13 min in all" in said(app)
    which.set_value("All").run()
    assert app.button(key="compare_measure").label == f"Measure {missing} methods"
    choose(app, "compare_missing_methods", ["u-net", "otsu"])
    assert app.button(key="compare_measure").label == "Measure 2 methods"
    assert "Chosen: 1 network to train" in said(app)


def finished(comparison: Comparison) -> None:
    until(lambda: not job.progress(comparison).at_work, comparison)
    assert job.progress(comparison).state == job.FINISHED


@pytest.mark.slow
def test_what_is_missing_is_measured_on_a_click(own: Comparison) -> None:
    (own.folder / "otsu.json").unlink()
    app = opened()
    choose(app, "compare_missing_methods", ["otsu"])
    assert app.button(key="compare_measure").label == "Measure Otsu"
    app.button(key="compare_measure").click().run()
    assert not app.exception
    assert not app.error
    finished(own)
    app.run()
    assert set(app.dataframe[0].value["Method"]) == {"K-means", "Otsu"}


@pytest.mark.slow
def test_a_comparison_is_begun_from_nothing(own: Comparison) -> None:
    shutil.rmtree(own.folder)
    app = opened()
    assert "There is no comparison yet" in said(app)
    app.selectbox(key="compare_new_data").set_value("few").run()
    app.number_input(key="compare_new_minutes").set_value(2.5).run()
    assert "13 networks to train, 32 min in all" in said(app)
    choose(app, "compare_new_methods", ["otsu"])
    assert "Chosen: nothing to train" in said(app)
    app.button(key="compare_start").click().run()
    assert not app.exception
    assert app.query_params["compare_of"] == f"{DIGEST}-2.5min"
    (begun,) = own.folder.parent.iterdir()
    finished(Comparison(begun))
    app.run()
    assert list(app.dataframe[0].value["Method"]) == ["Otsu"]


@pytest.mark.slow
def test_another_is_begun_beside_one_that_is_there(own: Comparison) -> None:
    app = opened()
    app.session_state[NEW] = True
    app.run()
    app.selectbox(key="compare_new_data").set_value("few").run()
    app.number_input(key="compare_new_minutes").set_value(3.0).run()
    choose(app, "compare_new_methods", ["otsu"])
    app.button(key="compare_start").click().run()
    assert not app.exception
    assert not app.session_state[NEW]
    assert app.selectbox(key="compare_of").value == f"{DIGEST}-3min"
    finished(Comparison(own.folder.with_name(f"{DIGEST}-3min")))


@pytest.mark.slow
def test_one_at_work_is_watched_and_one_that_stopped_is_gone_on_with(own: Comparison) -> None:
    (own.folder / "otsu.json").unlink()
    (own.folder / "k-means.json").unlink()
    working = job.work(own, ["k-means", "otsu"])
    assert next(working).name == "k-means"
    app = opened()
    assert "Method 2 of 2, Otsu: preparing" in [one.proto.text for one in app.get("progress")]
    assert not app.button(key="compare_stop").disabled
    assert list(app.dataframe[0].value["Method"]) == ["K-means"]
    working.close()
    app.run()
    assert "The comparison was stopped: 1 method is left" in said(app)
    app.button(key="compare_resume").click().run()
    assert not app.error
    assert job.progress(own).methods == ("otsu",)
    app.run()
    app.button(key="compare_stop").click().run()
    until(lambda: not job.progress(own).at_work, own)
    assert job.progress(own).state in (STOPPED, job.FINISHED)
