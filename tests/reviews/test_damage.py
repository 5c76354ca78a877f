"""What is damaged in a database of reviews, a folder of them or a log: told, and the rest goes on."""

import json
import sqlite3
from pathlib import Path

import pytest

from pap_core.data.readers import reviews as folders
from pap_core.errors import InputError
from pap_core.outlines import Outlines
from pap_core.reviews import exchange
from pap_core.reviews.damage import damaged_cells, readable
from pap_core.reviews.exports import write
from pap_core.reviews.exports.audit import audit_log, verify
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.damages import NO_OBJECT
from tests.helpers.reviews.drawn_reviews import decided, drawn_cell

OUTLINES = {name: content for name, content in NO_OBJECT.items() if b"\0" not in content}
OUTLINES |= {"huge": b'{"cell": [[[%s, 1], [2, 2], [1, 3]]], "nucleus": []}' % (b"9" * 400)}
OUTLINES |= {"no ring": b'{"cell": [[[1, 1]]], "nucleus": []}', "part": b'{"cell": []}'}


@pytest.fixture
def reviews(tmp_path: Path) -> Reviews:
    """Reviews of three cells."""
    made = Reviews(sqlite_engine(tmp_path / "reviews.db"))
    made.prepare()
    for number in range(3):
        cell = drawn_cell(number)
        made.save(cell, decided(cell), None)
    yield made
    made.engine.dispose()


def harm(reviews: Reviews, table: str, column: str, value: object, where: str) -> None:
    """Change a value as another program may, behind the triggers that forbid it."""
    with sqlite3.connect(reviews.engine.url.database) as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            database.execute(f'DROP TRIGGER "{name}"')
        database.execute(f'UPDATE {table} SET "{column}" = ? WHERE {where}', (value,))
    database.close()


@pytest.mark.parametrize("content", OUTLINES.values(), ids=OUTLINES)
def test_outlines_that_are_none_are_told_and_the_others_stay(reviews: Reviews, content: bytes) -> None:
    text = content.decode(errors="replace")
    with pytest.raises(InputError):
        Outlines.from_json(text)
    harm(reviews, "decisions", "after", text, "number = 2")
    kept, damaged = readable(reviews.decisions())
    assert [one.number for one in kept] == [1, 3]
    (reason,) = damaged.values()
    assert "expected rings" in reason
    assert damaged_cells(reviews).keys() == {drawn_cell(1).id}


CHANGES = [
    ("decisions", "verdict", "perhaps"),
    ("cells", "before", "{}"),
    ("cells", "x0", "left"),
    ("cells", "scale", 0.0),
    ("cells", "side", "both"),
    ("cells", "label", b"no picture"),
    ("pictures", "png", b"\x89PNG\r\n\x1a\n" + bytes(40)),
    ("pictures", "png", b""),
    ("pictures", "width", 3),
]


@pytest.mark.parametrize(("table", "column", "value"), CHANGES)
def test_what_else_is_damaged_of_a_cell_is_told(
    reviews: Reviews, table: str, column: str, value: object
) -> None:
    cell = drawn_cell(1)
    where = {"decisions": "number = 2", "cells": f"id = '{cell.id}'", "pictures": "rowid = 2"}[table]
    assert damaged_cells(reviews) == {}
    harm(reviews, table, column, value, where)
    (reason,) = damaged_cells(reviews).values()
    assert reason.endswith(".")


def test_a_moment_that_is_none_is_one_sentence(reviews: Reviews) -> None:
    harm(reviews, "decisions", "time", "yesterday", "number = 2")
    with pytest.raises(InputError, match="a row is damaged"):
        reviews.decisions()


@pytest.mark.parametrize("content", NO_OBJECT.values(), ids=NO_OBJECT)
def test_a_damaged_folder_of_reviews(reviews: Reviews, tmp_path: Path, content: bytes) -> None:
    write(reviews, "reviews", tmp_path / "out")
    (tmp_path / "out" / exchange.FILE).write_bytes(content)
    with pytest.raises(InputError, match=r"reviews\.json: cannot be read"):
        folders.read(tmp_path / "out")


STRANGE = [
    ("id", "../../outside"),
    ("label", "../../outside.png"),
    ("picture", None),
    ("place", [0, 0]),
    ("place", [0, 0, 0]),
    ("place", ["a", 0, 1]),
    ("width", "wide"),
    ("verdict", "perhaps"),
    ("side", "both"),
    ("group", 7),
    ("before", []),
    ("after", {"cell": [[[1, 1]]], "nucleus": []}),
]


@pytest.mark.parametrize(("key", "value"), STRANGE)
def test_a_strange_value_in_a_folder_of_reviews(
    reviews: Reviews, tmp_path: Path, key: str, value: object
) -> None:
    write(reviews, "reviews", tmp_path / "out")
    assert len(folders.read(tmp_path / "out").cells) == 3
    path = tmp_path / "out" / exchange.FILE
    content = json.loads(path.read_text())
    content["cells"][1][key] = value
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"reviews\.json: cannot be read"):
        folders.read(tmp_path / "out")


LINES = [one for one in NO_OBJECT.values() if b"\n" not in one]
LINES += [b'{"previous": 7}', b'{"previous": "x", "decisions": "many"}', b'{"previous": "x", "a": 1e999}']


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_a_hostile_line_of_a_log_is_named_by_its_number(reviews: Reviews, line: bytes) -> None:
    log = audit_log(reviews)
    assert verify(log, "log") == 3
    lines = log.split(b"\n")
    changed = b"\n".join([lines[0], line, *lines[2:]])
    with pytest.raises(InputError, match=r"^log: line 2 ") as told:
        verify(changed, "log")
    assert len(str(told.value)) < 300
