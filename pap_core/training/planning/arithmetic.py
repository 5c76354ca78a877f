"""The floating point operations of a forward and a backward pass, counted."""

from torch import ops
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count


def counter() -> FlopCounterMode:
    """Return a context that counts what runs in it; ``get_total_flops()`` tells.

    torch's own count of the backward pass of a layer in groups (2.14) is too great: of a depthwise one, by
    about half its number of channels.
    """
    return FlopCounterMode(display=False, custom_mapping={ops.aten.convolution_backward: _backward})


def _backward(out_grad, inputs, weight, _bias, _stride, _padding, _dilation, transposed, *rest, **_) -> int:
    """Count a convolution's backward pass: for its input and for its weight as many as forward each."""
    _output_padding, _groups, output_mask = rest
    return sum(output_mask[:2]) * conv_flop_count(inputs, weight, out_grad, transposed)
