"""Batch normalisation folded into the convolutions before it: the same output, sooner."""

import copy
from itertools import pairwise
from typing import TypeVar

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pap_core.model.backbone import InFp32

Network = TypeVar("Network", bound=nn.Module)


def fold(network: Network) -> Network:
    """Return a copy of a network in evaluation mode whose convolutions do what its norms did after them.

    Expects of the network what holds of all in this package: of two neighbours among the children of a
    module, a convolution and a norm, the norm sees what the convolution says and nothing else does.
    """
    folded = copy.deepcopy(network)
    for parent in list(folded.modules()):
        for (name, layer), (after, norm) in pairwise(list(parent.named_children())):
            holder, place = (layer, "layer") if isinstance(layer, InFp32) else (parent, name)
            conv = getattr(holder, place)
            if isinstance(norm, nn.BatchNorm2d) and isinstance(conv, nn.Conv2d | nn.ConvTranspose2d):
                transposed = isinstance(conv, nn.ConvTranspose2d)
                setattr(holder, place, fuse_conv_bn_eval(conv, norm, transposed))
                # timm's norms end with the activation
                setattr(parent, after, getattr(norm, "act", nn.Identity()))
    return folded.eval()
