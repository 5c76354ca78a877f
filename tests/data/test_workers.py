"""Tests of work that is spread over processes: what is left of it after Ctrl-C, whenever that comes."""

import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context

import pytest

from pap_core.data.workers import spread

PATIENCE = 120  # s


def test_each_answer_comes_with_its_name() -> None:
    assert dict(spread(pow, {"nine": (3, 2), "eight": (2, 3), "none": (0, 1)})) == {
        "nine": 9,
        "eight": 8,
        "none": 0,
    }


def test_an_error_of_a_worker_is_that_of_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        dict(spread(divmod, {"one": (1, 0)}))
    assert _none_is_left()


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("kind", "method"),
    [(ProcessPoolExecutor, "submit"), (get_context("spawn").Process, "start"), (threading.Thread, "start")],
)
def test_ctrl_c_while_the_workers_start_leaves_none(
    kind: type, method: str, first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = getattr(kind, method)

    def interrupted(*arguments: object):
        monkeypatch.setattr(kind, method, original)
        if first:
            signal.raise_signal(signal.SIGINT)
        done = original(*arguments)
        if not first:
            signal.raise_signal(signal.SIGINT)
        return done

    monkeypatch.setattr(kind, method, interrupted)
    with pytest.raises(KeyboardInterrupt):
        dict(spread(pow, {number: (number, 2) for number in range(4)}))
    assert _none_is_left()


def test_who_wants_no_more_answers_waits_for_no_more_work() -> None:
    with closing(spread(_wait, {number: (0.2,) for number in range(200)})) as answers:
        next(answers)
        began = time.monotonic()
    assert time.monotonic() - began < 0.2 * 200 / (os.cpu_count() or 1) / 2
    assert _none_is_left()


def _wait(seconds: float) -> None:
    time.sleep(seconds)


def _none_is_left() -> bool:
    deadline = time.monotonic() + PATIENCE
    while multiprocessing.active_children() and time.monotonic() < deadline:
        time.sleep(0.02)
    return not multiprocessing.active_children()
