"""Parts of the page that trains: its words, and what is worked out for it."""

import threading
from pathlib import Path

import pytest

from pages.parts.train.costs import _Work
from pages.shared.words import duration, size
from tests.helpers.pages.training_runs import config


def test_questions_that_nobody_began_to_answer_are_let_go() -> None:
    work, waits = _Work(), threading.Event()
    first = work.ask(("first",), waits.wait)
    second = work.ask(("second",), waits.wait)
    work.let_go([("first",), ("second",), ("unknown",)])
    waits.set()
    assert first.result(10)  # it was being answered
    assert second.cancelled()
    assert work.ask(("second",), lambda: 5).result(10) == 5
    work.pool.shutdown()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59, "59 s"), (120, "2.0 min"), (3600, "60 min"), (36000, "10 h"), (9e5, "10 days")],
)
def test_lengths_of_time_are_said(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_amounts_of_memory_are_said() -> None:
    assert (size(2.51e9), size(43e6)) == ("2.5 GB", "43 MB")


def test_the_tests_own_configuration_is_one_that_trains(space: Path) -> None:
    assert config().generator.head == "palette"
