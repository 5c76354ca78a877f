"""Servers of the app, forked from a process that has imported what takes long: they are there at once.

It reads from standard input, a line each, what is to run: the arguments of `streamlit`, the environment, the
folder, and the file for what it prints. It answers with the id of the process.
"""

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

PROJECT = Path(__file__).parents[3]


def fork(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> psutil.Process:
    """Run `streamlit` in a forked process.

    Args:
        arguments: of the command.
        environment: all of it.
        folder: to run in.
        log: the file, new or emptied, to which it prints.
    """
    parent = _parent()
    print(
        json.dumps([list(arguments), dict(environment), str(folder), str(log)]), file=parent.stdin, flush=True
    )
    return psutil.Process(int(parent.stdout.readline()))


@functools.cache
def _parent() -> subprocess.Popen:
    """Start the process that forks; it ends with this one."""
    path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
    parent = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )
    atexit.register(parent.kill)
    assert parent.stdout.readline().strip() == "ready"
    return parent


def _serve() -> None:
    # of the app itself nothing: some of its modules have to be imported by a server that runs
    import plotly.graph_objects  # noqa: F401
    import scipy.ndimage  # noqa: F401
    import sqlalchemy  # noqa: F401
    import streamlit.web.bootstrap
    import streamlit.web.cli
    import torch  # noqa: F401

    import pap_core.comparison.compare
    import pap_core.reviews.store
    import pap_core.training.work  # noqa: F401

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    print("ready", flush=True)
    for line in sys.stdin:
        arguments, environment, folder, log = json.loads(line)
        forked = os.fork()
        if not forked:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            printed = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            for number in (1, 2):
                os.dup2(printed, number)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(folder)
            sys.path[0] = folder  # as `python -m` has it
            sys.argv = ["streamlit", *arguments]
            sys.exit(streamlit.web.cli.main())
        print(forked, flush=True)


if __name__ == "__main__":
    _serve()
