"""The queue before the devices: one run a GPU, or one on the CPU, first come, first served.

A process that wants to train waits here, before it has imported torch. A device is a lock in the
workspace, which the system lets go when its process dies, however that happens: so the next run starts by
itself, whether anybody looks or not. The order is that of the queueing times in the runs' statuses.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from pap_core.jobs import liveness
from pap_core.training.run import Run
from pap_core.workspace import runs, workspace

CPU, GPU = "cpu", "cuda"
_LOOK = 0.5  # s, between two looks whether it is one's turn


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
    names = [CPU] if cpu else devices()
    run.write_status(device=names[0].partition("-")[0])
    lock = _wait(run, names, say)
    if lock is None:
        yield None
        return
    name = Path(lock.lock_file).stem
    if name != CPU:
        if "CUDA_VISIBLE_DEVICES" not in os.environ:
            os.environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")  # the order they were counted in
        os.environ["CUDA_VISIBLE_DEVICES"] = name.removeprefix(f"{GPU}-")
    try:
        yield name
    finally:
        lock.release()


def _wait(run: Run, names: list[str], say: Callable[[str], None]) -> FileLock | None:
    folder = workspace() / ".devices"
    folder.mkdir(parents=True, exist_ok=True)
    place = 0
    while not run.stop_asked:
        ahead = _ahead(run)
        lock = _free(folder, names) if ahead == 0 else None
        if lock:
            return lock
        if place != ahead + 1:
            place = ahead + 1
            run.write_status(queue_place=place)
            say(f"waiting for {' or '.join(names)}: place {place} in the queue")
        time.sleep(_LOOK)
    return None


def _free(folder: Path, names: list[str]) -> FileLock | None:
    for name in names:
        lock = FileLock(folder / f"{name}.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            continue
        return lock
    return None


def _ahead(run: Run) -> int:
    """Count the runs of the workspace that were queued earlier for this kind of device.

    One whose process has gone silent keeps nobody waiting; it has its place again when it wakes.
    """
    own = run.read_status()
    mine = own.get("queued", 0.0), str(run.folder.resolve())
    ahead = 0
    for path in runs().glob("[!.]*"):
        status = Run(path).read_status()
        waits = status.get("state") == "queued" and status.get("device", "") in ("", own.get("device", ""))
        if waits and (status.get("queued", 0.0), str(path.resolve())) < mine and liveness.fresh(status):
            ahead += liveness.living(status)
    return ahead
