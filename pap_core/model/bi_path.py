"""A network of two paths, one fine and one coarse, fused (as BiSeNet, Yu et al. 2018)."""

import torch
import torch.nn.functional as F
from torch import nn

from pap_core.model.generator import ColourNetwork
from pap_core.settings.networks import GeneratorConfig


class BiPath(ColourNetwork):
    """The fine path keeps a quarter of the resolution, the coarse one sees the whole cell; both decide."""

    def __init__(self, config: GeneratorConfig):
        super().__init__(config)
        width = config.width
        self.fine = nn.Sequential(_block(3, width, 2), _block(width, width, 1), _block(width, 2 * width, 2))
        self.coarse = nn.Sequential(
            _block(3, width, 2),
            *(_block(width * before, width * after, 2) for before, after in ((1, 2), (2, 4), (4, 4))),
            _block(4 * width, 8 * width, 2),
        )
        self.context = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(8 * width, 8 * width, 1), nn.Sigmoid()
        )
        self.narrow = nn.Conv2d(8 * width, 2 * width, 1)
        self.fuse = nn.Sequential(_block(4 * width, 2 * width, 1), nn.Dropout2d(config.dropout))
        self.last = nn.Conv2d(2 * width, 3, 1)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return what the last layer says."""
        fine, coarse = self.fine(image), self.coarse(image)
        coarse = self.narrow(coarse * self.context(coarse))
        coarse = F.interpolate(coarse, size=fine.shape[-2:], mode="bilinear")
        fused = self.fuse(torch.cat([fine, coarse], dim=1))
        return F.interpolate(self.last(fused), size=image.shape[-2:], mode="bilinear")


def _block(incoming: int, outgoing: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(incoming, outgoing, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(outgoing),
        nn.ReLU(),
    )
