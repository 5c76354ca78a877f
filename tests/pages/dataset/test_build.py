"""The page of data sets: what can be built, what is refused, and builds under way."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pap_core.data import build_job, manifest
from pap_core.data.build_job import Build
from pap_core.data.described import describe
from pap_core.images import write_png
from pap_core.jobs.removal import remove
from tests.helpers.building import held
from tests.helpers.pages.datasets_page import BUILD, box, box_named, opened, second_set, zipped
from tests.helpers.pages.visiting import PATIENCE, press, ran, refusals, said


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
    assert build_job.listed() == []


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


@pytest.mark.slow
def test_a_build_is_ordered_stopped_and_deleted(root: Path, space: Path) -> None:
    app = opened(BUILD)
    box(app, "Folder").set_value("source")
    ran(app)
    assert box_named(app).value == "source"
    press(app, "Build")
    job = Build(space / "builds" / "source")
    assert job.order().folder == str((root / "source").resolve())
    assert job.order().options["test_share"] == 0.3
    with held(job, PATIENCE):
        assert "**source**: " in said(ran(app))
        press(app, "Stop")
    wait(lambda: job.progress().state == "stopped")
    assert "**source**: stopped" in said(ran(app))
    assert "Continue" in [button.label for button in app.button]
    press(app, "Delete")
    assert job.folder.exists()  # it asks before
    press(app, "Delete it")
    assert "**source**" not in said(ran(app))
    assert not job.folder.exists()
    assert (root / "source").exists()


@pytest.mark.slow
def test_pictures_of_many_cells_are_built_as_the_form_says(space: Path) -> None:
    (space.parent / "data" / "views").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (2, 300, 400, 3), dtype=np.uint8)
    for number, one in enumerate(pixels):
        mask = np.zeros(one.shape[:2], np.uint8)
        mask[100:160, 100:160] = 255
        for name, picture in ((f"s{number}_a.png", one), (f"s{number}_a_mask.png", mask)):
            write_png(space.parent / "data" / "views" / name, picture)
    app = opened(BUILD)
    box(app, "Folder").set_value("views")
    ran(app)
    box(app, "Truth").set_value("Nuclei")
    next(one for one in app.number_input if one.label == "Scale").set_value(0.5)
    next(one for one in app.text_input if one.label == "Slides by pattern").set_value(r"(s\d)_")
    press(app, "Build")
    job = Build(space / "builds" / "views")
    wait(lambda: not job.folder.exists() or job.progress().state == "failed")
    table = manifest.cells(space / "datasets" / "views")
    assert set(table["group"]) == {"s0", "s1"}
    assert set(table["scale"].astype(float)) == {0.5}
    assert table["nucleus"].astype(int).max() == 30 * 30
    assert describe(space / "datasets" / "views")["truth"] == "nucleus"


def wait(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_build_that_ended_is_told_and_opened_with_a_click(space: Path) -> None:
    begun_build = Build(space / "builds" / "second")
    begun_build.folder.mkdir(parents=True)
    begun_build.tell("cutting", 5, 12)
    app = opened(BUILD, build_watched=["second"])
    assert app.get("progress")[0].proto.text == "5 of 12 pictures done"
    second_set(space)
    remove(begun_build.folder)  # as its process does
    ran(app)
    assert "second is built." in said(app)
    press(app, "Look into it")
    assert box(app, "Data set").value == "second"
    assert "second is built." not in said(ran(app))


def test_a_build_that_failed_says_why(space: Path) -> None:
    job = Build(space / "builds" / "mine")
    job.folder.mkdir(parents=True)
    sentence = "holiday.zip: no contours, no masks and no reviews found; expected a SIPaKMeD folder."
    job.write_status(state="failed", error=sentence)
    app = opened(BUILD)
    assert refusals(app) == [sentence]
    labels = [button.label for button in app.button if not button.disabled]
    assert "Delete" in labels
    assert "Continue" not in labels


def test_every_button_of_a_build_has_its_place_in_every_state(space: Path) -> None:
    job = Build(space / "builds" / "mine")
    job.folder.mkdir(parents=True)
    places = ["Stop", "Continue", "Delete"]
    for state, enabled in {
        "cutting": {"Stop"},
        "stopped": {"Continue", "Delete"},
        "failed": {"Delete"},
    }.items():
        job.write_status(state=state, error=None)
        shown = [button for button in opened(BUILD).button if button.label in places]
        assert [button.label for button in shown] == places
        assert {button.label for button in shown if not button.disabled} == enabled
        assert not [button for button in shown if button.proto.type == "primary"]
