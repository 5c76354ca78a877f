"""The results page: tables and charts of an evaluation."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pages.parts.results.charts import against_area, distribution
from pages.parts.results.tables import against_published, all_by_category, by_category
from pages.shared.reading import Reading
from pap_core.categories import in_order, written
from pap_core.evaluation.published import DOI
from pap_core.evaluation.store import Kept, find, split_of
from tests.helpers.pages.comparing_page import numbers
from tests.helpers.pages.results_page import STRICT, kept_of, opened, values
from tests.helpers.pages.visiting import said


def test_figures_stand_beside_the_published_ones(here: Path, kept: Kept) -> None:
    app = opened()
    shown = app.dataframe[0].value
    jaccard = shown[(shown["Class"] == "Nucleus") & (shown["Metric"] == "Jaccard index")].iloc[0]
    assert jaccard["Measured"] == pytest.approx(values(kept).mean())
    assert jaccard["sd"] == pytest.approx(values(kept).std())
    assert jaccard["95 % from"] < jaccard["Measured"] < jaccard["95 % to"]
    assert list(jaccard[["Published", "Published sd"]]) == [0.8089, 0.1589]
    assert len(shown) == 18
    assert "6 crops" in said(app)
    assert f"doi {DOI}" in said(app)
    assert "Figures of different data sets are not comparable" in said(app)
    names = [written(one) for one in in_order(kept.table()["category"])]
    assert list(app.dataframe[1].value["Category"]) == [*names, "All"]
    assert [one.proto.label for one in app.get("download_button")] == ["Table (CSV)", "All by category (CSV)"]


def test_every_figure_is_a_number_so_that_columns_sort(here: Path) -> None:
    tables = [one.value for view in ("Summary", "Figures", "Nuclei") for one in opened(view=view).dataframe]
    words = {name for table in tables for name in table.select_dtypes(exclude="number")}
    assert words == {"Category", "Class", "Metric", "All crops"}


def test_the_page_opens_on_each_class_with_its_interval(here: Path, kept: Kept) -> None:
    app = opened(view="")
    summary = kept.summary()
    found = [*summary["protocols"]["strict"].values()]
    figures = [one["jaccard"] for one in found] + [summary["nuclei"]["f1"]]
    assert [one.value for one in app.metric] == [f"{one['mean']:.3f}" for one in figures]
    for one in figures:
        assert f"95 %: {one['low']:.3f} to {one['high']:.3f}" in said(app)
    assert f"Dice {found[0]['dice']['mean']:.3f} (" in said(app)


def test_categories_are_dots_in_clinical_order(own: Path) -> None:
    folder = kept_of(own).folder
    summary = kept_of(own).summary()
    part = summary["categories"]["Parabasal"]
    names = ("carcinoma_in_situ", "Zebra", "light_dysplastic", "normal_superficiel", "another")
    (folder / "summary.json").write_text(json.dumps(summary | {"categories": dict.fromkeys(names, part)}))
    app = opened(view="Summary", metric="Dice")
    (chart,) = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    ordered = ["normal superficial", "light dysplastic", "carcinoma in situ", "another", "Zebra", "All"]
    assert chart["layout"]["yaxis"]["ticktext"] == ordered
    assert chart["layout"]["yaxis"]["range"][0] > chart["layout"]["yaxis"]["range"][1]  # the first on top
    assert [trace["name"] for trace in chart["data"]] == ["Nucleus", "Cytoplasm", "Together"]
    means = [part["protocols"]["strict"]["nucleus"]["dice"]["mean"]] * 5
    means.append(summary["protocols"]["strict"]["nucleus"]["dice"]["mean"])
    assert numbers(chart["data"][0]["x"]) == pytest.approx(means)
    table = app.dataframe[0].value
    assert list(table["Category"]) == [name for name in ordered for _ in range(3)]
    assert list(table["Dice"][::3]) == pytest.approx(means)


def test_protocols_are_named_and_never_mixed(here: Path, kept: Kept) -> None:
    app = opened()
    for protocol in ("channel-200", "colour-200", "strict"):
        app.get("segmented_control")[0].set_value(protocol).run()
        assert not app.exception
        heads = [one.value for one in app.subheader]
        assert all(head.endswith(f"protocol {protocol}") for head in heads)
        shown = app.dataframe[0].value.set_index(["Class", "Metric"])["Measured"]
        reading = Reading(protocol, "nucleus", "jaccard")
        assert shown["Nucleus", "Jaccard index"] == pytest.approx(values(kept, reading).mean())
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
    assert precision[["Measured", "95 % from", "95 % to", "sd"]].isna().all()
    assert precision["Left out"] == 3
    together = table[table["Class"] == "Together"].set_index("Metric")
    assert set(together["Published"].drop("Dice")) == {0.95, 0.93, 0.94, 0.79, 0.89}
    assert np.isnan(together.loc["Dice", "Published"])  # the paper has no Dice
    row = by_category({**part, "categories": {"NA": part}}, Reading("strict", "nucleus", "precision")).iloc[0]
    assert list(row[["Category", "Crops", "Left out"]]) == ["NA", 3, 3]
    assert np.isnan(row["Precision"])
    row = by_category({**part, "categories": {"NA": part}}, STRICT).iloc[0]
    assert list(row[["Jaccard index", "95 % from", "95 % to", "sd", "Left out"]]) == [0.5, 0.4, 0.6, 0.1, 0]
    everything = all_by_category({**part, "categories": {"NA": part}}, "strict")
    assert len(everything) == 2 * 2 * 6
    assert set(everything["undefined"]) == {0, 3}


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
    drawn = distribution(rows, STRICT, "Box").data
    assert {trace.boxpoints for trace in drawn if trace.type == "box"} == {"outliers"}  # whiskers of 1.5 IQR
    points = [trace for trace in drawn if trace.type == "scatter"]
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
