"""The page of data sets, where one is gone, damaged or to be deleted."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pap_core.data.composition import read
from tests.helpers.damages import FEW
from tests.helpers.pages.datasets_page import box, opened, second_set
from tests.helpers.pages.visiting import press, ran, refusals, said


def test_a_data_set_deleted_by_another_gives_one_sentence(space: Path) -> None:
    folder = second_set(space)
    app = opened(dataset_open="second")
    shutil.rmtree(folder)
    ran(app)
    assert refusals(app) == ["second was not found: another is shown. Choose one."]
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


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
@pytest.mark.parametrize("name", ["dataset.json", "manifest.csv", "skipped.csv"])
def test_whatever_is_damaged_of_a_data_set_it_can_be_deleted(space: Path, name: str, content: bytes) -> None:
    folder = second_set(space)
    (folder / name).write_bytes(content)
    app = opened(dataset_open="second")
    (sentence,) = refusals(app)
    assert sentence.startswith("second: ")
    press(app, "Delete")
    press(app, "Delete it")
    assert not folder.exists()


@pytest.mark.parametrize("content", FEW.values(), ids=FEW)
def test_a_build_whose_files_are_damaged_is_told_and_deleted(space: Path, content: bytes) -> None:
    for name in ("one", "two"):
        (space / "builds" / name).mkdir(parents=True)
        (space / "builds" / name / "status.json").write_text('{"state": "stopped", "since": 0}')
    (space / "builds" / "one" / "order.json").write_bytes(content)
    (space / "builds" / "one" / "status.json").write_bytes(content)
    app = opened(dataset_tab="Build one")
    (sentence,) = refusals(app)
    assert "one/status.json: damaged" in sentence
    assert "**two**: stopped" in said(app)
    next(one for one in app.button if one.key == "delete_one").click()
    press(ran(app), "Delete it")
    assert not (space / "builds" / "one").exists()
    assert "**two**: stopped" in said(app)
