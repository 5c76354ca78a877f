"""The results page: nuclei one by one."""

import json
from pathlib import Path

from pap_core.evaluation.store import Kept
from tests.helpers.pages.results_page import kept_of, opened
from tests.helpers.pages.visiting import press, said


def test_they_stand_by_category_with_their_intervals(here: Path, kept: Kept) -> None:
    app = opened(view="Nuclei")
    assert [head.value for head in app.subheader] == ["Nuclei one by one, protocol strict"]
    shown = app.dataframe[0].value.set_index("Category")
    summary = kept.summary()
    assert list(shown.index) == [*summary["categories"], "All", "All, 95 % interval", "All, added up"]
    f1, count = (summary["nuclei"][name] for name in ("f1", "count_error"))
    assert shown.loc["All", "F1"] == f"{f1['mean']:.3f}"
    assert shown.loc["All, 95 % interval", "F1"] == f"[{f1['low']:.3f}, {f1['high']:.3f}]"
    assert shown.loc["All", "Count error"] == f"{count['mean']:+.3f}"
    assert shown.loc["All, added up", "AJI"] == f"{summary['nuclei_together']['aji']:.3f}"
    assert shown.loc["All, added up", "Outlines apart, mean (px)"] == ""


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
    assert list(app.dataframe[0].value["Category"])[-1] == "All, added up"
