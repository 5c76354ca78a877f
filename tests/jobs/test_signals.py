"""Tests of Ctrl-C and SIGTERM: when they interrupt, and when not yet."""

import multiprocessing
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from multiprocessing.synchronize import Event

import pytest

from pap_core.jobs.signals import interrupted_when_asked, only_parent_ends, put_off


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Hear Ctrl-C even where the tests were started in the background, which makes a process deaf to it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_sigterm_interrupts_and_is_remembered() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with interrupted_when_asked() as asked:
        assert not asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert asked.is_set()
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_what_is_put_off_comes_when_the_work_is_done(signum: int) -> None:
    done = []

    def work() -> None:
        with put_off():
            signal.raise_signal(signum)
            signal.raise_signal(signum)
            done.append("whole")

    with interrupted_when_asked(), pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["whole"]


def test_an_error_of_the_work_is_not_lost_to_the_interruption() -> None:
    def work() -> None:
        with put_off():
            signal.raise_signal(signal.SIGINT)
            raise ValueError

    with pytest.raises(KeyboardInterrupt) as interrupted:
        work()
    assert isinstance(interrupted.value.__context__, ValueError)


def test_in_another_thread_nothing_is_put_off() -> None:
    before, seen = signal.getsignal(signal.SIGINT), []

    def work() -> None:
        with put_off():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]


def test_who_is_deaf_to_ctrl_c_still_hears_sigterm() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as started in the background of a shell
    done = []

    def work() -> None:
        with put_off():
            signal.raise_signal(signal.SIGINT)
        done.append("deaf")
        with put_off():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)

    with interrupted_when_asked() as asked, pytest.raises(KeyboardInterrupt):
        work()
    assert done == ["deaf"]
    assert asked.is_set()


def _rests(ready: Event) -> None:
    only_parent_ends(0)
    ready.set()
    time.sleep(600)


def test_a_worker_ends_by_its_parent_alone() -> None:
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    worker = spawn.Process(target=_rests, args=(ready,), daemon=True)
    worker.start()
    assert ready.wait(60)
    subprocess.run(["kill", "-TERM", str(worker.pid)], check=True)  # by another process
    worker.join(1)
    assert worker.is_alive()
    worker.terminate()
    worker.join(30)
    assert worker.exitcode == 0
