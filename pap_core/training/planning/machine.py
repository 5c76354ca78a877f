"""What machine a run is on, and in what numbers it computes there, in words."""

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def machine(device: "torch.device", precision: str) -> str:
    """Name the processor or the GPU, the version of torch, and the precision, "bf16" or "fp32"."""
    import torch

    name = _processor() if device.type == "cpu" else torch.cuda.get_device_name(device)
    return f"{name}, torch {torch.__version__}, {precision}"


def _processor() -> str:
    cores = os.cpu_count()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        name = platform.processor() or platform.machine()
    return f"{cores} cores of {name}"
