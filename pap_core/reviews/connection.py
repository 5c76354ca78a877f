"""How the reviews' database is talked to: what is promised on disk, how long is waited, what went wrong."""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError

from pap_core.errors import InputError

PATIENCE = 30.0  # s to wait for others who write
CONNECT_PATIENCE = 10  # s to wait for a server that does not answer
WRITING = "reviews_writing"  # execution option of a connection that is going to write
_LOCK = 0x5061_7052  # of PostgreSQL's advisory locks the one that writers of reviews take


def sqlite_engine(path: Path) -> Engine:
    """Return an engine for reviews in a file; nothing is opened or made yet."""
    return create_engine(URL.create("sqlite", database=str(path)))


def set_up(engine: Engine) -> None:
    """Have every connection made from now on keep what it says it kept; a second call changes nothing."""
    every: dict[str, dict[str, Callable[..., Any]]] = {
        "sqlite": {
            "do_connect": _open_sqlite,
            "connect": _opened_sqlite,
            "checkout": _taken_sqlite,
            "begin": _begin_sqlite,
        },
        "postgresql": {"do_connect": _open_postgresql, "begin": _begin_postgresql},
    }
    listeners = every.get(engine.dialect.name, {})
    if not all(event.contains(engine, name, listener) for name, listener in listeners.items()):
        engine.dispose()  # of connections made before, which promise nothing
        for name, listener in listeners.items():
            event.listen(engine, name, listener)


def make_room(engine: Engine) -> None:
    """Make the file that a SQLite database begins as, where there is none yet.

    Raises:
        InputError: neither SQLite nor PostgreSQL, no file, the file cannot be made, or it was taken from
            beside its newest decisions.
    """
    if engine.dialect.name not in ("sqlite", "postgresql"):
        raise InputError(
            f"{place(engine)}: a database of {engine.dialect.name}, expected SQLite or PostgreSQL; give "
            "another URL."
        )
    if engine.dialect.name != "sqlite":
        return
    if engine.url.database in (None, "", ":memory:"):
        raise InputError("sqlite://: reviews in memory would be forgotten, expected a file; name one.")
    file = Path(engine.url.database)
    journal = Path(f"{file}-wal")
    try:
        if file.exists():
            _for_its_owner(file, journal, Path(f"{file}-shm"))
            return
        if journal.exists() and journal.stat().st_size:  # SQLite would empty it beside a new file
            raise InputError(
                f"{file}: is gone, though the newest decisions of it are still in {journal.name}; put the "
                "file back beside it, or move that one away as well to begin anew."
            )
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)  # SQLite gives the files beside it the same rights
    except OSError as error:
        raise InputError(
            f"{file}: the reviews' database could not be made ({error.strerror}); expected a folder to write "
            "to, fix that and try again."
        ) from None


def _for_its_owner(*files: Path) -> None:
    """Let nobody else read what is there; where the files are another's, that one sees to it."""
    for file in files:
        with suppress(FileNotFoundError, PermissionError):
            rights = file.stat().st_mode
            if rights & 0o077:
                file.chmod(rights & 0o700)


def still_there(engine: Engine, connection: Connection, what: str) -> None:
    """See, after a commit, that the next connection opens the file that was written to.

    Raises:
        InputError: the file was taken away in the meantime; `what` is what did not come about.
    """
    if engine.dialect.name == "sqlite" and connection.info["file"] != _identity(connection.info["path"]):
        raise InputError(f"{place(engine)}: {what} (the file is gone); put it back and try again.")


def place(engine: Engine) -> str:
    """Return what to call a database in a message: its file, or its server and name, without a password."""
    url = engine.url
    if engine.dialect.name == "sqlite":
        return str(url.database)
    return f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{url.database}"


def told(error: SQLAlchemyError, engine: Engine, what: str) -> InputError:
    """Put a fault of the database into a sentence.

    Args:
        error: as SQLAlchemy raised it.
        engine: of the database.
        what: did not come about, as "the decision is not saved".
    """
    found, remedy = (
        _sqlite_fault(error, engine) or _postgresql_fault(error) or (_first_line(error), "mend that")
    )
    return InputError(f"{place(engine)}: {what} ({found}); {remedy} and try again.")


def _open_sqlite(dialect, record, arguments: list, options: dict) -> None:
    """Never make a new file in the place of one that vanished: only `make_room` does."""
    record.info["path"] = arguments[0]
    arguments[0] = f"{Path(arguments[0]).absolute().as_uri()}?mode=rw"
    options |= {"uri": True, "timeout": PATIENCE}


def _opened_sqlite(connection: sqlite3.Connection, record) -> None:
    record.info["file"] = _identity(record.info["path"])
    connection.isolation_level = None  # `_begin_sqlite` begins, not the driver at the first change
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as error:  # SQLite itself does not wait for others who set it, too
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous = FULL")  # a commit returns when it is on disk
    connection.execute("PRAGMA foreign_keys = ON")


def _taken_sqlite(connection: sqlite3.Connection, record, proxy) -> None:
    """Give up a connection to a file that is no longer there: what it writes nobody would ever read."""
    if record.info["file"] != _identity(record.info["path"]):
        raise DisconnectionError("the file is another, or gone")


def _begin_sqlite(connection: Connection) -> None:
    # who is going to write waits here; one who had read first would be refused instead
    writing = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _open_postgresql(dialect, record, arguments: list, options: dict) -> None:
    options.setdefault("connect_timeout", CONNECT_PATIENCE)
    options.setdefault("tcp_user_timeout", int(PATIENCE * 1000))  # ms, for one that no longer answers


def _begin_postgresql(connection: Connection) -> None:
    """One writer at a time, as on SQLite: so decisions are numbered in the order in which they are seen."""
    if connection.get_execution_options().get(WRITING):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(PATIENCE * 1000)}")
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _identity(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _sqlite_fault(error: SQLAlchemyError, engine: Engine) -> tuple[str, str] | None:
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    if code is None:
        return None
    kind = code & 0xFF  # the rest says more than a person can use
    if kind == sqlite3.SQLITE_CANTOPEN and not Path(engine.url.database or "").exists():
        return "the file is gone", "put it back"
    return {
        sqlite3.SQLITE_FULL: ("the disk is full", "make room"),
        sqlite3.SQLITE_IOERR: ("the disk refuses to be written to or read", "make room or mend it"),
        sqlite3.SQLITE_BUSY: ("another program keeps it locked", "end that program"),
        sqlite3.SQLITE_READONLY: ("it may not be written to", "see to the rights of the file and its folder"),
        sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", "see to the rights of the file and its folder"),
        sqlite3.SQLITE_NOTADB: ("the file is no SQLite database", "put back a copy or move it away"),
        sqlite3.SQLITE_CORRUPT: ("the file is damaged", "put back a copy or move it away"),
    }.get(kind)


def _postgresql_fault(error: SQLAlchemyError) -> tuple[str, str] | None:
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    if state is None and isinstance(error, DBAPIError) and "connection" in str(error.orig):
        # "connection to server at …, port … failed: FATAL:  database "…" does not exist" and more lines
        reason = _first_line(error).rpartition("failed: ")[2].removeprefix("FATAL:").strip()
        return f"the server cannot be reached: {reason}", "see to the server and the URL"
    return {
        "42501": ("its user may not do that", "give that user the right"),
        "53100": ("the server's disk is full", "make room"),
        "53300": ("the server has too many connections", "close some"),
        "55P03": ("another program keeps it locked", "end that program"),
        "57P01": ("the server ended the connection", "see to the server"),
    }.get(state or "")


def _first_line(error: SQLAlchemyError) -> str:
    return (str(getattr(error, "orig", None) or error).splitlines() or [type(error).__name__])[0].rstrip(".")
