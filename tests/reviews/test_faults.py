"""A file that is full, gone, locked or out of bounds: it is said in a sentence, and nothing is half kept."""

import os
import resource
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from pap_core.errors import InputError
from pap_core.reviews import connection as connecting
from pap_core.reviews.records import Decision
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.drawn_reviews import decided, drawn_cell, save_until_refused

NOBODY = 65534


def told(reviews: Reviews, said: str) -> Decision:
    """See that saving says a sentence that begins with the file's name; return what was not saved."""
    cell = drawn_cell(1)
    decision = decided(cell)
    with pytest.raises(InputError) as error:
        reviews.save(cell, decision, None)
    assert (
        str(error.value) == f"{reviews.engine.url.database}: the decision is not saved ({said} and try again."
    )
    return decision


def assert_whole(reviews: Reviews, decisions: list[Decision]) -> None:
    """See that these decisions are kept and nothing else, each with its cell and its picture."""
    assert reviews.decisions() == decisions
    with reviews.engine.connect() as connection:
        for table in ("pictures", "cells", "decisions"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == len(decisions)
        assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]


def assert_saved_after_all(reviews: Reviews, before: list[Decision], decision: Decision) -> None:
    """See that trying again keeps what could not be saved, once."""
    cell = drawn_cell(int(decision.cell, 16))
    saved = reviews.save(cell, decision, None).decision
    assert reviews.save(cell, decision, None).decision == saved
    assert_whole(reviews, [*before, saved])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "reviews.db"


@pytest.fixture
def sqlite(file: Path) -> Iterator[Reviews]:
    made = Reviews(sqlite_engine(file))
    made.prepare()
    yield made
    made.engine.dispose()


def test_a_full_disk_is_told(small_disk):
    reviews = Reviews(sqlite_engine(small_disk / "reviews.db"))
    reviews.prepare()
    saved, refused, said = save_until_refused(reviews)
    assert saved
    assert said == (
        f"{small_disk}/reviews.db: the decision is not saved (the disk is full); make room and try again."
    )
    assert_whole(reviews, saved)
    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    assert_saved_after_all(reviews, saved, refused)
    reviews.engine.dispose()


def test_no_room_for_a_database_is_told(small_disk):
    (small_disk / "else").write_bytes(b"x" * (600 * 1024 - 4096))
    reviews = Reviews(sqlite_engine(small_disk / "reviews.db"))
    with pytest.raises(InputError, match=r"cannot be set up \(the disk .*\); make room .*and try again\.$"):
        reviews.prepare()
    (small_disk / "else").unlink()
    reviews.prepare()
    assert reviews.usable() == 0
    reviews.engine.dispose()


def test_a_file_that_may_not_grow_is_told(sqlite, file):
    """What a person without root sees of a full quota, and of a disk that fails."""
    cell = drawn_cell(500)
    first = sqlite.save(cell, decided(cell), None).decision
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (Path(f"{file}-wal").stat().st_size + 100_000, before[1]))
    try:
        saved, refused, said = save_until_refused(sqlite)
        assert_whole(sqlite, [first, *saved])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "the decision is not saved (the disk refuses to be written to or read); make room" in said
    assert_saved_after_all(sqlite, [first, *saved], refused)


def test_a_file_taken_away_is_told_and_used_again_when_put_back(sqlite, file):
    cell = drawn_cell(500)
    first = sqlite.save(cell, decided(cell), None).decision  # is still in the journal beside the file
    file.rename(file.with_name("away.db"))
    refused = told(sqlite, "the file is gone); put it back")
    assert not file.exists()
    with pytest.raises(InputError, match=r"reviews cannot be read \(the file is gone\)"):
        sqlite.latest()
    file.with_name("away.db").rename(file)
    assert_saved_after_all(sqlite, [first], refused)


def test_a_file_is_not_made_anew_beside_its_newest_decisions(sqlite, file):
    cell = drawn_cell(500)
    first = sqlite.save(cell, decided(cell), None).decision
    file.rename(file.with_name("away.db"))
    told(sqlite, "the file is gone); put it back")
    journal = Path(f"{file}-wal")
    assert journal.stat().st_size
    with pytest.raises(InputError, match=r"newest decisions of it are still in reviews\.db-wal; put the"):
        sqlite.prepare()
    assert not file.exists()
    assert journal.stat().st_size
    file.with_name("away.db").rename(file)
    sqlite.prepare()
    assert_whole(sqlite, [first])


def test_a_folder_that_vanished_is_told_and_made_anew(tmp_path):
    folder = tmp_path / "workspace"
    reviews = Reviews(sqlite_engine(folder / "reviews.db"))
    reviews.prepare()
    shutil.rmtree(folder)
    refused = told(reviews, "the file is gone); put it back")
    reviews.prepare()
    assert_saved_after_all(reviews, [], refused)
    reviews.engine.dispose()


def test_a_file_taken_away_in_the_very_moment_is_told(sqlite, file):
    def take_away(connection) -> None:
        file.rename(file.with_name("away.db"))

    event.listen(sqlite.engine, "commit", take_away)
    refused = told(sqlite, "the file is gone); put it back")
    event.remove(sqlite.engine, "commit", take_away)
    file.with_name("away.db").rename(file)
    # it had come to the disk, though nobody could say so
    assert [one.key for one in sqlite.decisions()] == [refused.key]
    assert_saved_after_all(sqlite, [], refused)


def test_another_file_in_its_place_is_the_one_that_counts(sqlite, file, tmp_path):
    """As when a copy is put back while people work."""
    cell, late = drawn_cell(500), drawn_cell(501)
    first = sqlite.save(cell, decided(cell), None).decision
    with sqlite3.connect(file) as source, sqlite3.connect(tmp_path / "copy.db") as copy:
        source.backup(copy)
    source.close()
    copy.close()
    sqlite.save(late, decided(late), None)
    sqlite.engine.dispose()
    (tmp_path / "copy.db").rename(file)
    assert_whole(sqlite, [first])
    refused = decided(drawn_cell(1))
    assert_saved_after_all(sqlite, [first], refused)


@contextmanager
def without_rights(folder: Path) -> Iterator[None]:
    """Be somebody who may look at a folder and the files in it, and no more."""
    for path in (folder, *folder.iterdir()):
        path.chmod(0o555 if path.is_dir() else 0o444)
    root = os.geteuid() == 0
    if root:  # may do everything otherwise
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_rights_that_are_missing_are_told():
    with tempfile.TemporaryDirectory() as name:  # pytest's folders are closed to others
        folder = Path(name)
        reviews = Reviews(sqlite_engine(folder / "reviews.db"))
        reviews.prepare()
        cell = drawn_cell(500)
        first = reviews.save(cell, decided(cell), None).decision
        reviews.engine.dispose()
        with without_rights(folder):
            refused = told(reviews, "it may not be written to); see to the rights of the file and its folder")
            with pytest.raises(InputError, match=r"could not be made \(Permission denied\)"):
                Reviews(sqlite_engine(folder / "other" / "reviews.db")).prepare()
        assert_saved_after_all(reviews, [first], refused)
        reviews.engine.dispose()


def test_a_file_that_another_keeps_locked_is_told(file, monkeypatch):
    monkeypatch.setattr(connecting, "PATIENCE", 0.3)
    reviews = Reviews(sqlite_engine(file))
    reviews.prepare()
    cell = drawn_cell(500)
    first = reviews.save(cell, decided(cell), None).decision
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = told(reviews, "another program keeps it locked); end that program")
    assert reviews.decisions() == [first]  # to read goes on
    other.execute("ROLLBACK")
    other.close()
    assert_saved_after_all(reviews, [first], refused)
    reviews.engine.dispose()


def test_a_damaged_file_is_told(sqlite, file):
    for number in range(5):
        cell = drawn_cell(number)
        sqlite.save(cell, decided(cell), None)
    sqlite.engine.dispose()
    content = bytearray(file.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(
        InputError, match=r"reviews\.db: the reviews cannot be read \(the file is damaged\); put back"
    ):
        sqlite.decisions()
