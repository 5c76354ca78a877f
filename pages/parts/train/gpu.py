"""The graphics processors of this machine, where there are any: what they do, and what they hold."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class Gpu:
    """One GPU, now."""

    name: str
    utilisation: float  # share of the last moment in which it computed
    used: int  # bytes
    total: int  # bytes


@st.cache_data(ttl=1.0, show_spinner=False)
def gpus() -> list[Gpu]:
    """Return the GPUs of NVIDIA's driver, in its order; none where there is no driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # no library, no driver, or one that does not answer: there is nothing to show
        return []
    try:
        return [_gpu(pynvml, index) for index in range(pynvml.nvmlDeviceGetCount())]
    except pynvml.NVMLError:
        return []
    finally:
        pynvml.nvmlShutdown()


def _gpu(pynvml, index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        utilisation = pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except pynvml.NVMLError:  # a slice of a GPU does not say
        utilisation = float("nan")
    return Gpu(str(pynvml.nvmlDeviceGetName(handle)), utilisation, int(memory.used), int(memory.total))
