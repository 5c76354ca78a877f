"""The results page: what a person sees of an evaluation, and where there is none."""

import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
import streamlit as st
from comparing import few
from segmenting import furnish, page, said, use
from streamlit.testing.v1 import AppTest

from pages.shared.model import IN_USE
from pages.shared.reading import Reading
from pages.shared.results_charts import against_area, distribution
from pages.shared.results_data import listed_csv
from pages.shared.results_tables import against_published, by_category
from pages.shared.results_view import SORTS, listed
from pap_core.inference import Segmenter
from pap_core.model.catalogue import WEIGHTS
from pap_core.model.checkpoint import read
from pap_core.published import DOI
from pap_core.results import Kept, evaluate_and_keep, find, split_of

STRICT = Reading("strict", "nucleus", "jaccard")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A checkpoint, and a workspace with two data sets; the smaller one, of six crops, is evaluated."""
    st.cache_data.clear()
    folder = furnish(tmp_path_factory.mktemp("place"), phantom_dataset)
    dataset = few(phantom_dataset, folder / "workspace" / "datasets" / "few")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
        evaluate_and_keep(Segmenter(read(folder / "threshold"), "cpu"), split_of(dataset))
    return folder


@pytest.fixture
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place, found by the app; not to be changed."""
    use(place, monkeypatch)
    return place


@pytest.fixture
def own(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the place, to change."""
    shutil.copytree(place, tmp_path / "own", symlinks=True)
    use(tmp_path / "own", monkeypatch)
    return tmp_path / "own"


@pytest.fixture
def kept(here: Path) -> Kept:
    """What is kept of the evaluation."""
    return kept_of(here)


def kept_of(place: Path) -> Kept:
    (folder,) = (place / "workspace" / "evaluations").iterdir()
    return Kept(folder)


def opened(data: str = "few", **address: str | list[str]) -> AppTest:
    """Open the page at an address."""
    return page("results", data=data, **address)


def cells(app: AppTest) -> list[str]:
    """Return the crops whose small pictures are shown, in order."""
    return [
        button.key.removeprefix("cell_open_") for button in app.button if button.key.startswith("cell_open_")
    ]


def values(kept: Kept, reading: Reading = STRICT) -> pd.Series:
    """Return a metric of each crop, in %."""
    table = kept.table()
    chosen = (table["protocol"] == reading.protocol) & (table["class"] == reading.label_class)
    return 100 * table[chosen].set_index("id")[reading.metric]


def test_figures_stand_beside_the_published_ones(here: Path, kept: Kept) -> None:
    app = opened()
    shown = app.dataframe[0].value
    jaccard = shown[(shown["Class"] == "Nucleus") & (shown["Metric"] == "Jaccard index")].iloc[0]
    assert jaccard["Measured (%, mean ± sd)"].startswith(
        f"{values(kept).mean():.2f} ± {values(kept).std():.2f}"
    )
    assert jaccard["Published (%, mean ± sd)"] == "80.89 ± 15.89"
    assert len(shown) == 15
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
    found = dict.fromkeys(("accuracy", "sensitivity", "specificity", "jaccard"), figures) | {
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


def test_cells_are_listed_filtered_and_sorted() -> None:
    rows = pd.DataFrame(
        {"id": ["d", "c", "b", "a"], "category": ["P", "P", "D", "D"], "value": [50.0, None, 0.0, 100.0]}
    )
    worst, best, by_name = SORTS
    assert listed(rows, [], (0, 100), worst) == ["b", "d", "a", "c"]
    assert listed(rows, [], (0, 100), best) == ["a", "d", "b", "c"]
    assert listed(rows, [], (0, 100), by_name) == ["a", "b", "c", "d"]
    assert listed(rows, ["P"], (0, 100), worst) == ["d", "c"]
    assert listed(rows, [], (0, 50), worst) == ["b", "d"]
    assert listed(rows, [], (1, 100), best) == ["a", "d"]
    assert listed(rows, ["P"], (60, 70), worst) == []


def test_the_gallery_shows_the_worst_first_and_filters(here: Path, kept: Kept) -> None:
    app = opened(view="Cells")
    ranked = values(kept).reset_index().sort_values(["jaccard", "id"])["id"].tolist()
    assert cells(app) == ranked
    assert len(app.image) == 6
    app.pills(key="results_categories").set_value(["Parabasal"]).run()
    assert cells(app) == [crop for crop in ranked if crop.startswith("Parabasal")]
    app.pills(key="results_categories").set_value([]).run()
    middle = int(values(kept).median())
    app.slider(key="results_range").set_value((middle, 100)).run()
    assert cells(app) == [crop for crop in ranked if values(kept)[crop] >= middle]
    app.slider(key="results_range").set_value((0, 1)).run()
    app.pills(key="results_categories").set_value(["Dyskeratotic"]).run()
    assert not app.exception


def test_what_is_listed_comes_as_csv(kept: Kept) -> None:
    table = kept.table()
    rows = table[(table["protocol"] == "strict") & (table["class"] == "nucleus")].assign(value=1.0)
    order = [rows["id"].iloc[3], rows["id"].iloc[0]]
    found = pd.read_csv(io.BytesIO(listed_csv(rows, order, kept.summary())))
    assert list(found["id"]) == order
    assert list(found.columns) == [*table.columns, "checkpoint", "dataset"]
    assert found["jaccard"].iloc[1] == pytest.approx(rows["jaccard"].iloc[0])
    assert set(found["dataset"]) == {"f3f3"}


def test_the_csv_is_offered_with_the_gallery(here: Path) -> None:
    assert [one.proto.label for one in opened(view="Cells").get("download_button")] == ["Cells listed (CSV)"]


def test_a_cell_opens_from_its_picture_and_steps_in_the_order_listed(here: Path) -> None:
    app = opened(view="Cells", sort="By name")
    order = cells(app)
    app.button(key=f"cell_open_{order[0]}").click().run()
    assert app.query_params["results_cell"] == order[0]
    assert len(app.image) == 6 + 4
    assert "1 of 6" in said(app)
    assert app.button(key="results_previous").disabled
    app.button(key="results_next").click().run()
    assert app.query_params["results_cell"] == order[1]
    assert f"crop {order[1]}" in said(app)
    app.button(key="results_previous").click().run()
    assert app.query_params["results_cell"] == order[0]


def test_a_cell_shows_its_own_metrics(here: Path, kept: Kept) -> None:
    crop = values(kept).index[2]
    app = opened(view="Cells", cell=crop)
    shown = app.table[0].value
    assert shown.loc["Nucleus", "Jaccard index"] == f"{values(kept)[crop]:.1f} %"
    assert list(shown.index) == ["Nucleus", "Cytoplasm", "Together"]
    table = kept.table().set_index(["id", "protocol", "class"])
    legend = next(one.value for one in app.html if "false alarm" in one.value)
    assert f"miss {table.loc[(crop, 'strict', 'nucleus'), 'fn']:,} px" in legend
    app.get("segmented_control")[-1].set_value("cytoplasm").run()
    legend = next(one.value for one in app.html if "false alarm" in one.value)
    assert f"false alarm {table.loc[(crop, 'strict', 'cytoplasm'), 'fp']:,} px" in legend


def test_a_cell_outside_the_filter_steps_through_all(here: Path, kept: Kept) -> None:
    crop = next(crop for crop in values(kept).index if crop.startswith("Parabasal"))
    app = opened(view="Charts", categories=["Dyskeratotic"], cell=crop)
    assert "of 6" in said(app)


def test_the_address_opens_the_same_view(here: Path) -> None:
    app = opened(
        view="Cells", protocol="colour-200", **{"class": "Cytoplasm"}, metric="Precision", sort="Best first"
    )
    again = [one.value for one in app.get("segmented_control")]
    assert again[:2] == ["colour-200", "cytoplasm"]
    assert app.selectbox(key="results_metric").value == "precision"
    assert app.query_params["results_data"] == "few"
    assert app.query_params["results_checkpoint"] == "threshold"


@pytest.mark.parametrize(
    "junk",
    [
        {"protocol": "none", "class": "Membrane", "metric": "luck", "sort": "7", "view": "Nowhere"},
        {"range": ["x", "y"], "page": "minus", "categories": ["Nobody", "$*"], "view": "Cells"},
        {"range": ["90"], "page": "4711", "cell": "../../etc/passwd", "view": "Cells"},
        {"checkpoint": "../..", "cell": "", "shape": "Pie", "view": "Charts"},
    ],
)
def test_junk_in_the_address_is_ignored(here: Path, junk: dict) -> None:
    app = opened(**junk)
    assert not app.error
    assert "6 crops" in said(app)
    assert "results_cell" not in app.query_params


def test_an_unknown_data_set_in_the_address_is_told(here: Path) -> None:
    app = opened("gone away")
    assert app.query_params["results_data"] == "few"
    assert any("data set" in toast.value for toast in app.toast)


def test_an_evaluation_is_offered_never_started_by_itself(here: Path) -> None:
    app = opened("phantoms")
    crops = split_of(here / "workspace" / "datasets" / "phantoms").crops
    assert f"{crops} crops" in app.info[0].value
    assert f"Evaluate on {crops} crops" in [button.label for button in app.button]
    assert not app.dataframe


def test_an_evaluation_runs_on_a_click_and_is_kept(own: Path) -> None:
    shutil.rmtree(kept_of(own).folder)
    app = opened()
    button = next(one for one in app.button if one.label == "Evaluate on 6 crops")
    button.click().run()
    for _ in range(600):
        if list((own / "workspace" / "evaluations").glob("[!.]*")):
            break
        time.sleep(0.1)
    app.run()
    assert not app.exception
    assert "6 crops" in said(app)
    assert len(app.dataframe) == 2
    assert kept_of(own).summary()["crops"] == 6


def no_data_at_all(own: Path) -> None:
    shutil.rmtree(own / "workspace")
    (own / "workspace").write_text("in the way")  # so that no ready set can be made either


def test_without_a_data_set_the_way_to_one_is_shown(own: Path) -> None:
    no_data_at_all(own)
    app = opened()
    assert "no data set to evaluate on yet" in app.info[0].value
    assert [link.value for link in app.page_link] == ["Build a data set"]
    assert not app.error


def delete_data(own: Path) -> None:
    shutil.rmtree(own / "workspace" / "datasets" / "few")


def change_data(own: Path) -> None:
    path = own / "workspace" / "datasets" / "few" / "dataset.json"
    path.write_text(path.read_text().replace("f3f3", "0ther"))


def damage_data(own: Path) -> None:
    (own / "workspace" / "datasets" / "few" / "dataset.json").write_text("{")


def damage_table(own: Path) -> None:
    (kept_of(own).folder / "per_image.csv").write_text("nothing")


def take_weights(own: Path) -> None:
    (own / "threshold" / WEIGHTS).unlink()


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (damage_data, "few: cannot be read"),
        (damage_table, "per_image.csv: missing or damaged"),
        (take_weights, "threshold"),
    ],
)
def test_harm_done_while_the_page_is_open_gives_one_sentence(
    own: Path, harm: Callable[[Path], None], told: str
) -> None:
    app = opened()
    assert not app.error
    harm(own)
    app.run()
    assert not app.exception
    errors = {error.value.replace("\\", "") for error in app.error}
    assert any(told in error for error in errors)
    assert all("\n" not in error for error in errors)


def test_a_data_set_deleted_while_open_gives_way_to_another(own: Path) -> None:
    app = opened()
    delete_data(own)
    app.run()
    assert not app.exception
    assert any("data set" in toast.value for toast in app.toast)
    assert app.query_params["results_data"] == "phantoms"


def test_a_data_set_built_anew_is_to_be_evaluated_anew(own: Path) -> None:
    app = opened()
    change_data(own)
    app.run()
    assert "has not been evaluated" in app.info[0].value
    assert not app.dataframe


@pytest.mark.parametrize("part", ["images", "labels", "targets", "predictions"])
def test_a_picture_that_is_gone_gives_one_sentence(own: Path, part: str) -> None:
    crop = values(kept_of(own)).index[0]
    parent = kept_of(own).folder if part == "predictions" else own / "workspace" / "datasets" / "few"
    (parent / part / f"{crop}.png").unlink()
    app = opened(cell=crop)
    assert len(app.error) == 1
    assert f"{crop}.png" in app.error[0].value.replace("\\", "")
    assert "1 of 6" in said(app) or "of 6" in said(app)


def test_a_page_of_many_cells_at_a_time(own: Path) -> None:
    folder = kept_of(own).folder
    table = pd.read_csv(folder / "per_image.csv", dtype=str, keep_default_na=False)
    many = pd.concat([table.assign(id=table["id"] + f"_{number}") for number in range(10)])
    many.to_csv(folder / "per_image.csv", index=False)
    app = opened(view="Cells", sort="By name", page="3")
    assert cells(app) == sorted(many["id"].unique())[48:60]
    app.pills(key="results_categories").set_value(["Parabasal"]).run()
    assert not app.exception
    assert cells(app) == [crop for crop in sorted(many["id"].unique()) if crop.startswith("Parabasal")][:24]


def test_the_checkpoint_in_use_is_the_one_looked_at(here: Path) -> None:
    app = opened()
    assert app.selectbox(key="results_checkpoint").value == "threshold"
    app.session_state[IN_USE] = "compact"
    app.run()
    assert app.selectbox(key="results_checkpoint").value == "compact"
    assert app.query_params["results_checkpoint"] == "compact"


@pytest.fixture(autouse=True)
def _nothing_left_running() -> Iterator[None]:
    yield
    st.cache_resource.clear()  # evaluations under way are of one test


def test_the_kept_evaluation_is_the_one_of_the_page(here: Path, kept: Kept) -> None:
    split = split_of(here / "workspace" / "datasets" / "few")
    assert find(kept.summary()["checkpoint"]["digest"], split) == kept
