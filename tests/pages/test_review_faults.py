"""What goes wrong on the page that reviews: it is told, and the drawing stays."""

import shutil
from pathlib import Path

import streamlit as st

from pap_core.reviewing.queue import UNCERTAIN
from pap_core.reviewing.split_queue import SplitQueue
from pap_core.reviews.store import Reviews
from tests.helpers.pages.canvases import draw, moved
from tests.helpers.pages.reviewing import NUCLEUS, at, by_id, counted, ids, opened, press, told

# What goes wrong


def test_a_database_that_goes_away_keeps_the_drawing(
    queue: SplitQueue, space: Path, tmp_path: Path, reviews: Reviews
) -> None:
    app = opened()
    press(app, "accepted")
    cell = by_id(queue, at(app))
    draw(app, moved(NUCLEUS, 20, -10))
    drawn = app.session_state[f"review_drawing_{cell.id[:16]}"]
    files = list(space.glob("reviews.db*"))
    for file in files:
        file.rename(tmp_path / file.name)
    press(app, "corrected")
    assert at(app) == cell.id[:16]
    assert any("reviews.db" in one and "try again" in one for one in told(app))
    assert app.session_state[f"review_drawing_{cell.id[:16]}"] == drawn
    assert not (space / "reviews.db").exists()  # an empty one would hide the loss
    press(app, "again")
    assert any("reviews.db" in one for one in told(app))
    press(app, "Next")
    assert any("1 of your decisions on other cells could not be saved yet" in one for one in told(app))
    for file in files:
        (tmp_path / file.name).rename(file)
    next(one for one in app.button if one.label == "Open the first").click().run()
    assert at(app) == cell.id[:16]
    press(app, "again")
    assert not app.error
    decision = reviews.decisions()[-1]
    assert (decision.cell, decision.verdict, decision.after) == (cell.id, "corrected", drawn)
    assert len(reviews.decisions()) == 2
    assert "2 of 6 decided" in counted(app)


def test_a_decision_that_was_saved_unheard_is_not_there_twice(
    queue: SplitQueue, space: Path, tmp_path: Path, reviews: Reviews
) -> None:
    """The answer got lost, not the decision: the same one is saved again under its key."""
    app = opened()
    cell = by_id(queue, at(app))
    file = space / "reviews.db"
    (space / "reviews.db").rename(tmp_path / "away.db")
    press(app, "accepted")
    unsaved = app.session_state["review_session"].unsaved[cell.id]
    (tmp_path / "away.db").rename(file)
    reviews.save(cell, unsaved, None)
    press(app, "again")
    assert len(reviews.decisions()) == 1
    assert not app.error


def test_a_database_that_cannot_be_made_is_told_and_one_can_draw(space: Path, tmp_path: Path) -> None:
    (space / "reviews.db").mkdir()
    app = opened()
    assert any("reviews.db" in one.value for one in app.error)
    assert not app.exception
    draw(app, moved(NUCLEUS, 20, 0))
    press(app, "corrected")
    (space / "reviews.db").rmdir()
    press(app, "again")
    assert not app.error
    assert "1 of 6 decided" in counted(app)


def test_a_crop_that_is_gone_is_told(space: Path, queue: SplitQueue, review_place: Path) -> None:
    app = opened()
    (space / "datasets").unlink()
    shutil.copytree(review_place / "workspace" / "datasets", space / "datasets")
    st.cache_resource.clear()
    app = opened()
    name = {entry.id[:16]: entry.name for entry in queue.entries}
    following = ids(queue, UNCERTAIN)[3]
    (space / "datasets" / "phantoms" / "images" / f"{name[following]}.png").unlink()
    for _ in range(3):
        press(app, "Next")
    assert "there is no such file" in app.error[0].value
    press(app, "Next")
    assert not app.error
