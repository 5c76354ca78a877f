"""Gradients of an update, accumulated over micro-batches where the memory is too small for all at once."""

from collections.abc import Callable
from contextlib import nullcontext

import torch

from pap_core.model import memory
from pap_core.training.losses import Batch
from pap_core.training.share import micro_batches
from pap_core.training.whole_batch import WholeBatch

Values = dict[str, torch.Tensor]  # losses by name, on the device


class Accumulation:
    """In how many micro-batches this process takes its share of a batch: one, until that is too much.

    Gradients add up from one backward to the next, as torch does it. Accelerate's `accumulate` would weigh
    micro-batches of different sizes alike, and its `find_executable_batch_size` knows only one of the errors
    by which a CPU's libraries say that memory is short.
    """

    def __init__(self, process: int, processes: int):
        """
        Args:
            process: this one's number among those that share a batch.
            processes: how many do.
        """
        self.process, self.processes = process, processes
        self.micro_batches = 1
        self.notes: list[str] = []  # what people should hear of, not yet told

    def backward(
        self, adam: torch.optim.Optimizer, batch: Batch, gradients: Callable[[Batch], Values], step: int
    ) -> Values:
        """Accumulate an update's gradients, in more and smaller micro-batches until the memory is enough.

        Args:
            adam: of the weights that get the gradients; the ones before are dropped.
            batch: this process's share.
            gradients: runs forward and backward on a micro-batch, and returns its weighted losses.
            step: the number of the update, from 0.

        Returns:
            The losses of the share.

        Raises:
            InputError: the memory is too small for the smallest micro-batch.
        """
        examples, before = len(batch.images), self.micro_batches
        while True:
            try:
                losses = self._once(adam, batch, gradients)
                break
            except (RuntimeError, MemoryError) as error:
                if not memory.is_short(error):
                    raise
            memory.release()  # only here is all let go that the failed attempt held
            self.micro_batches = memory.more_micro_batches(examples, self.micro_batches, self.processes)
        if self.micro_batches != before:
            self.notes.append(
                f"Out of memory at step {step + 1}: its {examples} crops are taken in {self.micro_batches} "
                "parts from now on, one after the other; batch norm takes its means over a part."
            )
        return losses

    def _once(
        self, adam: torch.optim.Optimizer, batch: Batch, gradients: Callable[[Batch], Values]
    ) -> Values:
        losses: Values = {}
        adam.zero_grad()
        for micro in micro_batches(len(batch.images), self.micro_batches, self.process, self.processes):
            with nullcontext() if micro.whole else WholeBatch(micro):
                found = gradients(batch.micro_batch(micro.rows, micro.weight))
            for name, loss in found.items():
                losses[name] = losses.get(name, 0.0) + loss.detach()
        return losses
