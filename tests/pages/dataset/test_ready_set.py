"""The page of data sets, while the first one is being made and where it cannot be."""

import shutil
from pathlib import Path

import pytest

from tests.helpers.pages.datasets_page import BUILD, begun, box, opened
from tests.helpers.pages.visiting import press, ran, refusals, said


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
