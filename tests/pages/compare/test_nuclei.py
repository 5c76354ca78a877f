"""The page that compares: nuclei one by one."""

import json

import pytest

from pap_core.comparison.compare import Comparison
from pap_core.comparison.nuclei import nuclei_table
from pap_core.comparison.table import ALL
from pap_core.methods.catalogue import ABOUT
from tests.helpers.pages.comparing_page import opened
from tests.helpers.pages.visiting import press, said


def test_methods_stand_by_f1_with_what_their_evaluations_have(here: Comparison) -> None:
    app = opened("Nuclei")
    shown = app.dataframe[0].value
    assert shown["F1"].is_monotonic_decreasing
    table = nuclei_table(here)
    of_all = table[table["category"] == ALL].set_index(["method", "metric"])["mean"]
    for name in here.done():
        row = shown[shown["Method"] == ABOUT[name].title].iloc[0]
        for measure, title in (("f1", "F1"), ("aji", "AJI"), ("panoptic_quality", "PQ")):
            assert row[title] == pytest.approx(of_all[name, measure])


def test_a_measure_is_chosen_by_category(here: Comparison) -> None:
    app = opened("Nuclei")
    measure = next(one for one in app.selectbox if one.label == "Measure")
    measure.set_value("aji").run()
    assert not app.exception
    shown = app.dataframe[1].value
    table = nuclei_table(here)
    chosen = table[(table["metric"] == "aji") & (table["category"] == ALL)].set_index("method")
    for name in here.done():
        row = shown[shown["Method"] == ABOUT[name].title].iloc[0]
        assert row["All"] == pytest.approx(chosen.loc[name, "mean"])


def test_those_of_before_are_matched_once(own: Comparison) -> None:
    kept = own.evaluation(own.done()["otsu"])
    summary = kept.summary()
    older = json.loads(json.dumps(summary))
    for part in (older, *older["categories"].values()):
        del part["nuclei"], part["nuclei_together"]
    (kept.folder / "summary.json").write_text(json.dumps(older))
    (kept.folder / "nuclei.csv").unlink()
    app = opened("Nuclei")
    assert "before nuclei were matched one by one: Otsu" in said(app)
    press(app, f"Match the nuclei of {summary['crops']} crops")
    assert kept.summary() == summary
    assert "Otsu" in list(app.dataframe[0].value["Method"])
