"""How long something takes on a device."""

import math
import time
from collections.abc import Callable

import torch

_WARM = 4  # steps; on a CPU the second to the fourth still take a tenth to a third longer than later ones


def seconds(step: Callable[[], object], device: torch.device, enough: float) -> float:
    """Time a step: the mean of as many as fill `enough` seconds.

    Four do not count before, or fewer where they fill twice as long.
    """

    def mean(enough: float, most: float = math.inf) -> float:
        began, steps, passed = time.perf_counter(), 0, 0.0
        while passed < enough and steps < most:
            step()
            if device.type == "cuda":
                torch.cuda.synchronize(device)
            steps += 1
            passed = time.perf_counter() - began
        return passed / steps

    mean(2 * enough, _WARM)
    return mean(enough)
