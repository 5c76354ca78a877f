"""How long something takes on a device."""

import time
from collections.abc import Callable

import torch


def seconds(step: Callable[[], object], device: torch.device, enough: float) -> float:
    """Time a step: the mean of as many as fill `enough` seconds, after one that does not count."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    step()
    wait()
    began, steps = time.perf_counter(), 0
    while time.perf_counter() - began < enough:
        step()
        wait()
        steps += 1
    return (time.perf_counter() - began) / steps
