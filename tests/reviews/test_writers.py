"""Many who save at once: none waits in vain, none is lost, and each is told of what the others did."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import psutil
import pytest
from sqlalchemy import create_engine

from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.drawn_reviews import Saving, decided, drawn_cell

WRITERS = 20
TIMES = 5  # decisions each


@pytest.mark.parametrize("cells", ["one", pytest.param("many", marks=pytest.mark.slow)])
def test_twenty_writers_at_once_lose_nothing(saving: Saving, url: str, tmp_path: Path, cells: str):
    """They begin before there is a database, and make it at once as well."""
    said = tmp_path / "said"
    started = [
        saving.begin(url, said, f"writer {number}", [0] if cells == "one" else [number, 0], TIMES)
        for number in range(1, WRITERS + 1)
    ]
    assert psutil.wait_procs(started, timeout=300)[1] == []
    lines = [json.loads(line) for line in said.read_text().splitlines()]
    answers = [line for line in lines if "key" in line]
    assert len(lines) - len(answers) == WRITERS
    assert len(answers) == len({one["key"] for one in answers}) == WRITERS * TIMES

    reviews = Reviews(create_engine(url))
    kept = reviews.decisions()
    assert {one.key: one.number for one in kept} == {one["key"]: one["number"] for one in answers}
    assert [one.time for one in kept] == sorted(one.time for one in kept)
    of_key = {one.key: one for one in kept}
    for one in answers:
        cell = of_key[one["key"]].cell
        others = [other for other in kept if other.cell == cell and other.reviewer != one["reviewer"]]
        # all that were saved before it and after what its reviewer had seen
        assert one["since"] == [
            other.number for other in others if (one["seen"] or 0) < other.number < one["number"]
        ]
    numbers = {0} if cells == "one" else set(range(WRITERS + 1))
    assert set(reviews.latest()) == {drawn_cell(number).id for number in numbers}
    reviews.engine.dispose()


def test_twenty_threads_of_one_server_lose_nothing(reviews: Reviews):
    def save(number: int) -> int:
        cell = drawn_cell(number % 3)
        return reviews.save(cell, decided(cell, f"writer {number}"), None).decision.number

    with ThreadPoolExecutor(WRITERS) as pool:
        numbers = list(pool.map(save, range(WRITERS)))
    assert [one.number for one in reviews.decisions()] == sorted(numbers)
    assert len(set(numbers)) == WRITERS
    assert len(reviews.latest()) == 3


def test_who_reads_while_another_writes_is_not_kept_waiting(reviews: Reviews, url: str):
    cell = drawn_cell(1)
    saved = reviews.save(cell, decided(cell), None).decision
    other = Reviews(create_engine(url))
    with other.engine.connect().execution_options(reviews_writing=True) as connection, connection.begin():
        assert reviews.decisions() == [saved]
    other.engine.dispose()


def test_who_opens_a_new_file_waits_for_another_who_does(tmp_path: Path):
    file = tmp_path / "reviews.db"
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE elsewhere (n)")
    other.execute("BEGIN IMMEDIATE")  # amid which SQLite refuses at once to change the kind of journal
    Timer(0.3, lambda: other.execute("COMMIT")).start()
    reviews = Reviews(sqlite_engine(file))
    reviews.prepare()
    assert reviews.usable() == 0
    reviews.engine.dispose()
    other.close()
