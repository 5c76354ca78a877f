"""The mean losses since the curve's last row, which a run that stops between two rows takes along."""

import time

import torch
from accelerate import Accelerator


class MeanLosses:
    """Sums of losses over steps, kept on the device; only `read` waits for it."""

    def __init__(self, accelerator: Accelerator):
        self.accelerator = accelerator
        self._clear()

    def _clear(self) -> None:
        self.sums: dict[str, torch.Tensor] = {}
        self.steps = 0
        self._seconds = 0.0  # of earlier processes
        self.start_clock()

    def start_clock(self) -> None:
        """Count the time from now on."""
        self._began = time.monotonic()

    def add(self, losses: dict[str, torch.Tensor]) -> None:
        """Add the losses of a step, scalars on the device."""
        self.sums = {name: self.sums.get(name, 0) + value for name, value in losses.items()}
        self.steps += 1

    @property
    def seconds(self) -> float:
        """How long the steps took."""
        return self._seconds + time.monotonic() - self._began

    def read(self) -> dict[str, float]:
        """Return the means over steps and processes; all processes call it together."""
        together = self.accelerator.reduce(torch.stack(list(self.sums.values())), "mean")
        self.sums = dict(zip(self.sums, together, strict=True))
        return {name: value / self.steps for name, value in zip(self.sums, together.tolist(), strict=True)}

    def take(self) -> tuple[dict[str, float], float]:
        """Return the means and the pace in steps per second, and begin again."""
        means, pace = self.read(), self.steps / self.seconds
        self._clear()
        return means, pace

    def state_dict(self) -> dict:
        """Return the sums for a resume; after `read`, where several processes have a share each."""
        sums = {name: value.item() for name, value in self.sums.items()}
        # right after a row no time has passed but that of validating and saving, which is no step's
        return {"sums": sums, "steps": self.steps, "seconds": self.seconds if self.steps else 0.0}

    def load_state_dict(self, state: dict) -> None:
        """Go back to a state returned by `state_dict`."""
        device = self.accelerator.device
        self.sums = {name: torch.tensor(value, device=device) for name, value in state["sums"].items()}
        self.steps, self._seconds = state["steps"], state["seconds"]
        self.start_clock()
