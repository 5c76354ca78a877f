"""Processes that train, forked from one that has imported torch: they begin, and may be killed, at once.

It reads the folder of a run from standard input, and answers with the id of the process.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

PROJECT = Path(__file__).parents[3]


class Forking:
    """The process that forks the others."""

    def __init__(self, workspace: Path):
        path = os.pathsep.join([str(PROJECT), os.environ.get("PYTHONPATH", "")])
        self.process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=open(workspace / "forked.log", "ab"),  # noqa: SIM115
            text=True,
            env=os.environ | {"PYTHONPATH": path, "PAP_WORKSPACE": str(workspace), "OMP_NUM_THREADS": "1"},
        )
        assert self.process.stdout.readline().strip() == "ready"

    def begin(self, folder: Path) -> psutil.Process:
        """Fork a process that works for a run."""
        print(folder, file=self.process.stdin, flush=True)
        return psutil.Process(int(self.process.stdout.readline()))

    def end(self) -> None:
        """End the process; those it forked go on."""
        self.process.kill()
        self.process.wait()


def _serve() -> None:
    import torch

    from pap_core.training import loop
    from pap_core.training.run import Run
    from pap_core.training.work import work

    torch.set_num_threads(1)
    loop.SAVE_EVERY = (
        0.0  # a checkpoint at each logged step: many moments to be killed at while one is written
    )
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no zombies
    print("ready", flush=True)
    for line in sys.stdin:
        forked = os.fork()
        if not forked:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.dup2(2, 1)
            try:
                work(Run(Path(line.strip())), cpu=True)
            finally:
                os._exit(0)
        print(forked, flush=True)


if __name__ == "__main__":
    _serve()
