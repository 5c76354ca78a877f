"""A PostgreSQL server that goes away, comes back, refuses or keeps one waiting."""

import os
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, create_engine, event, make_url

from pap_core.errors import InputError
from pap_core.reviews import connection as connecting
from pap_core.reviews.records import Decision
from pap_core.reviews.store import Reviews
from tests.helpers.reviews.drawn_reviews import decided, drawn_cell, save_until_refused


@pytest.fixture
def postgresql(postgresql_url: str) -> Iterator[Reviews]:
    made = Reviews(create_engine(postgresql_url))
    made.prepare()
    yield made
    made.engine.dispose()


@contextmanager
def server(sql: str | None = None) -> Iterator[Connection]:
    """Be the server's owner, in another database."""
    engine = create_engine(os.environ["PAP_TEST_POSTGRESQL"], isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def end_connections(reviews: Reviews) -> None:
    with server() as owner:
        ended = owner.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = %s",
            (reviews.engine.url.database,),
        ).all()
    assert ended
    assert all(one for (one,) in ended)


def told(reviews: Reviews, decision: Decision, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        reviews.save(drawn_cell(1), decision, None)
    url = reviews.engine.url
    assert str(error.value).startswith(f"{url.host}:{url.port}/{url.database}: the decision is not saved (")
    assert str(error.value).endswith("and try again.")
    assert "\n" not in str(error.value)
    assert url.password not in str(error.value)


def assert_kept_once(reviews: Reviews, decision: Decision) -> None:
    saved = reviews.save(drawn_cell(1), decision, None).decision
    assert reviews.save(drawn_cell(1), decision, None).decision == saved
    assert reviews.decisions() == [saved]
    with reviews.engine.connect() as connection:
        for table in ("pictures", "cells", "decisions"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == 1


def test_a_server_that_was_restarted_is_not_noticed(postgresql):
    cell = drawn_cell(1)
    assert postgresql.decisions() == []
    end_connections(postgresql)
    decision = decided(cell)
    saved = postgresql.save(cell, decision, None).decision
    end_connections(postgresql)
    assert postgresql.decisions() == [saved]


def test_a_database_that_is_gone_is_told_and_used_again_when_it_is_back(postgresql):
    decision = decided(drawn_cell(1))
    name = postgresql.engine.url.database
    with server() as owner:
        owner.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    end_connections(postgresql)
    told(postgresql, decision, r"server cannot be reached: .*not currently accepting connections\); see to")
    with pytest.raises(InputError, match="the reviews cannot be read"):
        postgresql.latest()
    with pytest.raises(InputError, match="cannot be set up"):
        postgresql.prepare()
    with server() as owner:
        owner.exec_driver_sql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert_kept_once(postgresql, decision)


@pytest.mark.parametrize("moment", ["before_cursor_execute", "commit"])
def test_a_connection_lost_amid_saving_is_made_good(postgresql, moment):
    """Nobody can know then whether it came to the disk; saved once more, it is there once."""
    lost = []

    def lose(*about) -> None:
        inserts = moment == "commit" or about[2].startswith("INSERT INTO decisions")
        if inserts and not lost:
            lost.append(True)
            end_connections(postgresql)

    event.listen(postgresql.engine, moment, lose)
    assert_kept_once(postgresql, decided(drawn_cell(1)))
    assert lost


def test_a_lock_that_another_keeps_is_told(postgresql, postgresql_url, monkeypatch):
    monkeypatch.setattr(connecting, "PATIENCE", 0.3)
    other = Reviews(create_engine(postgresql_url))
    decision = decided(drawn_cell(1))
    with other.engine.connect().execution_options(reviews_writing=True) as connection, connection.begin():
        told(postgresql, decision, r"\(another program keeps it locked\); end that program")
        assert postgresql.decisions() == []  # to read goes on
    assert_kept_once(postgresql, decision)
    other.engine.dispose()


def test_a_user_who_may_only_read_is_told(postgresql, postgresql_url):
    name = f"reader_{uuid.uuid4().hex}"
    with postgresql.engine.begin() as owner:
        owner.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD 'look'")
        owner.exec_driver_sql(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}")
    decision = decided(drawn_cell(1))
    reader = Reviews(create_engine(make_url(postgresql_url).set(username=name, password="look")))
    reader.prepare()  # there is nothing to do
    told(reader, decision, r"\(its user may not do that\); give that user the right")
    assert reader.decisions() == []
    reader.engine.dispose()
    assert_kept_once(postgresql, decision)
    with postgresql.engine.begin() as owner:
        owner.exec_driver_sql(f"DROP OWNED BY {name}")
        owner.exec_driver_sql(f"DROP ROLE {name}")


def test_a_wrong_password_is_told(postgresql_url):
    stranger = Reviews(create_engine(make_url(postgresql_url).set(password="guessed")))
    told(stranger, decided(drawn_cell(1)), r"cannot be reached: password authentication failed for user")


def test_a_server_that_does_not_answer_is_told():
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        port = deaf.getsockname()[1]
        url = f"postgresql+psycopg://ada:secret@127.0.0.1:{port}/clinic?connect_timeout=2"
        told(Reviews(create_engine(url)), decided(drawn_cell(1)), r"cannot be reached: .*timeout")


def test_the_time_is_utc_whatever_the_servers_is(postgresql):
    cell = drawn_cell(1)
    with server() as owner:
        owner.exec_driver_sql(
            f"ALTER DATABASE {postgresql.engine.url.database} SET timezone = 'Asia/Kolkata'"
        )
    postgresql.engine.dispose()
    saved = postgresql.save(cell, decided(cell), None).decision
    (kept,) = postgresql.decisions()
    assert kept == saved
    assert kept.time.utcoffset() == timedelta(0)


@pytest.fixture
def small_tablespace() -> Iterator[tuple[str, Path]]:
    """A place of 30 MB for a database; that needs root beside the server."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    disk = folder / "disk"
    disk.mkdir()
    name = f"small_{uuid.uuid4().hex}"
    mount = ["mount", "-t", "tmpfs", "-o", "size=30m", "tmpfs", str(disk)]
    try:
        if (
            shutil.which("mount") is None
            or subprocess.run(mount, capture_output=True, check=False).returncode
        ):
            pytest.skip("a small disk cannot be mounted here: that needs root on Linux")
        try:
            shutil.chown(disk, "postgres")
            with server() as owner:
                owner.exec_driver_sql(f"CREATE TABLESPACE {name} LOCATION '{disk}'")
            yield name, disk
            with server() as owner:
                owner.exec_driver_sql(f"DROP TABLESPACE {name}")
        finally:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)
    finally:
        shutil.rmtree(folder)


@pytest.mark.slow
def test_a_full_disk_of_the_server_is_told(postgresql, small_tablespace):
    name, disk = small_tablespace
    database = postgresql.engine.url.database
    postgresql.engine.dispose()
    with server() as owner:
        owner.exec_driver_sql(f"ALTER DATABASE {database} SET TABLESPACE {name}")
    saved, refused, said = save_until_refused(postgresql)
    assert "the decision is not saved (the server's disk is full); make room" in said
    assert saved
    assert postgresql.decisions() == saved
    subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
    postgresql.save(drawn_cell(int(refused.cell, 16)), refused, None)
    assert len(postgresql.decisions()) == len(postgresql.cells()) == len(saved) + 1
    postgresql.engine.dispose()
    with server() as owner:
        owner.exec_driver_sql(f"ALTER DATABASE {database} SET TABLESPACE pg_default")
