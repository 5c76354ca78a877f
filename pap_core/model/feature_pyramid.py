"""EfficientNet with a feature pyramid (Tan and Le 2019; Lin et al. 2017; Kirillov et al. 2019)."""

import torch
from segmentation_models_pytorch.base import SegmentationHead
from segmentation_models_pytorch.decoders.fpn.decoder import FPNDecoder

from pap_core.model.backbone import CHANNELS, EfficientNetLite0
from pap_core.model.generator import ColourNetwork
from pap_core.settings.networks import GeneratorConfig

_STRIDE = 4  # of what the decoder says


class FeaturePyramid(ColourNetwork):
    """The encoder of `pap_core.model.backbone`, and the decoder and head of segmentation_models_pytorch."""

    def __init__(self, config: GeneratorConfig):
        super().__init__(config)
        self.encoder = EfficientNetLite0()
        self.decoder = FPNDecoder(
            encoder_channels=[3, *CHANNELS],
            pyramid_channels=4 * config.width,
            segmentation_channels=2 * config.width,
            dropout=config.dropout,
        )
        self.head = SegmentationHead(self.decoder.out_channels, 3, upsampling=_STRIDE)

    def load_imagenet(self) -> None:
        """Take the encoder's weights."""
        self.encoder.load_imagenet()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return what the last layer says."""
        return self.head(self.decoder(self.encoder(image)))
