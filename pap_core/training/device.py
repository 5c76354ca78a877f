"""The devices that runs wait for: one run a GPU, or one on the CPU.

A process that wants to train waits here, before it has imported torch.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pap_core.jobs import queue
from pap_core.training.run import Run
from pap_core.workspace import runs

CPU, GPU = "cpu", "cuda"


def devices() -> list[str]:
    """Name the GPUs this process may use, "cuda-0" and so on, or else the CPU, "cpu".

    They are counted without torch. ``$CUDA_VISIBLE_DEVICES`` is obeyed; what follows a number that does
    not exist is hidden, as CUDA does it.
    """
    count = _gpus()
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = []
    for name in map(str, range(count)) if chosen is None else chosen.split(","):
        name = name.strip()
        known = name.startswith(("GPU-", "MIG-")) or (name.isdecimal() and int(name) < count)
        if not (count and known):
            break
        names.append(f"{GPU}-{name}")
    return names or [CPU]


def _gpus() -> int:
    import pynvml

    try:
        pynvml.nvmlInit()
        return pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:  # no NVIDIA driver
        return 0


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
