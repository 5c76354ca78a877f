"""The results page: tables and charts of an evaluation."""

import json
from pathlib import Path

import pandas as pd

from pages.parts.results.charts import against_area, distribution
from pages.parts.results.tables import against_published, by_category
from pages.shared.reading import Reading
from pap_core.evaluation.published import DOI
from pap_core.evaluation.store import Kept, find, split_of
from tests.helpers.pages.results_page import STRICT, opened, values
from tests.helpers.pages.visiting import said


def test_figures_stand_beside_the_published_ones(here: Path, kept: Kept) -> None:
    app = opened()
    shown = app.dataframe[0].value
    jaccard = shown[(shown["Class"] == "Nucleus") & (shown["Metric"] == "Jaccard index")].iloc[0]
    assert jaccard["Measured (%, mean ± sd)"].startswith(
        f"{values(kept).mean():.2f} ± {values(kept).std():.2f}"
    )
    assert jaccard["Published (%, mean ± sd)"] == "80.89 ± 15.89"
    assert len(shown) == 18
    assert "6 crops" in said(app)
    assert f"doi {DOI}" in said(app)
    assert "Figures of different data sets are not comparable" in said(app)
    assert list(app.dataframe[1].value["Category"]) == [*sorted(kept.table()["category"].unique()), "All"]


def test_protocols_are_named_and_never_mixed(here: Path, kept: Kept) -> None:
    app = opened()
    for protocol in ("channel-200", "colour-200", "strict"):
        app.get("segmented_control")[0].set_value(protocol).run()
        assert not app.exception
        heads = [one.value for one in app.subheader]
        assert all(head.endswith(f"protocol {protocol}") for head in heads)
        measured = app.dataframe[0].value["Measured (%, mean ± sd)"].iloc[4]
        assert measured.startswith(f"{values(kept, Reading(protocol, 'nucleus', 'jaccard')).mean():.2f} ")
    assert (
        len({values(kept, Reading(one, "nucleus", "jaccard")).mean() for one in ("strict", "channel-200")})
        == 2
    )


def test_tables_name_what_was_left_out() -> None:
    figures = {"mean": 0.5, "sd": 0.1, "low": 0.4, "high": 0.6, "undefined": 0}
    nothing = {"mean": None, "sd": None, "low": None, "high": None, "undefined": 3}
    found = dict.fromkeys(("accuracy", "sensitivity", "specificity", "jaccard", "dice"), figures) | {
        "precision": nothing
    }
    part = {"crops": 3, "protocols": {"strict": {"nucleus": found, "both": found}}}
    table = against_published({**part, "categories": {}}, "strict")
    precision = table[table["Metric"] == "Precision"].iloc[0]
    assert list(precision[["Measured (%, mean ± sd)", "95 % interval", "Left out"]]) == ["– ± –", "", 3]
    assert set(table[table["Class"] == "Together"]["Published (%, mean ± sd)"]) == {
        "95",
        "93",
        "94",
        "79",
        "89",
        "–",  # the paper has no Dice
    }
    row = by_category({**part, "categories": {"NA": part}}, STRICT).iloc[0]
    assert (row["Category"], row["Crops"]) == ("NA", 3)
    assert row["Precision"] == "– ± –, 3 left out"
    assert row["Jaccard index"] == "50.00 ± 10.00 [40.00, 60.00]"


def test_every_cell_is_a_point_that_knows_its_crop(here: Path, kept: Kept) -> None:
    for shape, kind in (("Box", "box"), ("Violin", "violin")):
        app = opened(view="Charts", shape=shape, metric="Sensitivity")
        charts = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
        assert len(charts) == 2
        assert {trace["type"] for trace in charts[0]["data"]} == {kind, "scatter"}
        for chart in charts:
            points = [one for trace in chart["data"] for one in trace.get("customdata", [])]
            assert sorted(point[0] for point in points) == sorted(values(kept).index)


def test_points_lie_where_the_table_says() -> None:
    rows = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "category": ["P", "D", "P"],
            "value": [1.0, 2.0, 3.0],
            "nucleus_area": [7, 8, 9],
        }
    )
    points = [trace for trace in distribution(rows, STRICT, "Box").data if trace.type == "scatter"]
    assert [list(trace.y) for trace in points] == [[2.0], [1.0, 3.0]]
    assert all(round(x) == place for place, trace in enumerate(points) for x in trace.x)
    areas = against_area(rows, STRICT).data
    assert [(trace.name, list(trace.x), list(trace.y)) for trace in areas] == [
        ("D", [8], [2.0]),
        ("P", [7, 9], [1.0, 3.0]),
    ]
    assert len({trace.marker.symbol for trace in areas}) == len({trace.marker.color for trace in areas}) == 2


def test_the_kept_evaluation_is_the_one_of_the_page(here: Path, kept: Kept) -> None:
    split = split_of(here / "workspace" / "datasets" / "few")
    assert find(kept.summary()["checkpoint"]["digest"], split) == kept
