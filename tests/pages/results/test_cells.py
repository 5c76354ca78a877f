"""The results page: cells listed, opened and stepped through."""

import io
from pathlib import Path

import pandas as pd
import pytest

from pages.parts.results.filters import SORTS, Wanted, listed
from pages.parts.results.outlines import BOTH, MARKED, PREDICTED, outlined
from pages.parts.results.selection import packed
from pages.shared.evaluations import listed_csv
from pap_core.categories import in_order, written
from pap_core.evaluation.store import Kept
from pap_core.images import read_image
from tests.helpers.pages.results_page import cells, kept_of, opened, values
from tests.helpers.pages.visiting import said


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, "bdac"),
        ({"sort": SORTS[1]}, "adbc"),
        ({"sort": SORTS[2]}, "abcd"),
        ({"categories": ("P",)}, "dc"),
        ({"within": (0, 0.5)}, "bd"),
        ({"within": (0.01, 1), "sort": SORTS[1]}, "ad"),
        ({"categories": ("P",), "within": (0.6, 0.7)}, ""),
        ({"groups": ("s1",)}, "bd"),
        ({"groups": ("s1", "s2"), "categories": ("P",)}, "dc"),
        ({"area": (20, 30)}, "bc"),
        ({"selected": ("a", "c", "gone")}, "ac"),
        ({"selected": ("a", "c"), "area": (30, 40)}, "ac"),
        ({"selected": ("d",), "groups": ("s2",)}, ""),
    ],
)
def test_cells_are_listed_filtered_and_sorted(wanted: dict, expected: str) -> None:
    rows = pd.DataFrame(
        {
            "id": ["d", "c", "b", "a"],
            "category": ["P", "P", "D", "D"],
            "group": ["s1", "s2", "s1", "s2"],
            "nucleus_area": [10, 30, 20, 40],
            "value": [0.5, None, 0.0, 1.0],
        }
    )
    assert listed(rows, Wanted(**wanted)) == list(expected)


def test_the_gallery_shows_the_worst_first_and_filters(here: Path, kept: Kept) -> None:
    app = opened(view="Cells")
    ranked = values(kept).reset_index().sort_values(["jaccard", "id"])["id"].tolist()
    assert cells(app) == ranked
    assert len(app.image) == 6
    app.pills(key="results_categories").set_value(["Parabasal"]).run()
    assert cells(app) == [crop for crop in ranked if crop.startswith("Parabasal")]
    app.pills(key="results_categories").set_value([]).run()
    middle = round(float(values(kept).median()), 2)
    app.slider(key="results_within").set_value((middle, 1.0)).run()
    assert cells(app) == [crop for crop in ranked if values(kept)[crop] >= middle]
    app.slider(key="results_within").set_value((0.0, 0.01)).run()
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
    assert shown.loc["Nucleus", "Jaccard index"] == f"{values(kept)[crop]:.3f}"
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


def test_slides_and_areas_filter_the_gallery(here: Path, kept: Kept) -> None:
    rows = kept.table().drop_duplicates("id").set_index("id")
    app = opened(view="Cells", sort="By name")
    slide = rows["group"].iloc[0]
    app.multiselect(key="results_groups").set_value([slide]).run()
    assert cells(app) == sorted(rows.index[rows["group"] == slide])
    app.multiselect(key="results_groups").set_value([]).run()
    middle, most = int(rows["nucleus_area"].median()), int(rows["nucleus_area"].max())
    app.slider(key="results_area").set_value((middle, most)).run()
    assert cells(app) == sorted(rows.index[rows["nucleus_area"] >= middle])
    assert 0 < len(cells(app)) < len(rows)


def test_cells_selected_in_a_chart_are_listed_until_they_are_let_go(here: Path, kept: Kept) -> None:
    everything = sorted(values(kept).index)
    some = everything[1::2]
    app = opened(view="Charts", sort="By name", selected=packed(some, everything))
    assert cells(app) == some
    assert f"{len(some)} cells are selected" in said(app)
    app = opened(view="Cells", sort="By name", selected=packed(some, everything))
    assert cells(app) == some
    app.button(key="results_unselect_cells").click().run()
    assert cells(app) == everything
    assert "results_selected" not in app.query_params
    assert not cells(opened(view="Charts"))


@pytest.mark.parametrize("text", ["AQ", "A", "not base64!", "é", "____", "AAAA" * 9])
def test_a_selection_that_is_junk_selects_nothing(here: Path, kept: Kept, text: str) -> None:
    assert len(cells(opened(view="Cells", selected=text))) == 6


def test_the_pictures_have_the_outlines_asked_for(here: Path, kept: Kept) -> None:
    data = here / "workspace" / "datasets" / "few"
    crop = values(kept).index[0]
    pictures = {
        outlines: read_image(io.BytesIO(outlined(str(kept.folder), str(data), "f3f3", crop, outlines)))
        for outlines in (MARKED, BOTH)
    }
    pictures[PREDICTED] = read_image(kept.thumbnail(crop))
    assert len({one.shape for one in pictures.values()}) == 1
    green = {name: int((one.astype(int) @ [-1, 2, -1] > 150).sum()) for name, one in pictures.items()}
    blue = {name: int((one.astype(int) @ [-1, -1, 2] > 250).sum()) for name, one in pictures.items()}
    assert green[MARKED] >= green[BOTH] > 10 * green[PREDICTED]
    assert blue[BOTH] > blue[MARKED]
    app = opened(view="Cells", outlines="Both")
    assert len(app.image) == 6
    assert "nucleus green, cell purple" in said(app)


def test_another_data_set_has_filters_of_its_own(own: Path, kept: Kept) -> None:
    rows = kept.table()
    most = int(rows["nucleus_area"].max())
    app = opened(view="Cells")
    app.slider(key="results_area").set_value((most, most)).run()
    app.multiselect(key="results_groups").set_value([rows["group"].iloc[0]]).run()
    app.selectbox(key="results_data").set_value("phantoms").run()
    assert not app.exception
    app.selectbox(key="results_data").set_value("few").run()
    assert not app.exception


def test_links_of_before_list_the_same_cells(own: Path) -> None:
    folder = kept_of(own).folder
    for file in ("per_image.csv", "summary.json"):
        text = (folder / file).read_text().replace("Dyskeratotic,", "light_dysplastic,")
        (folder / file).write_text(text.replace('"Dyskeratotic"', '"light_dysplastic"'))
    table = Kept(folder).table()
    light = sorted(set(table[table["category"] == "light_dysplastic"]["id"]))
    app = opened(view="Cells", categories=["light_dysplastic"], sort="By name", range=["0", "100"])
    assert cells(app) == light
    names = [written(one) for one in in_order(table["category"])]
    assert names[0] == "light dysplastic"
    assert app.pills(key="results_categories").options == names
    assert "results_range" not in app.query_params
    middle = 100 * values(Kept(folder)).median()
    app = opened(view="Cells", range=[f"{middle:.0f}", "100"])
    assert 0 < len(cells(app)) < 6
