"""What a machine can do at best: the pace of a large matrix product, measured once and kept."""

import json
from typing import TYPE_CHECKING, Annotated

import msgspec

from pap_core.errors import InputError
from pap_core.files import read_json, write_whole
from pap_core.jobs.call import answer, call
from pap_core.training.planning.machine import machine
from pap_core.training.precision import computed_in
from pap_core.workspace import workspace

if TYPE_CHECKING:
    import torch

_SIDES = {"cpu": 2048, "cuda": 8192}  # of the matrices
_FILE = "peaks.json"  # in the workspace
_Flops = Annotated[float, msgspec.Meta(gt=0, le=1e30)]


def read() -> dict[str, float]:
    """Return FLOP/s by machine and precision, as runs name theirs."""
    try:
        return read_json(workspace() / _FILE, dict[str, _Flops], "delete it, and it is measured again")
    except (FileNotFoundError, InputError):
        return {}


def measure(precision: str) -> float:
    """Measure this machine in a process of its own, and return its best so far, in FLOP/s.

    Args:
        precision: as a run asks for it; fp32 is measured where the machine is not quick at bf16.

    Raises:
        InputError: it takes too long, or memory is short.
    """
    return call(__name__, {"precision": precision}, 120)["flops"]


def keep(device: "torch.device", precision: str) -> float:
    """Measure a device, keep what it did if it never did better, and return the best, in FLOP/s.

    The precision is what it computes in. Other work beside only ever slows it, so the greatest figure is the
    truest.
    """
    name, found = machine(device, precision), read()
    best = max(product(device, precision), found.get(name, 0.0))
    workspace().mkdir(parents=True, exist_ok=True)
    write_whole(workspace() / _FILE, json.dumps(found | {name: best}, indent=2).encode())
    return best


def product(device: "torch.device", precision: str) -> float:
    """Measure the pace of a large matrix product in "bf16" or "fp32", in FLOP/s."""
    import torch

    from pap_core.training.planning.timing import seconds

    side = _SIDES[device.type]
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(side, side, device=device, dtype=kind) for _ in range(2))
    return 2 * side**3 / min(seconds(lambda: left @ right, device, 0.3) for _ in range(3))


def _work(order: dict) -> dict:
    from accelerate import Accelerator

    device = Accelerator().device
    return {"flops": keep(device, computed_in(order["precision"], device.type))}


if __name__ == "__main__":
    answer(_work)
