"""A part of a batch, run through a network as it would run within the whole batch."""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from pap_core.errors import InputError
from pap_core.labels import IGNORE


@dataclass(frozen=True)
class Part:
    """Which of an update's examples run at once, here."""

    rows: slice  # of the examples that this process has
    examples: int  # that this process has
    parts: int = 1  # that it takes them in, one after the other
    process: int = 0
    processes: int = 1  # which have as many each

    @property
    def weight(self) -> float:
        """What share of this process's examples it is."""
        return (self.rows.stop - self.rows.start) / self.examples

    @property
    def whole(self) -> bool:
        """Whether it is the whole batch."""
        return self.parts == self.processes == 1

    @property
    def last(self) -> bool:
        """Whether this process has no other part to follow."""
        return self.rows.stop == self.examples


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


def parts_of(examples: int, parts: int, process: int, processes: int) -> list[Part]:
    """Cut a process's examples into parts of nearly one size."""
    bounds = [number * examples // parts for number in range(parts + 1)]
    return [Part(slice(start, stop), examples, parts, process, processes) for start, stop in pairwise(bounds)]


def cross_entropy(logits: torch.Tensor, labels: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """A part's term of `objective.cross_entropy`: parts know different numbers of pixels, perhaps none.

    Args:
        logits: ``(N, 3, H, W)`` of the classes.
        labels: ``(N, H, W)`` uint8.
        pixels: how many of all parts' are known.
    """
    return F.cross_entropy(logits.float(), labels.long(), ignore_index=IGNORE, reduction="sum") / pixels


class Share(TorchFunctionMode):
    """Within it, dropout and batch norm of any network do for a part what they would do for the whole batch.

    Dropout draws the mask of the whole batch and takes the part's rows. Batch norm in training takes its
    means over the parts that all processes run at this moment, so that the batch may be spread over processes
    without a change. Parts that run one after the other cannot know each other's means: there each has its
    own, and moves the running ones by so much less.

    The networks stay as they are, and so do their weights' names.
    """

    def __init__(self, part: Part, remember: bool = True):
        """
        Args:
            part: what runs.
            remember: move batch norm's running means; False for a forward that will be repeated.
        """
        super().__init__()
        self.part, self.remember = part, remember

    def __torch_function__(self, func, types, args=(), kwargs=None):
        replaced = {F.dropout: self._dropout, F.batch_norm: self._batch_norm}
        return replaced.get(func, func)(*args, **(kwargs or {}))

    def _dropout(self, features, p=0.5, training=True, inplace=False):
        part = self.part
        if not training or part.whole:
            return F.dropout(features, p, training, inplace)
        ones = features.new_ones(part.examples * part.processes, *features.shape[1:])
        # the order in memory is the order in which chances are drawn
        if features.dim() == 4 and features.is_contiguous(memory_format=torch.channels_last):
            ones = ones.contiguous(memory_format=torch.channels_last)
        before = part.process * part.examples
        return features * F.dropout(ones, p)[before + part.rows.start : before + part.rows.stop]

    def _batch_norm(
        self, features, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
    ):
        if training and not self.remember:
            mean = variance = None
        if training and self.part.parts > 1:
            momentum = 1 - (1 - momentum) ** (1 / self.part.parts)
        if training and self.part.processes > 1:
            return _shared_batch_norm(
                features, mean, variance, weight, bias, momentum, eps, self.part.processes
            )
        return F.batch_norm(features, mean, variance, weight, bias, training, momentum, eps)


def _shared_batch_norm(features, running_mean, running_variance, weight, bias, momentum, eps, processes):
    """Batch norm over all processes' examples, equally many each.

    torch.nn.SyncBatchNorm is for GPUs alone; this runs anywhere, so that what is tested is what runs.
    """
    values = features.float()
    count = values.numel() // values.shape[1] * processes
    mean = _Total.apply(values.sum(dim=(0, 2, 3))) / count
    centred = values - mean[:, None, None]
    variance = _Total.apply(centred.square().sum(dim=(0, 2, 3))) / count
    if running_mean is not None:
        with torch.no_grad():
            running_mean.lerp_(mean, momentum)
            running_variance.lerp_(variance * (count / max(count - 1, 1)), momentum)
    scale = torch.rsqrt(variance + eps)
    if weight is not None:
        scale = scale * weight
    result = centred * scale[:, None, None]
    if bias is not None:
        result = result + bias[:, None, None]
    return result.to(features.dtype)


class _Total(torch.autograd.Function):
    """The sum over all processes. Each one's loss hangs on it, so its gradient is their gradients' sum."""

    @staticmethod
    def forward(context, value):
        total = value.clone()
        torch.distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(context, gradient):
        total = gradient.clone()
        torch.distributed.all_reduce(total)
        return total
