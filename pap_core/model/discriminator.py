"""The discriminator: judges patches of the pair (image, colour map) as drawn by an expert or generated."""

import torch
from torch import nn

from pap_core.settings.networks import DiscriminatorConfig

_MAX_FACTOR = 8


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
