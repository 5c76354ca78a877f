"""The results page: cells listed, opened and stepped through."""

import io
from pathlib import Path

import pandas as pd
import pytest

from pages.parts.results.view import SORTS, listed
from pages.shared.evaluations import listed_csv
from pap_core.evaluation.store import Kept
from tests.helpers.pages.results_page import cells, kept_of, opened, values
from tests.helpers.pages.visiting import said


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
