"""The page that compares: tables and charts of what was measured."""

import json

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.parts.compare.quality import spread
from pap_core.categories import in_order, written
from pap_core.comparison.compare import Comparison
from pap_core.comparison.table import long_table, wide_table
from pap_core.evaluation.paired import differences, paired
from pap_core.evaluation.store import find
from pap_core.methods.catalogue import ABOUT
from pap_core.model.checkpoint import read
from tests.helpers.comparing import DIGEST
from tests.helpers.pages.comparing_page import numbers, opened, rows, take_for
from tests.helpers.pages.training_runs import logged
from tests.helpers.pages.visiting import said

# Figures


def test_figures_are_those_measured_best_first(here: Comparison) -> None:
    app = opened()
    shown = app.dataframe[0].value
    wide = wide_table(long_table(here), "strict", "both")
    assert list(shown["Method"]) == [ABOUT[name].title for name in wide.index]
    assert shown["Jaccard index"].is_monotonic_decreasing
    for name, row in zip(wide.index, shown.to_dict("records"), strict=True):
        assert row["Sensitivity"] == pytest.approx(rows(here, name)["sensitivity"].mean())
        ends = [row["95 % from"], row["95 % to"]]
        assert ends == pytest.approx(list(wide.loc[name, ["low", "high"]]), nan_ok=True)
        assert row["ms per crop"] == here.done()[name].milliseconds
    assert "6 crops" in said(app)
    assert "1 minutes of training each" in said(app)


def test_protocols_and_classes_are_named_and_never_mixed(here: Comparison) -> None:
    found = {}
    app = opened()
    for protocol in ("channel-200", "strict"):
        for label_class in ("cytoplasm", "both"):
            app.segmented_control(key="compare_protocol").set_value(protocol).run()
            app.segmented_control(key="compare_class").set_value(label_class).run()
            assert not app.exception
            assert all(head.value.endswith(f"protocol {protocol}") for head in app.subheader)
            wide = wide_table(long_table(here), protocol, label_class)
            found[protocol, label_class] = list(app.dataframe[0].value["Jaccard index"])
            assert found[protocol, label_class] == pytest.approx(list(wide["jaccard"]))
    assert len({tuple(values) for values in found.values()}) == 4


def test_published_figures_stand_beside_and_are_marked(here: Comparison) -> None:
    app = opened()
    beside = app.dataframe[1].value.set_index(("", "Method"))
    assert beside.loc["Otsu", ("Jaccard index", "published")] == 0.52
    assert beside.loc["Otsu", ("Jaccard index", "here")] == pytest.approx(
        rows(here, "otsu")["jaccard"].mean()
    )
    assert np.isnan(beside.loc["K-means", ("Specificity", "published")])
    assert "another data set than this one, and not comparable" in said(app)
    app.segmented_control(key="compare_class").set_value("nucleus").run()
    assert "no figure for those shown" in said(app)  # of single classes the paper has Pix2Pix alone


def test_pix2pix_has_its_single_classes_published(own: Comparison) -> None:
    take_for(own, "otsu", "pix2pix-paper")
    app = opened(**{"class": "Cytoplasm"})
    beside = app.dataframe[1].value.set_index(("", "Method"))
    assert list(beside.index) == ["Pix2Pix, the paper's"]
    assert beside.loc["Pix2Pix, the paper's", ("Jaccard index", "published")] == pytest.approx(0.9671)


def test_categories_have_the_metric_chosen(here: Comparison) -> None:
    app = opened(metric="Precision")
    shown = app.dataframe[2].value.set_index("Method")
    categories = in_order(rows(here, "otsu")["category"])
    assert list(shown.columns) == [*map(written, categories), "All"]
    for category in categories:
        of_one = rows(here, "otsu")[rows(here, "otsu")["category"] == category]
        assert shown.loc["Otsu", written(category)] == pytest.approx(of_one["precision"].mean())
    app.toggle(key="compare_intervals").set_value(True).run()
    wide = app.dataframe[2].value.set_index(("Method", ""))
    of_all = long_table(here).query("metric == 'precision' and protocol == 'strict' and category == '(all)'")
    ends = of_all[of_all["class"] == "both"].set_index("method").loc["otsu", ["mean", "low", "high"]]
    assert list(wide.loc["Otsu", "All"]) == pytest.approx(list(ends), nan_ok=True)


def test_methods_are_picked(here: Comparison) -> None:
    app = opened()
    app.multiselect(key="compare_methods").set_value(["otsu"]).run()
    assert list(app.dataframe[0].value["Method"]) == ["Otsu"]
    app.multiselect(key="compare_methods").set_value([]).run()
    assert len(app.dataframe[0].value) == 2


def test_a_run_evaluated_on_the_same_split_is_picked_beside(here: Comparison) -> None:
    app = opened()
    assert "threshold" not in list(app.dataframe[0].value["Method"])
    assert app.multiselect(key="compare_beside").options == ["threshold"]
    app.multiselect(key="compare_beside").set_value(["threshold"]).run()
    assert not app.exception
    shown = app.dataframe[0].value.set_index("Method")
    assert set(shown.index) == {"K-means", "Otsu", "threshold"}
    network = read(here.folder.parents[2] / "threshold")
    kept = find(network.digest, here.split())
    assert shown.loc["threshold", "ms per crop"] == kept.cost().milliseconds > 0
    weights = network.generator.parameters()
    assert shown.loc["threshold", "Parameters"] == sum(weight.numel() for weight in weights)
    table = kept.table()
    table = table[(table["protocol"] == "strict") & (table["class"] == "both")]
    assert shown.loc["threshold", "Jaccard index"] == pytest.approx(table["jaccard"].mean())
    assert [one.proto.disabled for one in app.get("download_button")] == [False] * 4


def test_an_evaluation_on_other_data_is_not_offered(own: Comparison) -> None:
    for folder in (own.folder.parents[1] / "evaluations").iterdir():
        if folder.name.startswith(read(own.folder.parents[2] / "threshold").digest):
            folder.rename(folder.with_name(folder.name.replace(DIGEST, "0ther")))
    assert "compare_beside" not in [one.key for one in opened().multiselect]


def test_everything_shown_can_be_taken_away(here: Comparison) -> None:
    assert [one.proto.label for one in opened().get("download_button")] == [
        "All figures (CSV)",
        "Tables (Markdown)",
        "Table (LaTeX)",
        "By category (CSV)",
    ]
    app = opened(beside=["threshold"], methods=["Otsu"])
    assert list(app.dataframe[0].value["Method"]) == ["Otsu", "threshold"]


# Who wins


def test_without_pix2pix_nobody_has_won(here: Comparison) -> None:
    best = wide_table(long_table(here), "strict", "both").index[0]
    (info,) = opened().info
    assert f"**{ABOUT[best].title}** is best of the 2 shown" in info.value
    assert "Pix2Pix has no result yet" in info.value


@pytest.mark.parametrize("taken", ["u-net", "pix2pix-compact"])
def test_the_best_is_told_with_interval_and_paired_difference(own: Comparison, taken: str) -> None:
    better, worse = wide_table(long_table(own), "strict", "both").index
    other = "pix2pix-paper" if taken == "u-net" else "convnet"
    for found, name in ((better, taken), (worse, other)):
        take_for(own, found, name)
        (own.folder / f"{found}.json").unlink()
    wide = wide_table(long_table(own), "strict", "both")
    assert wide.index[0] == taken
    (info,) = opened().info
    found = paired(differences(rows(own, taken), rows(own, other), "jaccard"))
    low, high = wide.loc[taken, ["low", "high"]]
    assert f"**{ABOUT[taken].title}** is best of the 2 shown by the mean Jaccard index of both" in info.value
    assert "Pix2Pix has no result yet" not in info.value
    assert f"{wide.loc[taken, 'jaccard']:.3f} [{low:.3f}, {high:.3f}]" in info.value
    assert f"ahead by {found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]" in info.value


def first_of_the_table(app: AppTest) -> str:
    return app.dataframe[0].value["Method"].iloc[0]


@pytest.mark.parametrize("protocol", ["strict", "colour-200", "channel-200"])
@pytest.mark.parametrize("label_class", ["Together", "Nucleus", "Cytoplasm"])
def test_the_sentence_names_the_first_of_the_table_below(
    own: Comparison, protocol: str, label_class: str
) -> None:
    app = opened(protocol=protocol, **{"class": label_class})
    (info,) = app.info
    assert f"**{first_of_the_table(app)}** is best of the 2 shown" in info.value
    best = app.dataframe[0].value.iloc[0]
    ends = f"[{best['95 % from']:.3f}, {best['95 % to']:.3f}]"
    assert f"under {protocol}: {best['Jaccard index']:.3f} {ends}" in info.value
    of = "both classes together" if label_class == "Together" else label_class.lower()
    assert f"Jaccard index of {of} under" in info.value


def swap(comparison: Comparison, name: str, other: str, label_class: str) -> None:
    """Exchange what was measured of two methods in one class."""
    kept = [comparison.evaluation(comparison.done()[one]).folder / "summary.json" for one in (name, other)]
    summaries = [json.loads(path.read_text()) for path in kept]
    classes = [summary["protocols"]["strict"] for summary in summaries]
    classes[0][label_class], classes[1][label_class] = classes[1][label_class], classes[0][label_class]
    for path, summary in zip(kept, summaries, strict=True):
        path.write_text(json.dumps(summary))


def test_another_class_may_have_another_best(own: Comparison) -> None:
    app = opened(**{"class": "Together"})
    together = first_of_the_table(app)
    if first_of_the_table(opened(**{"class": "Nucleus"})) == together:
        swap(own, "k-means", "otsu", "nucleus")
        st.cache_data.clear()
    app = opened(**{"class": "Nucleus"})
    assert first_of_the_table(app) != together
    assert f"**{first_of_the_table(app)}** is best of the 2 shown" in app.info[0].value


def test_what_leads_beside_the_methods_is_told_first(own: Comparison) -> None:
    kept = find(read(own.folder.parents[2] / "threshold").digest, own.split())
    summary = json.loads((kept.folder / "summary.json").read_text())
    summary["protocols"]["strict"]["both"]["jaccard"] |= {"mean": 0.999, "low": None, "high": None}
    (kept.folder / "summary.json").write_text(json.dumps(summary))
    st.cache_data.clear()
    app = opened(beside=["threshold"])
    assert first_of_the_table(app) == "threshold"
    (info,) = app.info
    assert info.value.startswith("**threshold** is best of the 3 shown by the mean Jaccard index of both")
    second = app.dataframe[0].value["Method"].iloc[1]
    assert "together under strict: 0.999, beside" in info.value  # without an interval, for it has none
    assert f" of {second}; on the same 6 cells" in info.value
    assert "It stands beside the methods" in info.value


def test_one_picked_alone_is_told_as_such(here: Comparison) -> None:
    worse = wide_table(long_table(here), "strict", "both").index[1]
    (info,) = opened(methods=[ABOUT[worse].title]).info
    assert f"**{ABOUT[worse].title}** alone is shown" in info.value


def test_where_pix2pix_stands_is_told(own: Comparison) -> None:
    take_for(own, wide_table(long_table(own), "strict", "both").index[1], "pix2pix-paper")
    app = opened()
    assert list(app.dataframe[0].value["Method"])[2] == "Pix2Pix, the paper's"
    (info,) = app.info
    assert f"**{first_of_the_table(app)}** is best of the 3 shown" in info.value
    assert "Pix2Pix, the paper's is in place 3, " in info.value


# Quality and time


def test_where_there_is_no_interval_no_bar_is_drawn(own: Comparison) -> None:
    for done in own.done().values():
        path = own.evaluation(done).folder / "summary.json"
        summary = json.loads(path.read_text())
        summary["protocols"]["strict"]["both"]["jaccard"] |= {"low": None, "high": None}
        path.write_text(json.dumps(summary))
    st.cache_data.clear()
    figure = json.loads(opened("Quality and time").get("plotly_chart")[0].proto.spec)
    (points,) = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert not np.isfinite(np.array(numbers(points["error_y"]["array"]), dtype=float)).any()


def test_quality_stands_against_time_and_every_point_has_its_name(here: Comparison) -> None:
    app = opened("Quality and time", beside=["threshold"])
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    points = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    named = {
        name: x
        for trace in points
        for (name,), x in zip(trace["customdata"], numbers(trace["x"]), strict=True)
    }
    cost = find(read(here.folder.parents[2] / "threshold").digest, here.split()).cost()
    expected = {ABOUT[name].title: done.milliseconds for name, done in here.done().items()}
    assert named == expected | {"threshold": cost.milliseconds}
    assert [trace["name"] for trace in points] == ["No training", "Run or checkpoint beside them"]
    assert sorted(label["text"] for label in figure["layout"]["annotations"]) == sorted(named)
    assert "for want of a time" not in said(app)
    app.segmented_control(key="compare_time").set_value("minutes").run()
    assert "for want of a time or of a figure: threshold" in said(app)
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    points = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert {x for trace in points for x in numbers(trace["x"])} == {0.0}


def test_an_evaluation_that_was_not_timed_has_no_point_and_no_figure(own: Comparison) -> None:
    kept = find(read(own.folder.parents[2] / "threshold").digest, own.split())
    (kept.folder / "cost.json").write_text('{"milliseconds": "fast"')
    app = opened(beside=["threshold"])
    shown = app.dataframe[0].value.set_index("Method")
    assert shown.loc["threshold", ["ms per crop", "Parameters"]].isna().all()
    app = opened("Quality and time", beside=["threshold"])
    assert "for want of a time or of a figure: threshold" in said(app)


def test_a_run_beside_the_methods_has_its_minutes(own: Comparison) -> None:
    run = logged(own.place.parent / "first", own.dataset.parent / "phantoms")
    app = opened("Quality and time", beside=["run first"], time="Training")
    assert "for want of a time" not in said(app)
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    points = {
        name: x
        for trace in figure["data"]
        if trace["mode"] == "markers"
        for (name,), x in zip(trace["customdata"], numbers(trace["x"]), strict=True)
    }
    assert points["run first"] == pytest.approx(run.minutes())
    assert run.minutes() > 0
    (run.folder / "config.json").write_text("{")
    st.cache_data.clear()  # as when the server starts again
    app = opened("Quality and time", beside=["run first"], time="Training")
    assert "for want of a time or of a figure: run first" in said(app)


@pytest.mark.parametrize("seed", range(5))
def test_names_keep_their_distance_and_their_order(seed: int) -> None:
    chance = np.random.default_rng(seed)
    values = np.sort(chance.choice([0.0, 0.5, 0.9], 12) + 0.02 * chance.random(12))[::-1]
    places = spread(values, 0.05, -0.05, 1.0)
    assert (-np.diff(places) >= 0.05 - 1e-9).all()
    assert places.max() <= 1.0
    assert places.min() >= -0.05
    apart = np.array([0.9, 0.5, 0.1])
    assert spread(apart, 0.05, 0.0, 1.0) == pytest.approx(apart)
