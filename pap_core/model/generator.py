"""The generator: a U-Net from a cell image to its colour semantic map (the paper; Isola et al. 2017)."""

import numpy as np
import torch
from torch import nn

from pap_core.labels import PALETTE
from pap_core.model import objective
from pap_core.model.backbone import CHANNELS, EfficientNetLite0
from pap_core.settings.networks import GeneratorConfig

_MAX_FACTOR = 8  # channels double a level, up to 8 × width
_DROPOUT_BLOCKS = 3  # the decoder's first three blocks


class ColourNetwork(nn.Module):
    """What any network here does: image ``(N, 3, S, S)`` in [-1, 1] to colour map of the same shape.

    ``forward`` returns what the last layer says: RGB before tanh, or with head "palette" the class logits.
    """

    palette: torch.Tensor  # (3, 3) colours of the classes in [-1, 1]

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        palette = torch.tensor(PALETTE / 127.5 - 1, dtype=torch.float32)
        self.register_buffer("palette", palette, persistent=False)

    def initialise(self) -> None:
        """Draw the weights to begin with; where a network does not say otherwise, its layers have done so."""

    def load_imagenet(self) -> None:
        """Take ImageNet weights for the part that has such."""
        raise NotImplementedError(f"{self.config.network}: has no part with ImageNet weights")

    def generate(self, image: torch.Tensor) -> torch.Tensor:
        """Return the colour map."""
        return self.colours(self(image))

    def colours(self, raw: torch.Tensor) -> torch.Tensor:
        """Turn the last layer's output into colours.

        The three class colours lie at equal distances from one another, so with head "palette" the
        nearest colour to the mixture is the most probable class: map and classes are one thing.
        """
        if self.config.head == "colour":
            return torch.tanh(raw.float())
        return torch.einsum("nkhw,kc->nchw", raw.float().softmax(dim=1), self.palette)


class Generator(ColourNetwork):
    """The paper's generator, a U-Net.

    The side S of its images is a multiple of ``2 ** levels``. Encoder C64-C128-C256-C512-…, decoder
    CD512-CD512-CD512-C512-…-C64 with skips between mirrored levels (the paper, SPEC section 4).
    """

    def __init__(self, config: GeneratorConfig | None = None):
        config = config or GeneratorConfig()
        super().__init__(config)
        transposed = config.last == "transposed"
        self.encoder: _Encoder | EfficientNetLite0
        if config.encoder == "pix2pix":
            channels = [config.width * min(2**level, _MAX_FACTOR) for level in range(config.levels)]
            self.encoder = _Encoder(channels, config.kernel, norm_innermost=not transposed)
            outputs = channels[-2::-1] if transposed else channels[::-1]
            self.activation: nn.Module = nn.ReLU()
        else:
            channels = list(CHANNELS)
            self.encoder = EfficientNetLite0()
            outputs = [config.width * factor for factor in (8, 4, 2, 1)]
            self.activation = nn.LeakyReLU(0.2)  # its features are linear: half of what they say is negative

        self.decoder = nn.ModuleList()
        incoming, skips = channels[-1], channels[-2::-1]
        for block, outgoing in enumerate(outputs):
            dropout = config.dropout if block < _DROPOUT_BLOCKS else 0.0
            self.decoder.append(_up(incoming, outgoing, config.kernel, dropout))
            incoming = outgoing + (skips[block] if block < len(skips) else 0)

        half = config.kernel // 2
        if transposed:
            self.last: nn.Module = nn.ConvTranspose2d(incoming, 3, config.kernel, stride=2, padding=half - 1)
        else:
            self.last = nn.Sequential(
                nn.ZeroPad2d((half - 1, half, half - 1, half)), nn.Conv2d(incoming, 3, config.kernel)
            )

    def initialise(self) -> None:
        """Draw the weights as Isola et al. do."""
        self.apply(objective.initialise)

    def load_imagenet(self) -> None:
        """Take the ready encoder's weights."""
        if not isinstance(self.encoder, EfficientNetLite0):
            super().load_imagenet()  # which refuses
            return
        self.encoder.load_imagenet()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return what the last layer says."""
        *skips, features = self.encoder(image)
        for up in self.decoder:
            features = up(self.activation(features))
            if skips:
                features = torch.cat([features, skips.pop()], dim=1)
        return self.last(self.activation(features))


class _Encoder(nn.ModuleList):
    """Ck blocks with stride 2; returns what each level says, finest first."""

    def __init__(self, channels: list[int], kernel: int, norm_innermost: bool):
        super().__init__()
        incoming = 3
        for level, outgoing in enumerate(channels):
            # Isola's innermost level is one pixel: no spread to normalise by
            norm = level > 0 and (norm_innermost or level < len(channels) - 1)
            self.append(_down(incoming, outgoing, kernel, norm))
            incoming = outgoing

    def forward(self, features: torch.Tensor) -> list[torch.Tensor]:
        levels = []
        for down in self:
            features = down(features)
            levels.append(features)
        return levels


def _down(incoming: int, outgoing: int, kernel: int, norm: bool) -> nn.Sequential:
    first = incoming == 3
    layers: list[nn.Module] = [] if first else [nn.LeakyReLU(0.2)]
    layers.append(nn.Conv2d(incoming, outgoing, kernel, stride=2, padding=kernel // 2 - 1, bias=not norm))
    if norm:
        layers.append(nn.BatchNorm2d(outgoing))
    return nn.Sequential(*layers)


def _up(incoming: int, outgoing: int, kernel: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(incoming, outgoing, kernel, stride=2, padding=kernel // 2 - 1, bias=False),
        nn.BatchNorm2d(outgoing),
    ]
    if dropout:
        layers.append(nn.Dropout(dropout))
    return nn.Sequential(*layers)


def to_pixels(colours: torch.Tensor) -> np.ndarray:
    """Turn ``(N, 3, H, W)`` in [-1, 1] into ``(N, H, W, 3)`` uint8."""
    return ((colours + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
