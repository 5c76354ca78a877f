"""Tests of work that is spread over processes: what is left of it after Ctrl-C, whenever that comes."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context

import pytest

from pap_core.jobs.pool import spread

PATIENCE = 120  # s


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Hear Ctrl-C even where the tests were started in the background, which makes a process deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def none_is_left() -> Iterator[None]:
    """See that no test leaves a process behind."""
    before = set(multiprocessing.active_children())
    yield
    deadline = time.monotonic() + PATIENCE
    while (left := set(multiprocessing.active_children()) - before) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not left


def test_each_answer_comes_with_its_name() -> None:
    assert dict(spread(pow, {"nine": (3, 2), "eight": (2, 3), "none": (0, 1)})) == {
        "nine": 9,
        "eight": 8,
        "none": 0,
    }


def test_an_error_of_a_worker_is_that_of_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        dict(spread(divmod, {"one": (1, 0)}))


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


def test_who_wants_no_more_answers_waits_for_no_more_work() -> None:
    everything = 60.0  # s
    items = {number: (0.2,) for number in range(int(everything / 0.2) * (os.cpu_count() or 1))}
    with closing(spread(_wait, items)) as answers:
        next(answers)
        began = time.monotonic()
    assert time.monotonic() - began < everything / 2


def _wait(seconds: float) -> None:
    time.sleep(seconds)
