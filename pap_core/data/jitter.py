"""Jitter: the same bend for image and label, then stain, focus and camera changes for the image alone."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torchvision import tv_tensors
from torchvision.transforms import v2

from pap_core.data.crowding import crowd
from pap_core.settings.jitter import JitterConfig


class Jitter(torch.nn.Module):
    """Turn one crop and its label into one training example, by torch's global random state."""

    def __init__(self, config: JitterConfig):
        super().__init__()
        self.crowding = config.crowding
        geometry: list[torch.nn.Module] = [Bend(config.rotation, config.zoom, config.shift)]
        if config.flip:
            geometry += [v2.RandomHorizontalFlip(), v2.RandomVerticalFlip()]
        self.geometry = v2.Compose(geometry)

        look: list[torch.nn.Module] = [v2.ToDtype(torch.float32, scale=True)]
        if config.colour:
            look += [Stain(config.colour), v2.RandomGrayscale(0.1 * config.colour)]
        if config.blur:
            look.append(v2.RandomApply([v2.GaussianBlur(9, (min(0.1, config.blur), config.blur))], p=0.5))
        if config.noise:
            look.append(Noise(config.noise / 255))
        self.look = v2.Compose(look)

    def forward(
        self,
        image: torch.Tensor,
        label: torch.Tensor,
        neighbours: Sequence[tuple[torch.Tensor, torch.Tensor]] = (),
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Jitter ``(3, S, S)`` uint8 and ``(S, S)`` uint8 into float32 in [-1, 1] and uint8.

        Args:
            image: the crop.
            label: its label map.
            neighbours: crops and labels of cells to lay beside it; see `crowd`.
        """
        if neighbours:
            image = crowd(image, neighbours)
        image, label = self.geometry(tv_tensors.Image(image), tv_tensors.Mask(label[None]))
        pixels = self.look(image).as_subclass(torch.Tensor)
        return pixels * 2 - 1, label.as_subclass(torch.Tensor)[0]


class Bend(v2.Transform):
    """Rotate, zoom and shift image and label together, the label by nearest neighbour.

    What a turn or a zoom brings in from beyond the crop mirrors what lies within, label included: a
    neighbour, as crowded smears have them. That is why this is not v2.RandomAffine, which fills.
    """

    def __init__(self, rotation: float, zoom: tuple[float, float], shift: float):
        super().__init__()
        self.rotation, self.zoom, self.shift = rotation, zoom, shift

    def make_params(self, flat_inputs: list) -> dict:
        """Return where in the crop each pixel of the example lies, the same for image and label."""
        shape = [1, 1, *flat_inputs[0].shape[-2:]]
        return {"places": F.affine_grid(self.draw(), shape, align_corners=False)}

    def draw(self) -> torch.Tensor:
        """Draw the map ``(1, 2, 3)`` from places in the example to places in the crop, both in [-1, 1]."""
        turn, size, *move = torch.rand(4).tolist()
        angle = math.radians(self.rotation) * (2 * turn - 1)
        smallest, largest = (math.log(factor) for factor in self.zoom)
        inverse = math.exp(-(smallest + (largest - smallest) * size))
        cos, sin = inverse * math.cos(angle), inverse * math.sin(angle)
        dx, dy = (2 * self.shift * (2 * share - 1) for share in move)
        return torch.tensor([[[cos, -sin, dx], [sin, cos, dy]]])

    def transform(self, inpt: torch.Tensor, params: dict) -> torch.Tensor:
        """Apply it to an image or a mask of uint8, ``(C, S, S)``."""
        pixels = inpt.as_subclass(torch.Tensor)[None].float()
        mode = "nearest" if isinstance(inpt, tv_tensors.Mask) else "bilinear"
        bent = F.grid_sample(pixels, params["places"], mode, padding_mode="reflection", align_corners=False)
        return tv_tensors.wrap(bent[0].round().to(torch.uint8), like=inpt)


class Stain(v2.Transform):
    """Change optical densities and the light, as another stain, slide, lamp or camera would.

    By Beer and Lambert a stain adds densities: each channel's own is scaled, and some of each leaks into
    the others.
    """

    def __init__(self, strength: float):
        super().__init__()
        self.strength = strength

    def make_params(self, flat_inputs: list) -> dict:
        """Draw the mixing of the densities and the tint of the light."""
        strength = self.strength
        own = torch.diag(torch.exp(0.2 * strength * torch.randn(3)))
        leak = 0.15 * strength * torch.randn(3, 3)
        leak.fill_diagonal_(0)
        overall = torch.exp(0.3 * strength * torch.randn(()))
        light = 0.1 * strength * torch.rand(3) + 0.1 * strength * torch.rand(())
        return {"mixing": overall * (own + leak), "light": light}

    def transform(self, inpt: torch.Tensor, params: dict) -> torch.Tensor:
        """Apply them to an image of float in [0, 1], ``(3, S, S)``."""
        passed = inpt.as_subclass(torch.Tensor)
        density = -torch.log(passed.clamp(min=1 / 255)).flatten(1)
        changed = params["mixing"] @ density + params["light"][:, None]
        return tv_tensors.wrap(torch.exp(-changed).clamp(0, 1).view_as(passed), like=inpt)


class Noise(v2.Transform):
    """Add a camera's noise of any strength up to the largest sigma."""

    def __init__(self, largest: float):
        super().__init__()
        self.largest = largest

    def transform(self, inpt: torch.Tensor, params: dict) -> torch.Tensor:
        """Apply it to an image of float in [0, 1]."""
        pixels = inpt.as_subclass(torch.Tensor)
        noisy = pixels + self.largest * torch.rand(()) * torch.randn_like(pixels)
        return tv_tensors.wrap(noisy.clamp(0, 1), like=inpt)
