"""Which examples of a batch a process takes, and in which micro-batches it runs them."""

from dataclasses import dataclass
from itertools import pairwise

from pap_core.errors import InputError


@dataclass(frozen=True)
class MicroBatch:
    """Which of an update's examples run at once, here."""

    rows: slice  # of the examples that this process has
    examples: int  # that this process has
    count: int = 1  # micro-batches in which it takes them, one after the other
    process: int = 0
    processes: int = 1  # which have as many examples each

    @property
    def weight(self) -> float:
        """What share of this process's examples it is."""
        return (self.rows.stop - self.rows.start) / self.examples

    @property
    def whole(self) -> bool:
        """Whether it is the whole batch."""
        return self.count == self.processes == 1


def share_out(batch: int, process: int, processes: int) -> range:
    """Return which examples of each batch are a process's.

    Raises:
        InputError: the processes cannot have equally many.

    >>> share_out(8, 1, 4)
    range(2, 4)
    """
    if batch % processes:
        raise InputError(
            f"training configuration: a batch of {batch} cannot be shared evenly by {processes} processes; "
            f"set batch to a multiple of {processes}, or start fewer processes."
        )
    each = batch // processes
    return range(process * each, (process + 1) * each)


def micro_batches(examples: int, count: int, process: int = 0, processes: int = 1) -> list[MicroBatch]:
    """Cut a process's examples into micro-batches of nearly one size.

    >>> [one.rows for one in micro_batches(5, 2)]
    [slice(0, 2, None), slice(2, 5, None)]
    """
    bounds = [number * examples // count for number in range(count + 1)]
    rows = [slice(start, stop) for start, stop in pairwise(bounds)]
    return [MicroBatch(one, examples, count, process, processes) for one in rows]
