"""Several reviewers on the page that reviews, and those who may only look."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pap_core.reviewing.queue import UNCERTAIN
from pap_core.reviewing.split_queue import SplitQueue
from pap_core.reviews.records import Decision, ReviewCell
from pap_core.reviews.store import Reviews
from tests.helpers.pages.canvases import canvas_of, draw, moved
from tests.helpers.pages.reviewing import (
    FIT,
    NUCLEUS,
    at,
    by_id,
    counted,
    ids,
    middle_shown,
    opened,
    press,
    reject,
    see,
    told,
)
from tests.helpers.pages.visiting import APP, PATIENCE

AUTH = {"client_id": "pap", "cookie_secret": "0123456789abcdef" * 2}


# Several reviewers


def decided(cell: ReviewCell, reviewer: str, **changed: object) -> Decision:
    given = {"before": cell.before, "after": cell.before, "checkpoint": cell.checkpoint}
    return Decision(cell.id, reviewer, "accepted", **given | changed)


def test_a_second_reviewer_is_told_and_sees_both(queue: SplitQueue, reviews: Reviews) -> None:
    first = opened("Ada")
    cell = by_id(queue, at(first))
    draw(first, moved(NUCLEUS, 20, 0))
    press(first, "corrected")
    second = opened("Bob", cell=cell.id[:16])
    assert not told(second)
    assert not second.image
    see(second)
    assert "Ada** corrected" in told(second)[0]
    shown = canvas_of(second)["initialDrawing"]["objects"][NUCLEUS]
    assert [shown["left"] / FIT, shown["top"] / FIT] == pytest.approx(middle_shown(cell.before), abs=0.01)
    captions = [picture.caption.replace("\\", "") for one in second.image for picture in one.proto.imgs]
    assert [caption.split(",")[0] for caption in captions] == ["The model", "Ada", "Now on the canvas"]
    assert all(picture.alt for one in second.image for picture in one.proto.imgs)
    press(second, "accepted")
    assert at(second) != cell.id[:16]
    assert [one.reviewer for one in reviews.history(cell.id)] == ["Ada", "Bob"]
    assert "1 of 6 decided, 1 by you" in counted(second)


def test_who_decided_meanwhile_is_told_of_when_saving(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened("Ada")
    cell = by_id(queue, at(app))
    draw(app, moved(NUCLEUS, 20, 0))
    reviews.save(cell, decided(cell, "Bob", remark="clear"), None)
    press(app, "corrected")
    assert at(app) == cell.id[:16]  # not gone on: there is something to look at
    assert "Your decision is saved. While you worked" in told(app)[0]
    assert "Bob** accepted" in told(app)[0]
    assert [(one.reviewer, one.verdict) for one in reviews.history(cell.id)] == [
        ("Bob", "accepted"),
        ("Ada", "corrected"),
    ]
    assert app.dataframe[0].value["Reviewer"].tolist() == ["Ada", "Bob"]
    press(app, "Next")
    assert not told(app)


def test_a_second_opinion_leads_to_what_others_decided(queue: SplitQueue) -> None:
    first = opened("Ada")
    cell = at(first)
    press(first, "accepted")
    assert at(opened("Bob")) != cell
    second = opened("Bob", second="true")
    assert at(second) == cell
    press(second, "accepted")
    assert at(second) == ids(queue, UNCERTAIN)[1]


def test_the_agreement_of_reviewers_is_shown(space: Path) -> None:
    for name in ("Ada", "Bob"):
        app = opened(name, second="true")
        press(app, "accepted")
        reject(app, "not a cell" if name == "Ada" else "other")
    app = opened("Ada")
    assert not app.expander[0].children
    app.session_state["review_agreement"] = True
    app.run()
    assert not app.exception
    table = app.dataframe[-1].value
    assert table.iloc[0][["first", "second", "cells", "kappa"]].tolist() == ["Ada", "Bob", 2, 1.0]
    assert table.iloc[0][["nucleus", "cell"]].tolist() == [1.0, 1.0]


# Who may


def sign_in(app: AppTest, role: str) -> None:
    app.secrets = {"auth": AUTH, "roles": {"rita@clinic.example": role}}
    app.user = {"is_logged_in": True, "email": "rita@clinic.example"}


def visiting(role: str) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
    sign_in(app, role)
    app.switch_page("pages/review.py").run()
    assert not app.exception
    return app


def test_a_viewer_looks_and_saves_nothing(space: Path, reviews: Reviews) -> None:
    app = visiting("viewer")
    assert canvas_of(app)
    buttons = [app.button(key=f"review_{verdict}") for verdict in ("accepted", "corrected", "rejected")]
    assert all(one.disabled for one in buttons)
    assert all("role reviewer" in one.help for one in buttons)
    app = visiting("reviewer")
    assert not app.button(key="review_accepted").disabled
    sign_in(app, "viewer")  # the role is taken away after the page was drawn
    press(app, "accepted")
    assert "this takes the role reviewer" in told(app)[0]
    assert not reviews.decisions()
    sign_in(app, "reviewer")
    app.run()
    press(app, "accepted")
    assert reviews.decisions()[0].reviewer == "rita@clinic.example"
