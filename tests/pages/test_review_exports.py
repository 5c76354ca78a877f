"""What the page that reviews offers to take away."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pap_core.reviews.exports import FORMATS
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.reviewed_smear import cell, reject, reviewed


@pytest.fixture
def reviews(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reviews:
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    made = Reviews(sqlite_engine(tmp_path / "reviews.db"))
    made.prepare()
    return made


def shown() -> AppTest:
    def page() -> None:
        from pages.parts.review.exports import exports
        from pages.shared.reviews import store

        exports(store())

    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["review_exports"] = True  # opened
    app.run()
    assert not app.exception
    return app


def offered(app: AppTest) -> dict[str, bool]:
    """Return what can be downloaded, and whether it can now; each says what it holds."""
    buttons = app.get("download_button")
    assert all(one.proto.help for one in buttons)
    return {one.proto.label: not one.proto.disabled for one in buttons}


def test_without_a_decision_there_is_nothing_to_take(reviews: Reviews) -> None:
    app = shown()
    assert "Nothing has been decided yet" in app.info[0].value
    assert offered(app) == {}


def test_rejected_cells_are_in_the_table_and_the_log_alone(reviews: Reviews) -> None:
    reject(reviews, cell("left"))
    found = offered(shown())
    assert set(found) == {one.title for one in FORMATS.values()}
    assert {title for title, may in found.items() if may} == {"Decisions (CSV)", "Audit log"}


def test_every_format_is_offered(reviews: Reviews) -> None:
    reviewed(reviews)
    app = shown()
    assert all(offered(app).values())
    assert "Shapes are of the 2 cells" in app.caption[0].value
