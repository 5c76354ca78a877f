"""The results page: nuclei one by one."""

import json
from pathlib import Path

import numpy as np
import pytest

from pap_core.categories import in_order, written
from pap_core.evaluation.store import Kept
from tests.helpers.pages.results_page import kept_of, opened
from tests.helpers.pages.visiting import press, said


def test_they_stand_by_category_with_their_intervals(here: Path, kept: Kept) -> None:
    app = opened(view="Nuclei")
    heads = ["Nuclei one by one, protocol strict", "By category, protocol strict"]
    assert [head.value for head in app.subheader] == heads
    shown = app.dataframe[0].value.set_index("All crops")
    summary = kept.summary()
    rows = ["Mean over crops", "95 % interval, from", "95 % interval, to", "All added up"]
    assert list(shown.index) == rows
    f1, count = (summary["nuclei"][name] for name in ("f1", "count_error"))
    assert list(shown["F1"].iloc[:3]) == pytest.approx([f1["mean"], f1["low"], f1["high"]])
    assert shown.loc["Mean over crops", "Count error"] == pytest.approx(count["mean"])
    assert shown.loc["All added up", "AJI"] == pytest.approx(summary["nuclei_together"]["aji"])
    assert np.isnan(shown.loc["All added up", "Outlines apart, mean (px)"])
    of_each = app.dataframe[1].value.set_index("Category")
    assert list(of_each.index) == [written(one) for one in in_order(summary["categories"])]
    for category, part in summary["categories"].items():
        expected = [np.nan if one is None else one for one in part["nuclei"]["f1"].values()]
        row = of_each.loc[written(category), ["F1", "95 % from", "95 % to"]]
        assert list(row) == pytest.approx([expected[0], *expected[2:4]], nan_ok=True)


def test_those_of_an_evaluation_of_before_are_matched_once(own: Path) -> None:
    kept = kept_of(own)
    summary = kept.summary()
    (kept.folder / "nuclei.csv").unlink()
    older = json.loads(json.dumps(summary))
    for part in (older, *older["categories"].values()):
        del part["nuclei"], part["nuclei_together"]
    (kept.folder / "summary.json").write_text(json.dumps(older))
    app = opened(view="Nuclei")
    assert "before nuclei were matched" in said(app)
    press(app, f"Match the nuclei of {summary['crops']} crops")
    assert kept.summary() == summary
    assert list(app.dataframe[0].value["All crops"])[-1] == "All added up"
