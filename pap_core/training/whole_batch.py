"""Dropout and batch norm of a micro-batch as they would be within the whole batch."""

import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from pap_core.training.share import MicroBatch


class WholeBatch(TorchFunctionMode):
    """Within it, dropout and batch norm of any network do for a micro-batch what they do for the whole batch.

    Dropout draws the mask of the whole batch and takes the micro-batch's rows. Batch norm in training takes
    its means over the examples that all processes run at this moment, so that the batch may be spread over
    processes without a change. Micro-batches that run one after the other cannot know each other's means:
    there each has its own, and moves the running ones by so much less. A forward without gradients does not
    move them, for it is repeated with gradients.

    The networks stay as they are, and so do their weights' names.
    """

    def __init__(self, micro_batch: MicroBatch):
        super().__init__()
        self.micro_batch = micro_batch

    def __torch_function__(self, func, types, args=(), kwargs=None):
        replaced = {F.dropout: self._dropout, F.batch_norm: self._batch_norm}
        return replaced.get(func, func)(*args, **(kwargs or {}))

    def _dropout(self, features, p=0.5, training=True, inplace=False):
        micro = self.micro_batch
        if not training or micro.whole:
            return F.dropout(features, p, training, inplace)
        ones = features.new_ones(micro.examples * micro.processes, *features.shape[1:])
        # the order in memory is the order in which chances are drawn
        if features.dim() == 4 and features.is_contiguous(memory_format=torch.channels_last):
            ones = ones.contiguous(memory_format=torch.channels_last)
        before = micro.process * micro.examples
        return features * F.dropout(ones, p)[before + micro.rows.start : before + micro.rows.stop]

    def _batch_norm(
        self, features, mean, variance, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5
    ):
        micro = self.micro_batch
        if training and not torch.is_grad_enabled():
            mean = variance = None
        if training and micro.count > 1:
            momentum = 1 - (1 - momentum) ** (1 / micro.count)
        if training and micro.processes > 1:
            return _shared_batch_norm(features, mean, variance, weight, bias, momentum, eps, micro.processes)
        return F.batch_norm(features, mean, variance, weight, bias, training, momentum, eps)


def _shared_batch_norm(features, running_mean, running_variance, weight, bias, momentum, eps, processes):
    """Batch norm over all processes' examples, equally many each.

    torch.nn.SyncBatchNorm refuses tensors on a CPU; this runs anywhere, so that what is tested is what runs.

    Args:
        features: ``(N, C, H, W)`` of this process.
        running_mean: ``(C,)``, moved by `momentum` as `running_variance`; None to leave both alone.
        weight: ``(C,)`` or None, as `bias`.
        processes: how many share the batch.
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
