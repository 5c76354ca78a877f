"""The page that reviews, on a real PostgreSQL server and on a disk that is full."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import streamlit as st
from sqlalchemy import Engine, create_engine, make_url, text
from streamlit import config
from streamlit.testing.v1 import AppTest

from pages.shared.reviews import store
from pap_core.reviews.store import Reviews
from tests.helpers.pages.canvases import draw, moved
from tests.helpers.pages.reviewing import NUCLEUS, at, counted, press, told
from tests.helpers.pages.visiting import APP, PATIENCE

OnServer = Callable[[str], AppTest]


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Engine]:
    """The database that the page is told of, seen from elsewhere."""
    made = create_engine(postgresql_url)
    yield made
    made.dispose()


@contextmanager
def unreachable(database: Engine) -> Iterator[None]:
    """End all connections to the database, and let nobody in for a while."""
    name = database.url.database
    server = create_engine(make_url(database.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as owner:
        owner.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        ended = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        owner.execute(ended, {"name": name})
        yield
        owner.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    server.dispose()


@pytest.fixture
def on_server(space: Path, tmp_path: Path) -> Iterator[Callable[[str], AppTest]]:
    """Return `on_server(url)`: opens the page of a server whose secrets name a database."""
    secrets, usual = tmp_path / "secrets.toml", st.get_option("secrets.files")

    def opened(url: str) -> AppTest:
        secrets.write_text(f'[connections.reviews]\nurl = "{url}"\n')
        config.set_option("secrets.files", [str(secrets)])
        st.secrets._reset()
        app = AppTest.from_file(str(APP), default_timeout=PATIENCE)
        app.switch_page("pages/review.py").run()
        app.text_input(key="review_name").set_value("Ada").run()
        assert not app.exception
        return app

    yield opened
    store().engine.dispose()  # the page's own connections
    config.set_option("secrets.files", usual)
    st.secrets._reset()
    st.cache_resource.clear()


def test_decisions_are_kept_by_postgresql(
    space: Path, on_server: OnServer, postgresql_url: str, database: Engine
) -> None:
    app = on_server(postgresql_url)
    press(app, "accepted")
    assert "1 of 6 decided" in counted(app)
    (decision,) = Reviews(database).decisions()
    assert (decision.reviewer, decision.verdict) == ("Ada", "accepted")
    assert not (space / "reviews.db").exists()


def test_a_server_that_goes_away_keeps_the_drawing(
    on_server: OnServer, postgresql_url: str, database: Engine
) -> None:
    app = on_server(postgresql_url)
    opened = at(app)
    draw(app, moved(NUCLEUS, 20, -10))
    drawn = app.session_state[f"review_drawing_{opened}"]
    with unreachable(database):
        press(app, "corrected")
        assert any("try again" in one for one in told(app))
        assert not any("Traceback" in one or make_url(postgresql_url).password in one for one in told(app))
        assert at(app) == opened
        assert app.session_state[f"review_drawing_{opened}"] == drawn
    press(app, "again")
    assert not app.error
    (decision,) = Reviews(database).decisions()
    assert (decision.verdict, decision.after) == ("corrected", drawn)


def test_a_full_disk_keeps_the_drawing(small_disk: Path, on_server: OnServer) -> None:
    app = on_server(f"sqlite:///{small_disk}/reviews.db")
    taken = small_disk / "else"
    left = int(subprocess.check_output(["df", "--output=avail", "-B1", str(small_disk)]).split()[-1])
    taken.write_bytes(b"x" * (left - 8192))
    opened = at(app)
    draw(app, moved(NUCLEUS, 20, -10))
    drawn = app.session_state[f"review_drawing_{opened}"]
    press(app, "corrected")
    assert any("the disk is full" in one for one in told(app))
    assert at(app) == opened
    assert app.session_state[f"review_drawing_{opened}"] == drawn
    taken.unlink()
    press(app, "again")
    assert not app.error
    assert "1 of 6 decided" in counted(app)
