"""The discriminator: judges patches of the pair (image, colour map) as drawn by an expert or generated."""

from dataclasses import dataclass

import torch
from torch import nn

from pap_core.settings import bounds

RANGES: dict[str, bounds.Range] = {"layers": (1, 8), "width": (1, 1024), "kernel": (2, 16)}

_MAX_FACTOR = 8


@dataclass(frozen=True)
class DiscriminatorConfig:
    """What rebuilds a discriminator."""

    layers: int = 6  # C64-C128-C256-C512-C512-C512; 4 with kernel 4 is the 70 × 70 PatchGAN
    width: int = 64  # channels of the first layer
    kernel: int = 6  # px, even

    def faults(self) -> list[str]:
        """Say of each setting that cannot be built what is wrong with it; nothing where all can be."""
        return bounds.faults("discriminator", self, RANGES, {})


class Discriminator(nn.Module):
    """Image and colour map, each ``(N, 3, S, S)`` in [-1, 1], to patch logits ``(N, 1, P, P)``.

    As with Isola et al., the last Ck has stride 1: that is what gives the paper's layers a receptive
    field of 476 px, and the four 4 × 4 ones their 70.
    """

    def __init__(self, config: DiscriminatorConfig | None = None):
        super().__init__()
        self.config = config = config or DiscriminatorConfig()
        padding = config.kernel // 2 - 1
        layers: list[nn.Module] = []
        incoming = 6
        for layer in range(config.layers):
            outgoing = config.width * min(2**layer, _MAX_FACTOR)
            stride = 1 if layer == config.layers - 1 else 2
            norm = layer > 0
            layers.append(nn.Conv2d(incoming, outgoing, config.kernel, stride, padding, bias=not norm))
            if norm:
                layers.append(nn.BatchNorm2d(outgoing))
            layers.append(nn.LeakyReLU(0.2))
            incoming = outgoing
        layers.append(nn.Conv2d(incoming, 1, config.kernel, padding=padding))
        self.patches = nn.Sequential(*layers)

    def forward(self, image: torch.Tensor, colours: torch.Tensor) -> torch.Tensor:
        """Return the logits: above 0 for a patch taken for an expert's."""
        return self.patches(torch.cat([image, colours], dim=1))

    @property
    def receptive_field(self) -> int:
        """Side of the square of input pixels that one logit sees."""
        field, jump = 1, 1
        for module in self.patches:
            if isinstance(module, nn.Conv2d):
                field += (module.kernel_size[0] - 1) * jump
                jump *= module.stride[0]
        return field
