"""A process killed at any moment while it saves: what it said was saved is there, and nothing by half."""

import json
import random
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, make_url

from pap_core.reviews.store import Reviews
from tests.helpers.reviews.drawn_reviews import Saving, drawn_cell

CELLS = list(range(40))


def lines(said: Path) -> list[dict]:
    """Return what was said; a line is written whole or not at all."""
    return [json.loads(line) for line in said.read_text().splitlines()] if said.exists() else []


def kill_somewhere(saving: Saving, url: str, said: Path, chance: random.Random, number: int) -> int:
    """Kill a process while it prepares the database or saves; return how many decisions it had saved."""
    before = len(lines(said))
    one = saving.begin(url, said, f"writer {number}", chance.sample(CELLS, len(CELLS)), 10_000)
    if number % 5:  # past the beginning, to be killed between and amid decisions
        deadline = time.monotonic() + 60
        while len(lines(said)) < before + 2:
            assert time.monotonic() < deadline
            time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.1))
    with suppress(psutil.NoSuchProcess):
        one.kill()
    assert psutil.wait_procs([one], timeout=60)[1] == []
    return sum("key" in line for line in lines(said)[before:])


def check(url: str, said: Path) -> int:
    """See that all that was said to be saved is kept whole; return how many decisions are kept."""
    reviews = Reviews(create_engine(url))
    reviews.prepare()
    kept = {one.key: one for one in reviews.decisions()}
    for line in lines(said):
        if "key" in line:
            assert kept[line["key"]].number == line["number"]
    pictures = {one.picture for one in reviews.cells().values()}
    assert reviews.cells().keys() == {one.cell for one in kept.values()}
    with reviews.engine.connect() as connection:
        for table, there in (("pictures", len(pictures)), ("cells", len(pictures)), ("decisions", len(kept))):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one() == there
    for number in CELLS:
        cell = drawn_cell(number)
        if cell.id in reviews.latest([cell.id]):
            found = reviews.cell(cell.id)
            assert (found.picture == cell.picture).all()
            assert (found.label == cell.label).all()
            assert found.before == cell.before
            assert all(one.after == cell.before for one in reviews.history(cell.id))
    reviews.engine.dispose()
    if url.startswith("sqlite"):
        with sqlite3.connect(make_url(url).database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    return len(kept)


def killed(times: int, saving: Saving, url: str, said: Path) -> None:
    chance = random.Random(times)
    saved = 0
    for number in range(times):
        saved += kill_somewhere(saving, url, said, chance, number)
        kept = check(url, said)
        assert saved <= kept <= saved + number + 1  # each may have been killed between the disk and its word
    assert saved > times


def test_killed_five_times(saving, url, tmp_path):
    killed(5, saving, url, tmp_path / "said")


@pytest.mark.slow
def test_killed_fifty_times(saving, url, tmp_path):
    killed(50, saving, url, tmp_path / "said")
