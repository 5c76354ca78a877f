"""Processes that run a script at once, forked from one that has imported what commands need.

Python starts in a moment and imports for seconds: that is left to the tests of how a command starts.
"""

import os
import signal
import sys
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, Pipe
from typing import TextIO

_IMPORTED = """
pandas torch pytest.__main__ pap_core.__main__ pap_core.inference.predict pap_core.model.checkpoint
pap_core.reviews.exchange pap_core.reviews.exports tests.helpers.warm
"""
_forking = get_context("forkserver")
_forking.set_forkserver_preload(_IMPORTED.split())


class Script:
    """A process that runs a script, used as ``subprocess.Popen([sys.executable, "-c", text, *words])`` is."""

    def __init__(self, text: str, *words: str):
        (inside, near), (far, outside), (heard, said) = (Pipe(duplex=False) for _ in range(3))
        streams = (inside, outside, said)
        self._process = _forking.Process(target=_run, args=(text, words, dict(os.environ), *streams))
        self._process.start()
        for one in streams:
            one.close()
        self.stdin, self.stdout, self.stderr = _opened(near, "w"), _opened(far, "r"), _opened(heard, "r")

    def __enter__(self) -> "Script":
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self.stdin, self.stdout, self.stderr):
            one.close()
        self.wait()

    @property
    def returncode(self) -> int | None:
        """What the process ended with, less than 0 for a signal; None while it runs."""
        return self._process.exitcode

    def send_signal(self, signum: signal.Signals) -> None:
        os.kill(self._process.pid, signum)

    def kill(self) -> None:
        self._process.kill()

    def wait(self) -> int:
        self._process.join()
        return self._process.exitcode


def _opened(end: Connection, mode: str) -> TextIO:
    """Return one's own end of a pipe as a file of text."""
    file = os.fdopen(os.dup(end.fileno()), mode, encoding="utf-8")
    end.close()
    return file


def _run(text: str, words: Sequence[str], environment: dict[str, str], *streams: Connection) -> None:
    """Be the process: take the streams for one's own, and run the script."""
    os.environ.clear()
    os.environ.update(environment)
    for number, one in enumerate(streams):
        os.dup2(one.fileno(), number)
        one.close()
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8") for number, mode in enumerate(("r", "w", "w"))
    )
    sys.argv = ["-c", *words]
    exec(compile(text, "<script>", "exec"), {"__name__": "__main__"})
