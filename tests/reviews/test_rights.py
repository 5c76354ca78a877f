"""The file of the reviews is its owner's alone, whatever the rights of what is made are by default."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.drawn_reviews import decided, drawn_cell


@pytest.fixture(autouse=True)
def _open_to_all() -> Iterator[None]:
    usual = os.umask(0)
    yield
    os.umask(usual)


def rights(folder: Path) -> dict[str, str]:
    """Return the rights of the files of a database, by name."""
    return {one.name: oct(one.stat().st_mode & 0o777) for one in folder.iterdir() if one.is_file()}


def keep(file: Path) -> Reviews:
    reviews = Reviews(sqlite_engine(file))
    reviews.prepare()
    reviews.save(drawn_cell(1), decided(drawn_cell(1)), None)
    return reviews


def test_a_new_database_is_its_owners_alone(tmp_path: Path) -> None:
    reviews = keep(tmp_path / "reviews.db")
    with reviews.engine.connect():
        found = rights(tmp_path)
    assert found == {"reviews.db": "0o600", "reviews.db-wal": "0o600", "reviews.db-shm": "0o600"}


def test_a_database_that_others_may_read_becomes_its_owners_alone(tmp_path: Path) -> None:
    first = keep(tmp_path / "reviews.db")
    with first.engine.connect():
        for file in tmp_path.iterdir():
            file.chmod(0o664)
        reviews = Reviews(sqlite_engine(tmp_path / "reviews.db"))
        reviews.prepare()
        assert len(reviews.decisions()) == 1
        assert set(rights(tmp_path).values()) == {"0o600"}
