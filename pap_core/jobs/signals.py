"""Ctrl-C and SIGTERM: what a process does when it is asked to end.

Both become a KeyboardInterrupt, wherever the process happens to be.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupted_when_asked() -> Iterator[threading.Event]:
    """Make SIGTERM an interruption; to be called in the main thread.

    Yields:
        What is set once SIGTERM came: a library may end with another error, of its own, when interrupted.
    """
    asked = threading.Event()

    def interrupt(signum: int, frame: object) -> None:
        asked.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def put_off() -> Iterator[None]:
    """Keep Ctrl-C and SIGTERM until the context ends, for what must not be left halfway.

    In other threads than the main one nothing is kept: these signals never come there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {
        signum: signal.signal(signum, lambda signum, frame: came.append(signum))
        for signum in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
        for one in came:
            signal.raise_signal(one)


def only_parent_ends(worker: int) -> None:
    """Let SIGTERM end this worker process only where its parent sends it; given to a pool of workers.

    Whoever shuts a service or a machine down sends it to all processes at once. A worker that obeyed would
    be gone before its parent had come to an end in order, and the parent would take that for a fault.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None  # a worker has one
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})

    def wait() -> None:
        while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent.pid:
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
