"""The page that trains, with what clinicians corrected."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.train.corrections import name_of
from pap_core.data import build_job
from pap_core.data.composition import read
from pap_core.reviews.store import Reviews, sqlite_engine
from pap_core.training import process
from pap_core.training.keeping import FINE_TUNING
from tests.helpers.pages.training_page import NEW, choose, opened, until
from tests.helpers.pages.visiting import ran, said
from tests.helpers.reviews.reviewed_smear import reject, reviewed


@pytest.fixture
def reviews(space: Path) -> Reviews:
    made = Reviews(sqlite_engine(space / "reviews.db"))
    made.prepare()
    return made


def toggle(app: AppTest):
    return next(one for one in app.toggle if one.key == "train_corrections")


def built(space: Path) -> list[Path]:
    return sorted((space / "datasets").glob("reviews-*"))


def started(app: AppTest) -> bool:
    return any(one.label == "Start" and not one.disabled for one in app.button)


def side_of(space: Path, side: str) -> str:
    cells = read(space / "datasets" / "phantoms").cells
    return cells[cells["split"] == side]["group"].iloc[0]


def test_without_a_correction_there_is_nothing_to_switch_on(space: Path) -> None:
    app = opened(NEW)
    assert toggle(app).label == "With 0 corrections"
    assert toggle(app).disabled
    assert "review cells on the Review page first" in toggle(app).help
    assert started(app)


@pytest.mark.slow
def test_corrections_are_built_once_and_trained_on_and_test_slides_are_not(
    space: Path, reviews: Reviews
) -> None:
    learnt, tested = (side_of(space, side) for side in ("train", "test"))
    cells = reviewed(reviews, 1, group=f"phantom:{learnt}")
    reviewed(reviews, 2, group=f"phantom:{tested}")
    reject(reviews, cells["right"])
    app = opened(NEW)
    assert toggle(app).label == "With 4 corrections"
    assert not built(space)
    toggle(app).set_value(True)
    until(app, started)
    (folder,) = built(space)
    assert "Corrections: 2 to learn from, 2 kept for the test; 2 of these are of test slides" in said(app)
    assert "1 cannot be used" in said(app)
    rows = read(folder).cells.groupby("group")["split"].unique()
    assert {group: list(sides) for group, sides in rows.items()} == {
        f"phantom:{learnt}": ["train"],
        f"phantom:{tested}": ["test"],
    }
    made = (folder / "dataset.json").stat().st_mtime_ns
    until(opened(NEW), started)
    assert built(space) == [folder]
    assert (folder / "dataset.json").stat().st_mtime_ns == made
    assert not build_job.listed()

    choose(app, "tiny")
    assert "to fix a trained one, choose it" in said(app)
    start = next(one for one in app.selectbox if one.key == "train_initial")
    start.set_value("threshold")
    ran(app)
    assert "fixing a trained checkpoint" in said(app)
    next(one for one in app.button if one.label == "Start").click()
    ran(app)
    (run,) = process.listed().values()
    process.stop(run)
    config = run.read_config()[0]
    assert (config.epochs, config.learning_rate, config.keep) == tuple(
        FINE_TUNING[name] for name in ("epochs", "learning_rate", "keep")
    )
    assert config.frozen_norms
    assert config.jitter.zoom == FINE_TUNING["jitter.zoom"]
    folders = [Path(one["folder"]).name for one in run.read_settings()["datasets"]]
    assert folders == [(space / "datasets" / "phantoms").resolve().name, folder.name]

    # another decision makes another data set
    reviewed(reviews, 3, group=f"phantom:{learnt}")
    app = opened(NEW)
    assert toggle(app).label == "With 6 corrections"
    toggle(app).set_value(True)
    until(app, started)
    assert len(built(space)) == 2


def test_where_all_corrections_are_of_test_slides_the_page_says_so(space: Path, reviews: Reviews) -> None:
    reviewed(reviews, 2, group=f"phantom:{side_of(space, 'test')}")
    app = opened(NEW)
    toggle(app).set_value(True)
    until(app, lambda app: "None of the 2 corrections is learnt from" in said(app))
    assert not started(app)
    toggle(app).set_value(False)
    assert started(ran(app))


def test_a_build_that_failed_can_be_begun_again(space: Path, reviews: Reviews) -> None:
    reviewed(reviews, 1)
    name = name_of(reviews, [space / "datasets" / "phantoms"])
    job = build_job.from_reviews(name, reviews, {"mode": "zoom"})
    while job.progress().state != "failed":
        time.sleep(0.1)
    app = opened(NEW)
    toggle(app).set_value(True)
    until(app, lambda app: any("was not built: mode 'zoom'" in one.value for one in app.error))
    assert not started(app)
    next(one for one in app.button if one.label == "Build it again").click()
    until(app, started)
    assert [folder.name for folder in built(space)] == [name]


def test_a_database_that_cannot_be_read_stops_nothing_else(space: Path) -> None:
    (space / "reviews.db").write_text("no database, but long enough to be looked at as if it were one")
    app = opened(NEW)
    assert "Corrections cannot be used" in said(app)
    assert started(app)
