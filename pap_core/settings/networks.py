"""What rebuilds the networks: their sizes and kinds, each in its range."""

from dataclasses import dataclass

from pap_core.settings import bounds

NETWORKS = ("unet", "fpn", "fcn8", "fcn16", "bi_path", "patches", "convnet", "star")
_DECODERS = "segmentation_models_pytorch"
NEEDS = {"fpn": (_DECODERS,), "star": (_DECODERS, "stardist")}  # see `pap_core.extras`
GENERATOR_RANGES: dict[str, bounds.Range] = {
    "levels": (1, 8),  # a crop of 256 px cannot be halved more often
    "width": (1, 1024),
    "kernel": (2, 16),
    "dropout": (0.0, 1.0),
}
GENERATOR_CHOICES = {
    "encoder": ("pix2pix", "efficientnet_lite0"),
    "last": ("convolution", "transposed"),
    "head": ("colour", "palette"),
    "network": NETWORKS,
}

DISCRIMINATOR_RANGES: dict[str, bounds.Range] = {"layers": (1, 8), "width": (1, 1024), "kernel": (2, 16)}


@dataclass(frozen=True)
class GeneratorConfig:
    """What rebuilds a generator."""

    encoder: str = "pix2pix"  # or "efficientnet_lite0", which fixes the levels at 5
    levels: int = 7  # stride-2 encoder steps
    width: int = 64  # channels of the first level
    kernel: int = 6  # px, even
    last: str = "convolution"  # after as many decoder blocks as levels; "transposed" replaces the last block
    head: str = "colour"  # tanh RGB; "palette" mixes the class colours by a softmax over classes
    dropout: float = 0.5  # in the decoder's first three blocks
    network: str = "unet"  # this one, or one of `pap_core.model.networks`, which has width and dropout alone

    def faults(self) -> list[str]:
        """Say of each setting that cannot be built what is wrong with it; nothing where all can be."""
        return bounds.faults("generator", self, GENERATOR_RANGES, GENERATOR_CHOICES)


@dataclass(frozen=True)
class DiscriminatorConfig:
    """What rebuilds a discriminator."""

    layers: int = 6  # C64-C128-C256-C512-C512-C512; 4 with kernel 4 is the 70 × 70 PatchGAN
    width: int = 64  # channels of the first layer
    kernel: int = 6  # px, even

    def faults(self) -> list[str]:
        """Say of each setting that cannot be built what is wrong with it; nothing where all can be."""
        return bounds.faults("discriminator", self, DISCRIMINATOR_RANGES, {})
