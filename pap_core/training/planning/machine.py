"""What a machine has to compute with: its devices, and the words for the one that a run is on."""

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

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
