"""The page that compares: any two methods, cell by cell; and what the address keeps."""

import json

import numpy as np
import pandas as pd
import pytest

from pages.parts.compare.cells import ORDERS, ordered
from pap_core.comparison.compare import Comparison
from pap_core.comparison.table import long_table, wide_table
from pap_core.evaluation.paired import differences, paired
from pap_core.methods.catalogue import ABOUT
from tests.helpers.pages.comparing_page import cells, numbers, opened, rows, take_for
from tests.helpers.pages.segmenting import figures
from tests.helpers.pages.visiting import said

# Two methods


def test_a_pair_shows_the_paired_difference_cell_by_cell(here: Comparison) -> None:
    app = opened("Two methods", metric="Sensitivity", **{"class": "Nucleus"}, first="otsu", second="k-means")
    table = differences(rows(here, "otsu", of="nucleus"), rows(here, "k-means", of="nucleus"), "sensitivity")
    found = paired(table)
    shown = figures(app)
    assert shown["Mean difference"] == f"{found.mean:+.3f}"
    assert shown["95 % interval"] == f"{found.low:+.3f}, {found.high:+.3f}"
    assert (shown["First better"], shown["Second better"]) == (str(found.better), str(found.worse))
    assert shown["Wilcoxon p"] == f"{found.p:.3f}"
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    points = {
        crop: (x, y)
        for trace in chart["data"][1:]
        for (crop,), x, y in zip(trace["customdata"], *(numbers(trace[axis]) for axis in "xy"), strict=True)
    }
    assert points == {row.id: (row.first, row.second) for row in table.itertuples()}


def test_the_best_two_are_the_pair_until_others_are_chosen(here: Comparison) -> None:
    app = opened("Two methods", beside=["threshold"])
    best, next_best = wide_table(long_table(here), "strict", "both").index
    assert app.selectbox(key="compare_first").value == best
    assert app.selectbox(key="compare_second").value == next_best
    assert "threshold" in app.selectbox(key="compare_second").options
    app.selectbox(key="compare_first").set_value(next_best).run()
    assert not app.exception
    assert app.selectbox(key="compare_second").value == best  # never one against itself


def test_cells_come_with_the_largest_difference_first(here: Comparison) -> None:
    app = opened("Two methods", first="otsu", second="k-means")
    table = differences(rows(here, "otsu"), rows(here, "k-means"), "jaccard")
    expected = table.assign(size=table["difference"].abs()).sort_values("size", ascending=False)
    assert cells(app) == list(expected[expected["size"] > 0]["id"])
    assert len(app.image) == len(cells(app))
    app.segmented_control(key="compare_order").set_value(ORDERS[2]).run()
    assert set(cells(app)) == set(table[table["difference"] < 0]["id"])


def test_orders_of_cells() -> None:
    table = pd.DataFrame({"id": ["a", "b", "c", "d"], "difference": [0.1, -0.5, 0.0, 0.3]})
    assert ordered(table, ORDERS[0]) == ["b", "d", "a"]
    assert ordered(table, ORDERS[1]) == ["d", "a"]
    assert ordered(table, ORDERS[2]) == ["b"]


def test_a_cell_opens_larger_with_what_both_found(here: Comparison) -> None:
    app = opened("Two methods", first="otsu", second="k-means")
    order = cells(app)
    app.button(key=f"pair_open_{order[0]}").click().run()
    assert app.query_params["compare_cell"] == order[0]
    assert len(app.image) == len(order) + 4
    shown = app.table[0].value
    value = rows(here, "otsu").set_index("id").loc[order[0], "jaccard"]
    assert shown.loc["Otsu", "Jaccard index"] == f"{value:.3f}"
    assert list(shown.index) == ["Otsu", "K-means", "Difference"]
    app.button(key="compare_next").click().run()
    assert app.query_params["compare_cell"] == order[1]
    assert f"crop {order[1]}" in said(app)


def test_all_the_others_stand_against_the_first_once_asked_for(own: Comparison) -> None:
    take_for(own, "otsu", "u-net")
    asked = {"first": "otsu", "second": "k-means", "metric": "Precision", "protocol": "colour-200"}
    app = opened("Two methods", **asked)
    assert not app.dataframe
    app = opened("Two methods", all="true", **asked)
    shown = app.dataframe[0].value.set_index("Method")
    order = wide_table(long_table(own), "colour-200", "both").index
    assert list(shown.index) == [ABOUT[name].title for name in order if name != "otsu"]
    otsu, other = (rows(own, name, "colour-200") for name in ("otsu", "k-means"))
    found = paired(differences(other, otsu, "precision"))
    assert dict(shown.loc["K-means"]) == pytest.approx(
        {
            "Difference": found.mean,
            "95 % from": found.low,
            "95 % to": found.high,
            "Cells": found.crops,
            "Better on": found.better,
            "Worse on": found.worse,
            "Wilcoxon p": found.p,
        },
        nan_ok=True,
    )
    assert shown.loc["U-Net", ["Difference", "Better on", "Worse on"]].tolist() == [0, 0, 0]
    assert np.isnan(shown.loc["U-Net", "Wilcoxon p"])


def test_one_method_alone_is_no_pair(here: Comparison) -> None:
    app = opened("Two methods", methods=["Otsu"])
    assert "It takes two to compare" in said(app)


def test_a_method_and_its_double_do_not_differ(own: Comparison) -> None:
    take_for(own, "otsu", "u-net")
    app = opened("Two methods", first="otsu", second="u-net")
    assert figures(app)["Same"] == "6"
    assert figures(app)["Wilcoxon p"] == "–"
    assert "both are as good" in said(app)
    assert "No cell differs" in said(app)


# The address


def test_the_address_opens_the_same_view(here: Comparison) -> None:
    app = opened(
        "Two methods", protocol="colour-200", **{"class": "Cytoplasm"}, first="otsu", order=ORDERS[1]
    )
    keys = ("compare_protocol", "compare_class", "compare_order")
    again = [app.segmented_control(key=key).value for key in keys]
    assert again == ["colour-200", "cytoplasm", ORDERS[1]]
    assert app.query_params["compare_of"] == here.folder.name
    assert app.selectbox(key="compare_first").value == "otsu"
    assert app.query_params["compare_second"] == "k-means"


@pytest.mark.parametrize(
    "junk",
    [
        {"protocol": "none", "class": "Membrane", "metric": "luck", "methods": ["Nobody"], "tab": "Nowhere"},
        {"tab": "Two methods", "first": "../..", "second": "", "cell": "../../etc/passwd", "order": "7"},
        {"tab": "Two methods", "first": "otsu", "second": "otsu", "page": "4711"},
        {"tab": "Quality and time", "time": "Never", "beside": ["compact", "$*"]},
    ],
)
def test_junk_in_the_address_is_ignored(here: Comparison, junk: dict) -> None:
    app = opened(**junk)
    assert not app.error
    assert "6 crops" in said(app)
    assert "compare_cell" not in app.query_params


def test_a_comparison_that_is_gone_is_told(here: Comparison) -> None:
    app = opened(of="gone-1min")
    assert app.query_params["compare_of"] == here.folder.name
    assert any("no comparison of the name" in toast.value for toast in app.toast)
