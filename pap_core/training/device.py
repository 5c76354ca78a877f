"""The devices that runs wait for: one run a GPU, or one on the CPU.

A process that wants to train waits here, before it has imported torch.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pap_core.jobs import queue
from pap_core.training.planning.machine import CPU, GPU, devices
from pap_core.training.run import Run
from pap_core.workspace import runs


@contextmanager
def turn(run: Run, cpu: bool, say: Callable[[str], None]) -> Iterator[str | None]:
    """Wait for a device and keep it while the context lasts; torch, imported later, sees no other GPU.

    Args:
        run: its status names the time since which it is queued.
        cpu: leave the GPUs alone.
        say: called with what one waits for, when there is something new to say.

    Yields:
        The name of the device; None where the run was asked to stop meanwhile.
    """
    with queue.turn(run, [CPU] if cpu else devices(), _runs, say) as name:
        if name not in (None, CPU):
            if "CUDA_VISIBLE_DEVICES" not in os.environ:
                os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the order they were counted in
            os.environ["CUDA_VISIBLE_DEVICES"] = name.removeprefix(f"{GPU}-")
        yield name


def _runs() -> list[Run]:
    return [Run(path) for path in runs().glob("[!.]*")]
