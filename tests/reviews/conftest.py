"""Databases to test with: SQLite in a file, and a real PostgreSQL server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from drawn_reviews import Saving
from sqlalchemy import Engine, create_engine

from pap_core.reviews.store import Reviews, sqlite_engine


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return sqlite_engine(tmp_path / "reviews.db").url.render_as_string()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine as anyone may make it, which knows nothing of reviews."""
    made = create_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def reviews(engine: Engine) -> Reviews:
    """A database without a decision."""
    made = Reviews(engine)
    made.prepare()
    return made


@pytest.fixture(scope="module")
def saving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saving]:
    """What forks processes that save decisions."""
    one = Saving(tmp_path_factory.mktemp("saving") / "log")
    yield one
    one.end()
