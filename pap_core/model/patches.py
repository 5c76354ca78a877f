"""Classifiers of patches: each says the class of its patch's middle, and sees nothing else."""

import torch
import torch.nn.functional as F
from torch import nn

from pap_core.model.generator import ColourNetwork
from pap_core.settings.networks import GeneratorConfig

_STEP = 4  # px between the middles of patches
# kernels at strides 2 and 4, then at the patches' own step
_LAYERS = {
    "patches": ((5, 5), (5, 3)),  # a LeNet: a patch of 37 px
    "convnet": ((3, 3, 3), (3, 3, 3, 3, 3, 3, 3, 3)),  # 13 layers: a patch of 79 px
}


class PatchClassifier(ColourNetwork):
    """Runs over all patches at once, as a convolution: the same as one by one, without doing it twice."""

    def __init__(self, config: GeneratorConfig):
        super().__init__(config)
        first, rest = _LAYERS[config.network]
        width = config.width
        layers: list[nn.Module] = []
        incoming = 3
        for number, kernel in enumerate(first):
            stride = 2 if number < 2 else 1
            layers += _convolution(incoming, width, kernel, stride)
            incoming = width
        for kernel in rest:
            layers += _convolution(incoming, 2 * width, kernel, 1)
            incoming = 2 * width
        layers += _convolution(incoming, 4 * width, 1, 1)
        self.layers = nn.Sequential(*layers, nn.Dropout2d(config.dropout), nn.Conv2d(4 * width, 3, 1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return what the last layer says; between the middles of patches, what lies between their scores."""
        return F.interpolate(self.layers(image), scale_factor=_STEP, mode="bilinear")


def _convolution(incoming: int, outgoing: int, kernel: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(incoming, outgoing, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outgoing),
        nn.ReLU(),
    ]
