"""The page of data sets: what a person sees of one, what they can order, and what is refused."""

import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import psutil
import pytest
from streamlit.testing.v1 import AppTest
from threshold_checkpoint import threshold_network, write_checkpoint

from pap_core.data import jobs
from pap_core.data.composition import read
from pap_core.data.jobs import Job
from pap_core.data.sipakmed import OFFICIAL

APP = Path(__file__).parents[2] / "app.py"
LOOK, BUILD = "Look into one", "Build one"
PATIENCE = 240  # s; a machine may be busy with a training


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint for the rest of the app."""
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "threshold", threshold_network())


@pytest.fixture
def space(checkpoint: Path, phantom_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with a ready set that took no making, and beside it a data root that is empty."""
    monkeypatch.setenv("PAP_CHECKPOINT", str(checkpoint))
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "space"))
    monkeypatch.setenv("PAP_DATA", str(tmp_path / "data"))
    shutil.copytree(phantom_dataset, tmp_path / "space" / "datasets" / "phantoms")
    (tmp_path / "data").mkdir()
    return tmp_path / "space"


@pytest.fixture
def root(space: Path, phantom_source: Path) -> Path:
    """The data root, with a source in it."""
    (space.parent / "data" / "smears").symlink_to(phantom_source)  # out of it: not to be offered
    shutil.copytree(phantom_source, space.parent / "data" / "source")
    return space.parent / "data"


def opened(tab: str = LOOK, **state: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=PATIENCE)
    app.session_state["dataset_tab"] = tab
    for key, value in state.items():
        app.session_state[key] = value
    app.switch_page("pages/dataset.py").run()
    assert not app.exception
    return app


def ran(app: AppTest) -> AppTest:
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    """All that the page says in words, without the signs that keep Markdown away."""
    words = [*app.markdown, *app.caption, *app.success, *app.warning, *app.info, *app.error]
    return "\n".join(one.value for one in words).replace("\\", "")


def refusals(app: AppTest) -> list[str]:
    """The sentences with which something is refused; see that each is one."""
    sentences = [one.value.replace("\\", "") for one in [*app.error, *app.warning]]
    assert not [one for one in sentences if "\n" in one or "Traceback" in one]
    return sentences


def press(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label == label).click()
    return ran(app)


def box(app: AppTest, label: str):
    return next(one for one in app.selectbox if one.label == label)


def box_named(app: AppTest):
    """Return the input of the name of a data set to build."""
    return next(one for one in app.text_input if one.label == "Name")


def second_set(space: Path, name: str = "second", **changed: object) -> Path:
    """Another data set, a copy of the ready one with changes in its description."""
    folder = shutil.copytree(space / "datasets" / "phantoms", space / "datasets" / name)
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    return folder


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


# Looking


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
    assert refusals(sent) == ["third is not there, or no longer: another is shown. Choose one."]
    assert box(sent, "Data set").value == "phantoms"


# Gone, damaged


def test_a_data_set_deleted_by_another_gives_one_sentence(space: Path) -> None:
    folder = second_set(space)
    app = opened(dataset_open="second")
    shutil.rmtree(folder)
    ran(app)
    assert refusals(app) == ["second is not there, or no longer: another is shown. Choose one."]
    assert box(app, "Data set").value == "phantoms"
    assert refusals(ran(app)) == []


def cut_description(folder: Path) -> None:
    (folder / "dataset.json").write_text('{"source":')


def old_description(folder: Path) -> None:
    (folder / "dataset.json").write_text('{"source": "sipakmed"}')


def take_manifest(folder: Path) -> None:
    (folder / "manifest.csv").unlink()


def empty_manifest(folder: Path) -> None:
    (folder / "manifest.csv").write_text("")


def take_crop(folder: Path) -> None:
    (folder / "images" / f"{read(folder).cells['id'].iloc[0]}.png").unlink()


def cut_label(folder: Path) -> None:
    path = folder / "labels" / f"{read(folder).cells['id'].iloc[0]}.png"
    path.write_bytes(path.read_bytes()[:60])


def lead_out(folder: Path) -> None:
    path = folder / "manifest.csv"
    name = read(folder).cells["id"].iloc[0]
    path.write_text(path.read_text().replace(name, "../../../../etc/passwd"))


@pytest.mark.parametrize(
    "harm",
    [cut_description, old_description, take_manifest, empty_manifest, take_crop, cut_label, lead_out],
)
def test_a_damaged_data_set_gives_one_sentence(space: Path, harm: Callable[[Path], None]) -> None:
    harm(second_set(space))
    app = opened(dataset_open="second")
    (sentence,) = refusals(app)
    assert "second" in sentence
    assert (
        "build it again" in sentence
        or "there is no such file" in sentence
        or "damaged" in sentence
        or (harm is lead_out and "no id of a cell" in sentence)
    )
    assert box(app, "Data set").options == ["phantoms", "second"]  # the page is there


def test_a_data_set_is_deleted_only_after_a_question(space: Path) -> None:
    folder = second_set(space)
    app = opened(dataset_open="second")
    press(app, "Delete")
    assert folder.exists()
    press(app, "Keep it")
    assert folder.exists()
    press(app, "Delete")
    press(app, "Delete it")
    assert not folder.exists()
    ran(app)
    assert box(app, "Data set").options == ["phantoms"]
    assert not refusals(app)


def test_the_ready_set_is_not_deleted(space: Path) -> None:
    app = opened()
    assert next(button for button in app.button if button.label == "Delete").disabled


# The ready set


def begun(space: Path, **status: object) -> Job:
    """A job for the ready set, at work in this very process."""
    job = Job(space / "builds" / "phantoms")
    job.folder.mkdir(parents=True)
    (job.folder / "order.json").write_text("{}")
    process = {"pid": os.getpid(), "process_started": psutil.Process().create_time(), "since": time.time()}
    (job.folder / "status.json").write_text(json.dumps(process | status))
    return job


def test_the_first_start_tells_that_the_ready_set_is_being_made(space: Path) -> None:
    kept = space / "kept"
    shutil.move(space / "datasets" / "phantoms", kept)
    begun(space, state="painting", done=3, total=10)
    app = opened()
    assert "A first data set is being made in the background" in said(app)
    assert app.get("progress")[0].proto.text == "Ready set: painting smears 3 of 10"
    assert app.get("progress")[0].proto.value == 24
    assert not [one for one in app.selectbox if one.label == "Data set"]
    shutil.move(kept, space / "datasets" / "phantoms")
    ran(app)
    assert box(app, "Data set").value == "phantoms"
    assert "being made" not in said(app)


def test_a_ready_set_that_failed_says_why(space: Path) -> None:
    shutil.rmtree(space / "datasets" / "phantoms")
    begun(space, state="failed", error="space: could not be written (No space left); make room.")
    app = opened()
    (sentence,) = refusals(app)
    assert "was not made: space: could not be written (No space left); make room." in sentence
    assert [button.label for button in app.button if button.label == "Try again"]


def test_a_workspace_that_cannot_be_written_is_told(
    space: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (space / "file").write_text("")
    monkeypatch.setenv("PAP_WORKSPACE", str(space / "file" / "deep"))
    assert "cannot be written" in said(opened())
    app = press(opened(BUILD), "Build")
    (sentence,) = refusals(app)
    assert "the workspace cannot be written" in sentence
    assert "PAP_WORKSPACE" in sentence


# Building


def test_an_empty_data_root_says_what_to_do(space: Path) -> None:
    app = opened(BUILD)
    for word in ("SIPaKMeD (Plissiti et al., ICIP 2018)", "Herlev (Jantzen et al., 2005)", "PAP_DATA"):
        assert word in said(app)
    assert str(space.parent / "data") in said(app)
    assert not [button for button in app.button if button.label == "Build"]


def test_only_folders_within_the_data_root_are_offered(root: Path) -> None:
    app = opened(BUILD)
    options = box(app, "Folder").options
    assert options[0] == "data (all of it)"
    assert "source" in options
    assert "smears" not in options


@pytest.mark.parametrize(
    ("name", "told"),
    [("../out", "no name for a data set"), ("", "no name for a data set"), ("Phantoms", "is there already")],
)
def test_a_name_of_no_use_is_refused(root: Path, name: str, told: str) -> None:
    app = opened(BUILD)
    box_named(app).set_value(name)
    press(app, "Build")
    (sentence,) = refusals(app)
    assert told in sentence
    assert not (root.parent / "out").exists()
    assert jobs.listed() == []


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("notes.zip", b"no archive", "no ZIP archive"),
        ("evil *one*.zip", zipped({"../x": b"x"}), "leads out of the folder"),
        ("nested.zip", zipped({"inner.zip": b"x"}), "an archive in the archive"),
        ("empty.zip", zipped({}), "the archive is empty"),
    ],
)
def test_an_archive_of_no_use_gives_one_sentence(space: Path, name: str, content: bytes, told: str) -> None:
    app = opened(BUILD, build_kind="ZIP archive")
    app.file_uploader[0].set_value((name, content, "application/zip"))
    ran(app)
    (sentence,) = refusals(app)
    assert sentence.startswith(f"{name}: ")
    assert told in sentence
    assert not [button for button in app.button if button.label == "Build"]
    assert not (space / "builds").exists()


def test_an_upload_says_where_it_is_kept_and_suggests_a_name(space: Path) -> None:
    app = opened(BUILD, build_kind="ZIP archive")
    app.file_uploader[0].set_value(("Phantoms.zip", zipped({"im_A/001.bmp": b"x"}), "application/zip"))
    ran(app)
    assert "removed once the data set is built" in said(app)
    assert box_named(app).value == "Phantoms-2"
    assert not (space / "builds").exists()  # nothing is written before it is asked for


def test_a_build_is_ordered_stopped_and_deleted(root: Path, space: Path) -> None:
    app = opened(BUILD)
    box(app, "Folder").set_value("source")
    ran(app)
    assert box_named(app).value == "source"
    press(app, "Build")
    job = Job(space / "builds" / "source")
    assert job.order().folder == str((root / "source").resolve())
    assert job.order().options["test_share"] == 0.3
    wait(lambda: job.progress().state in ("reading", "cutting"))
    assert "**source**: " in said(ran(app))
    press(app, "Stop")
    wait(lambda: job.progress().state == "stopped")
    assert "**source**: stopped" in said(ran(app))
    assert "Continue" in [button.label for button in app.button]
    press(app, "Delete")
    assert "**source**" not in said(app)
    assert not job.folder.exists()
    assert (root / "source").exists()


def wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_build_that_ended_is_told_and_opened_with_a_click(space: Path) -> None:
    begun_build = Job(space / "builds" / "second")
    begun_build.folder.mkdir(parents=True)
    begun_build.tell("cutting", 5, 12)
    app = opened(BUILD, build_watched=["second"])
    assert app.get("progress")[0].proto.text == "5 of 12 pictures done"
    second_set(space)
    begun_build.delete()
    ran(app)
    assert "second is built." in said(app)
    press(app, "Look into it")
    assert box(app, "Data set").value == "second"
    assert "second is built." not in said(ran(app))


def test_a_build_that_failed_says_why(space: Path) -> None:
    job = Job(space / "builds" / "mine")
    job.folder.mkdir(parents=True)
    said = "holiday.zip: no contours, no masks and no reviews found; expected a SIPaKMeD folder."
    job.tell("failed", error=said)
    app = opened(BUILD)
    assert refusals(app) == [said]
    labels = [button.label for button in app.button]
    assert "Delete" in labels
    assert "Continue" not in labels
