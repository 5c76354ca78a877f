"""Ctrl-C and SIGTERM: what a process does when it is asked to end.

Both become a KeyboardInterrupt, wherever the process happens to be.
"""

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
        for signum in came:
            signal.raise_signal(signum)
