"""A database of reviews in a file, to build from."""

from pathlib import Path

import pytest

from pap_core.reviews.store import Reviews, sqlite_engine


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "reviews.db"


@pytest.fixture
def reviews(database: Path) -> Reviews:
    made = Reviews(sqlite_engine(database))
    made.prepare()
    return made
