"""The page of data sets: what a person sees of one."""

import json
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from pap_core.data.composition import read
from pap_core.data.readers.sipakmed import OFFICIAL
from tests.helpers.pages.datasets_page import BUILD, box, opened, second_set
from tests.helpers.pages.visiting import APP, PATIENCE, press, ran, refusals, said


def test_the_ready_set_is_shown_with_its_figures(space: Path) -> None:
    app = opened()
    cells = read(space / "datasets" / "phantoms").cells
    figures = {metric.label: metric.value for metric in app.metric}
    sides = cells["split"].value_counts()
    assert figures["Crops"] == str(len(cells))
    assert figures["Training"] == str(sides["train"])
    assert figures["Test"] == str(sides["test"])
    groups = cells.groupby("split")["group"].nunique()
    assert (
        f"No smear stands on both sides: {groups['train']} smears are for training, {groups['test']} for "
        "testing" in said(app)
    )
    counted = app.dataframe[0].value.set_index("category")
    assert counted["crops"].to_dict() == cells["category"].value_counts().to_dict()
    assert "official_cells" not in counted
    assert "Phantoms have no official numbers" in said(app)
    assert not refusals(app)


def test_every_picture_and_chart_has_a_description_and_every_control_help(root: Path) -> None:
    app = opened()
    pictures = [picture for element in app.image for picture in element.proto.imgs]
    assert len(pictures) == 2
    assert all(one.alt for one in [*pictures, *(chart.proto for chart in app.get("plotly_chart"))])
    for page in (app, opened(BUILD), opened(BUILD, build_kind="ZIP archive")):
        controls = [
            *(*page.selectbox, *page.text_input, *page.number_input, *page.toggle, *page.button),
            *(*page.get("segmented_control"), *page.file_uploader),
        ]
        assert controls
        assert [one.label for one in controls if not one.proto.help and one.label != "Build"] == []


def test_the_way_to_the_next_cell_goes_around(space: Path) -> None:
    app = opened()
    names = read(space / "datasets" / "phantoms").cells["id"].tolist()
    assert box(app, "Cell").value == names[0]
    press(app, "Previous")
    assert box(app, "Cell").value == names[-1]
    assert f"Cell {len(names)} of {len(names)}" in said(app)
    press(app, "Next")
    press(app, "Next")
    assert box(app, "Cell").value == names[1]
    assert f"**{names[1]}**" in said(app)


def test_cells_are_filtered_by_category_and_side(space: Path) -> None:
    cells = read(space / "datasets" / "phantoms").cells
    app = opened()
    box(app, "Category").set_value("Parabasal")
    ran(app).get("segmented_control")[0].set_value("Test")
    ran(app)
    wanted = cells[(cells["category"] == "Parabasal") & (cells["split"] == "test")]
    assert box(app, "Cell").options == wanted["id"].tolist()
    row = wanted.iloc[0]
    assert f"Smear: **{row['group']}**" in said(app)
    figures = {metric.label: metric.value for metric in app.metric}
    assert figures["N/C ratio"] == f"{row['nucleus'] / row['cytoplasm']:.3f}"
    assert figures["Nucleus (px)"] == f"{row['nucleus']:,}"


def test_edges_are_switched(space: Path) -> None:
    app = opened()

    def shown() -> str:
        return app.image[0].proto.imgs[0].url

    before = shown()
    app.toggle(key="cell_edge").set_value(False)
    ran(app)
    assert shown() != before


def test_smears_on_both_sides_are_told(space: Path) -> None:
    folder = second_set(space, split="paper")
    table = pd.read_csv(folder / "manifest.csv")
    table["split"] = ["train", "test"] * (len(table) // 2) + ["train"] * (len(table) % 2)
    table.to_csv(folder / "manifest.csv", index=False)
    both = int((table.groupby("group")["split"].nunique() == 2).sum())
    assert both > 0
    app = opened(dataset_open="second")
    assert f"{both} of {table['group'].nunique()} smears stand on both sides" in refusals(app)[0]
    assert "No smear stands" not in said(app)


def test_a_picture_on_both_sides_by_two_names_is_told(space: Path) -> None:
    folder = second_set(space)
    table = pd.read_csv(folder / "manifest.csv", dtype=str)
    train, test = (table.index[table["split"] == side][0] for side in ("train", "test"))
    table.loc[train, "picture"] = table.loc[test, "picture"]
    table.to_csv(folder / "manifest.csv", index=False)
    app = opened(dataset_open="second")
    assert "Pictures that stand on both sides by the names of several smears: 1." in refusals(app)[0]
    assert "No smear stands" not in said(app)


def test_what_a_build_united_or_doubted_is_told(space: Path) -> None:
    second_set(
        space,
        united=[["10", "60"], ["7", "70", "71"]],
        notes=["the category 'parabasal' is read as 'Parabasal'"],
        doubtful=3,
    )
    app = opened(dataset_open="second")
    assert "are one, by the first name: 10, 60; 7, 70, 71." in said(app)
    assert "The category 'parabasal' is read as 'Parabasal'." in said(app)


def test_official_numbers_stand_beside_those_found(space: Path) -> None:
    second_set(space, source="sipakmed", official=OFFICIAL)
    app = opened(dataset_open="second")
    counted = app.dataframe[0].value.set_index("category")
    assert counted["official_cells"].to_dict() == {name: cells for name, (_, cells) in OFFICIAL.items()}
    assert counted.loc["Koilocytotic", "cells"] == 0
    assert f"not the full download: 12 of 966 pictures, {counted['cells'].sum()} of 4,049 cells" in said(app)


def test_what_was_skipped_is_grouped_and_searched(space: Path) -> None:
    folder = second_set(space)
    path = json.loads((folder / "dataset.json").read_text())["path"]
    rows = [
        (
            "im_A_001_01",
            f"{path}/im_A/001.bmp: the nucleus of im_A_001_01 lies outside its cell; correct it.",
        ),
        (
            "im_A_002_07",
            f"{path}/im_A/002.bmp: the nucleus of im_A_002_07 lies outside its cell; correct it.",
        ),
        ("im_B_003", f"{path}/im_B/003.bmp: an image without contours"),
    ]
    pd.DataFrame(rows, columns=["id", "reason"]).to_csv(folder / "skipped.csv", index=False)
    app = opened(dataset_open="second")
    kinds, listed = (frame.value for frame in app.dataframe[1:])
    assert dict(zip(kinds["kind"], kinds["cells"], strict=True)) == {
        "the nucleus of this cell lies outside its cell": 2,
        "an image without contours": 1,
    }
    assert len(listed) == 3
    assert not listed["reason"].str.contains(path, regex=False).any()
    app.text_input(key="skipped_sought").set_value("A/002.BMP")
    assert ran(app).dataframe[2].value["id"].tolist() == ["im_A_002_07"]
    app.text_input(key="skipped_sought").set_value("")
    app.selectbox(key="skipped_kind").set_value("an image without contours")
    assert ran(app).dataframe[2].value["id"].tolist() == ["im_B_003"]


def test_the_address_opens_what_it_names(space: Path) -> None:
    second_set(space)
    sent = AppTest.from_file(APP, default_timeout=PATIENCE)
    sent.query_params["dataset_open"] = "second"
    sent.switch_page("pages/dataset.py").run()
    assert box(sent, "Data set").value == "second"
    sent = AppTest.from_file(APP, default_timeout=PATIENCE)
    sent.query_params["dataset_open"] = "third"
    sent.switch_page("pages/dataset.py").run()
    assert refusals(sent) == ["third was not found: another is shown. Choose one."]
    assert box(sent, "Data set").value == "phantoms"
