"""Work spread over processes, none of which outlives it."""

import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack
from multiprocessing import get_context
from typing import TypeVar

from pap_core.jobs.signals import put_off

Name = TypeVar("Name")
Answer = TypeVar("Answer")


def spread(
    work: Callable[..., Answer], items: Mapping[Name, tuple], start: Callable[[], None] | None = None
) -> Iterator[tuple[Name, Answer]]:
    """Yield each item's name with what came of it, as it is done.

    Whoever may stop halfway closes the iterator: what has not begun by then is left.

    Args:
        work: called with each item's arguments, in a process of up to as many as there are cores.
        items: arguments by name; one or more.
        start: called in each process before its first work.

    Raises:
        BrokenExecutor: a process was ended from outside.
        Exception: what `work` raised.
    """
    workers = min(os.cpu_count() or 1, len(items))
    with ExitStack() as last:
        with put_off():  # interrupted now, processes without a manager would wait for work for ever
            # spawn, not fork: a page may work in a process full of threads
            pool = ProcessPoolExecutor(workers, get_context("spawn"), start)
            last.callback(pool.shutdown, cancel_futures=True)
            names = {pool.submit(work, *arguments): name for name, arguments in items.items()}
        for one in as_completed(names):
            yield names[one], one.result()
