"""The page that compares methods: tables, charts, pairs; a comparison is begun, watched, gone on with."""

import base64
import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import streamlit as st
from comparing import DIGEST, few
from segmenting import APP, figures, said, use
from streamlit.testing.v1 import AppTest
from threshold_checkpoint import threshold_network, write_checkpoint

from pages.shared.compare_cells import ORDERS, ordered
from pages.shared.compare_progress import NEW
from pages.shared.compare_quality import spread
from pap_core import comparison_job
from pap_core.comparison import Comparison, begin, compare
from pap_core.comparison_table import long_table, wide_table
from pap_core.inference import Segmenter
from pap_core.methods.catalogue import ABOUT, NAMES
from pap_core.model.catalogue import WEIGHTS
from pap_core.model.checkpoint import read
from pap_core.paired import differences, paired
from pap_core.results import evaluate_and_keep, split_of

PATIENCE = 240  # s; a machine may be busy with a training


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A workspace with two methods measured on six crops, and a checkpoint evaluated on the same."""
    st.cache_data.clear()
    folder = tmp_path_factory.mktemp("place")
    write_checkpoint(folder / "threshold", threshold_network())
    sets = folder / "workspace" / "datasets"
    sets.mkdir(parents=True)
    (sets / "phantoms").symlink_to(phantom_dataset)
    few(phantom_dataset, sets / "few")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
        comparison = begin(sets / "few", 1)
        assert [done.name for done in compare(comparison, ["k-means", "otsu"])] == ["k-means", "otsu"]
        evaluate_and_keep(Segmenter(read(folder / "threshold"), "cpu"), split_of(sets / "few"))
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """The comparison, found by the app; not to be changed."""
    use(place, monkeypatch)
    return Comparison(place / "workspace" / "comparisons" / f"{DIGEST}-1min")


@pytest.fixture
def own(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    """A copy of it, to change."""
    shutil.copytree(place, tmp_path / "own", symlinks=True)
    use(tmp_path / "own", monkeypatch)
    comparison = Comparison(tmp_path / "own" / "workspace" / "comparisons" / f"{DIGEST}-1min")
    return begin(tmp_path / "own" / "workspace" / "datasets" / "few", comparison.minutes)


def opened(tab: str = "Figures", **address: str | list[str]) -> AppTest:
    """Open the page at an address."""
    app = AppTest.from_file(str(APP), default_timeout=300)
    app.run()
    app.switch_page("pages/compare.py")
    app.query_params["compare_tab"] = tab
    for name, value in address.items():
        app.query_params[f"compare_{name}"] = value
    app.run()
    assert not app.exception
    return app


def all_said(app: AppTest) -> str:
    """Return what the page says, what it points out and what it regrets included."""
    pointed = [one.value for kind in (app.info, app.warning, app.error) for one in kind]
    return "\n".join([said(app), *(one.replace("\\", "") for one in pointed)])


def rows(comparison: Comparison, name: str, protocol: str = "strict", of: str = "both") -> pd.DataFrame:
    """Return what was measured of a method, a row a crop."""
    table = comparison.evaluation(comparison.done()[name]).table()
    return table[(table["protocol"] == protocol) & (table["class"] == of)]


def cells(app: AppTest) -> list[str]:
    """Return the crops whose pictures are shown, in order."""
    keys = [button.key or "" for button in app.button]
    return [key.removeprefix("pair_open_") for key in keys if key.startswith("pair_open_")]


def take_for(comparison: Comparison, found: str, name: str) -> None:
    """Put what was measured of one method down as another's result, too."""
    done = json.loads((comparison.folder / f"{found}.json").read_text())
    (comparison.folder / f"{name}.json").write_text(json.dumps(done | {"name": name}))


def numbers(values: list | dict) -> list[float]:
    """Return the numbers of a trace, however they were sent."""
    if isinstance(values, dict):
        return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).tolist()
    return values


# Figures


def test_figures_are_those_measured_best_first(here: Comparison) -> None:
    app = opened()
    shown = app.dataframe[0].value
    wide = wide_table(long_table(here), "strict", "both")
    assert list(shown["Method"]) == [ABOUT[name].title for name in wide.index]
    assert shown["Jaccard index"].is_monotonic_decreasing
    for name, row in zip(wide.index, shown.to_dict("records"), strict=True):
        assert row["Sensitivity"] == pytest.approx(rows(here, name)["sensitivity"].mean())
        assert row["95 % interval"] == f"[{wide.loc[name, 'low']:.3f}, {wide.loc[name, 'high']:.3f}]"
        assert row["ms a crop"] == here.done()[name].milliseconds
    assert "6 crops" in said(app)
    assert "1 minutes of training each" in said(app)


def test_protocols_and_classes_are_named_and_never_mixed(here: Comparison) -> None:
    found = {}
    app = opened()
    for protocol in ("channel-200", "strict"):
        for label_class in ("cytoplasm", "both"):
            app.get("segmented_control")[0].set_value(protocol).run()
            app.get("segmented_control")[1].set_value(label_class).run()
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
    app.get("segmented_control")[1].set_value("nucleus").run()
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
    categories = sorted(rows(here, "otsu")["category"].unique())
    assert list(shown.columns) == [*categories, "All"]
    for category in categories:
        of_one = rows(here, "otsu")[rows(here, "otsu")["category"] == category]
        assert shown.loc["Otsu", category].startswith(f"{of_one['precision'].mean():.3f}")


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
    assert np.isnan(shown.loc["threshold", "ms a crop"])
    evaluations = here.folder.parents[1] / "evaluations"
    table = pd.read_csv(
        next(evaluations.glob(f"{read(here.folder.parents[2] / 'threshold').digest}_*")) / "per_image.csv"
    )
    table = table[(table["protocol"] == "strict") & (table["class"] == "both")]
    assert shown.loc["threshold", "Jaccard index"] == pytest.approx(table["jaccard"].mean())
    assert [one.proto.disabled for one in app.get("download_button")] == [False] * 3


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
    ]
    app = opened(beside=["threshold"], methods=["Otsu"])
    assert list(app.dataframe[0].value["Method"]) == ["Otsu", "threshold"]


# Who wins


def test_without_pix2pix_nobody_has_won(here: Comparison) -> None:
    best = wide_table(long_table(here), "strict", "both").index[0]
    (info,) = opened().info
    assert f"**{ABOUT[best].title}** is best so far" in info.value
    assert "Pix2Pix has no result yet" in info.value


@pytest.mark.parametrize(("taken", "verdict"), [("u-net", "wins, not Pix2Pix,"), ("pix2pix-compact", "wins")])
def test_the_winner_is_told_with_interval_and_paired_difference(
    own: Comparison, taken: str, verdict: str
) -> None:
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
    assert f"**{ABOUT[taken].title} {verdict}** by the mean Jaccard index of both classes" in info.value
    assert f"{wide.loc[taken, 'jaccard']:.3f} [{low:.3f}, {high:.3f}]" in info.value
    assert f"ahead by {found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}]" in info.value


# Quality and time


def test_quality_stands_against_time_and_every_point_has_its_name(here: Comparison) -> None:
    app = opened("Quality and time", beside=["threshold"])
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    points = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    named = {
        name: x
        for trace in points
        for (name,), x in zip(trace["customdata"], numbers(trace["x"]), strict=True)
    }
    assert named == {ABOUT[name].title: done.milliseconds for name, done in here.done().items()}
    assert sorted(label["text"] for label in figure["layout"]["annotations"]) == sorted(named)
    assert "for want of a time or of a figure: threshold" in said(app)
    app.get("segmented_control")[2].set_value("minutes").run()
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    points = [trace for trace in figure["data"] if trace["mode"] == "markers"]
    assert {x for trace in points for x in numbers(trace["x"])} == {0.0}


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
    app.get("segmented_control")[2].set_value(ORDERS[2]).run()
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


def test_one_method_alone_is_no_pair(here: Comparison) -> None:
    app = opened("Two methods", methods=["Otsu"])
    assert "It takes two to compare" in all_said(app)


def test_a_method_and_its_double_do_not_differ(own: Comparison) -> None:
    take_for(own, "otsu", "u-net")
    app = opened("Two methods", first="otsu", second="u-net")
    assert figures(app)["Same"] == "6"
    assert figures(app)["Wilcoxon p"] == "–"
    assert "both are as good" in said(app)
    assert "No cell differs" in all_said(app)


# The address


def test_the_address_opens_the_same_view(here: Comparison) -> None:
    app = opened(
        "Two methods", protocol="colour-200", **{"class": "Cytoplasm"}, first="otsu", order=ORDERS[1]
    )
    assert [one.value for one in app.get("segmented_control")] == ["colour-200", "cytoplasm", ORDERS[1]]
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


# Begin, watch, go on


def test_a_method_without_a_result_says_what_to_press(here: Comparison) -> None:
    app = opened("The methods")
    shown = app.table[0].value.set_index("Method")
    assert list(shown.index) == [f"**{ABOUT[name].title}**" for name in NAMES]
    assert shown.loc["**Otsu**", "Result"] == "measured"
    assert shown.loc["**U-Net**", "Result"] == "none: press Measure"
    assert "Otsu, A threshold selection method" in shown.loc["**Otsu**", "Cited"]
    assert "Two thresholds" in shown.loc["**Otsu**", "Simplified"]
    assert app.button(key="compare_measure").label == f"Measure {len(NAMES) - 2} methods"


def finished(comparison: Comparison) -> None:
    deadline = time.monotonic() + PATIENCE
    while comparison_job.progress(comparison).state in comparison_job.ACTIVE:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert comparison_job.progress(comparison).state == comparison_job.FINISHED


def test_what_is_missing_is_measured_on_a_click(own: Comparison) -> None:
    (own.folder / "otsu.json").unlink()
    app = opened()
    app.multiselect(key="compare_missing_methods").set_value(["otsu"]).run()
    assert app.button(key="compare_measure").label == "Measure Otsu"
    app.button(key="compare_measure").click().run()
    assert not app.exception
    assert not app.error
    finished(own)
    app.run()
    assert set(app.dataframe[0].value["Method"]) == {"K-means", "Otsu"}


def test_a_comparison_is_begun_from_nothing(own: Comparison) -> None:
    shutil.rmtree(own.folder)
    app = opened()
    assert "There is no comparison yet" in all_said(app)
    app.selectbox(key="compare_new_data").set_value("few").run()
    app.number_input(key="compare_new_minutes").set_value(2.5).run()
    assert "To train: 13 networks, 32 min in all" in said(app)
    app.multiselect(key="compare_new_methods").set_value(["otsu"]).run()
    assert "There is nothing to train." in said(app)
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
    app.multiselect(key="compare_new_methods").set_value(["otsu"]).run()
    app.button(key="compare_start").click().run()
    assert not app.exception
    assert not app.session_state[NEW]
    assert app.selectbox(key="compare_of").value == f"{DIGEST}-3min"
    finished(Comparison(own.folder.with_name(f"{DIGEST}-3min")))


def test_one_at_work_is_watched_and_one_that_stopped_is_gone_on_with(own: Comparison) -> None:
    (own.folder / "otsu.json").unlink()
    (own.folder / "k-means.json").unlink()
    working = comparison_job.work(own, ["k-means", "otsu"])
    assert next(working).name == "k-means"
    app = opened()
    assert "Method 2 of 2, Otsu: preparing" in [one.proto.text for one in app.get("progress")]
    assert not app.button(key="compare_stop").disabled
    assert list(app.dataframe[0].value["Method"]) == ["K-means"]
    working.close()
    app.run()
    assert "The comparison was stopped: 1 method is left" in all_said(app)
    app.button(key="compare_resume").click().run()
    assert not app.error
    assert comparison_job.progress(own).methods == ("otsu",)
    app.run()
    app.button(key="compare_stop").click().run()
    assert comparison_job.progress(own).state not in comparison_job.ACTIVE


# What is not there, or not whole


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
    assert app.button(key="compare_measure").label == f"Measure {len(NAMES)} methods"
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
    assert app.button(key="compare_measure").label == f"Measure {len(NAMES) - 1} methods"


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
