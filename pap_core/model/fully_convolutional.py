"""FCN-8 and FCN-16 (Long, Shelhamer, Darrell 2015): a VGG whose coarse scores are refined by finer ones."""

from itertools import chain

import torch
import torch.nn.functional as F
from torch import nn
from torchvision.models.vgg import make_layers

from pap_core.model.generator import ColourNetwork
from pap_core.settings.networks import GeneratorConfig

_CONVOLUTIONS = (2, 2, 3, 3, 3)  # before each of VGG-16's five poolings
_FINEST = {"fcn8": 3, "fcn16": 4}  # the pooling whose scores refine last: strides 8 and 16
_MAX_FACTOR = 8


class FullyConvolutional(ColourNetwork):
    """VGG-16's stages, `width` channels wide at first where VGG has 64, scored after the last poolings."""

    def __init__(self, config: GeneratorConfig):
        super().__init__(config)
        widths = [config.width * min(2**stage, _MAX_FACTOR) for stage in range(5)]
        layers = [
            [width] * convolutions + ["M"] for width, convolutions in zip(widths, _CONVOLUTIONS, strict=True)
        ]
        self.stages, stage = nn.ModuleList(), nn.Sequential()
        for layer in make_layers(list(chain(*layers)), batch_norm=True):
            stage.append(layer)
            if isinstance(layer, nn.MaxPool2d):
                self.stages.append(stage)
                stage = nn.Sequential()
        self.dropout = nn.Dropout2d(config.dropout)
        finest = _FINEST[config.network]
        self.scores = nn.ModuleDict(
            {str(stage): nn.Conv2d(widths[stage - 1], 3, 1) for stage in range(finest, 6)}
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return what the last layer says."""
        pooled: list[torch.Tensor] = []
        features = image
        for stage in self.stages:
            features = stage(features)
            pooled.append(features)
        pooled[-1] = self.dropout(pooled[-1])
        coarsest, *finer = sorted(self.scores, reverse=True)
        total = self.scores[coarsest](pooled[int(coarsest) - 1])
        for number in finer:
            score = self.scores[number](pooled[int(number) - 1])
            total = score + F.interpolate(total, size=score.shape[-2:], mode="bilinear")
        return F.interpolate(total, size=image.shape[-2:], mode="bilinear")
