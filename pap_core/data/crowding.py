"""Crowding: a single cell gets neighbours, as cells of a smear have."""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torchvision.transforms.v2.functional import gaussian_blur

from pap_core.labels import BACKGROUND, CYTOPLASM, NUCLEUS

MOST = 3  # neighbours of one cell
_SIZES = (0.6, 1.2)  # factor on the neighbour's size
_DISTANCES = (0.6, 1.05)  # of the centres, as a share of the side
_LEAST_GROUND = 0.02  # share of a picture that must be background, to know the light there


def crowd(image: torch.Tensor, neighbours: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
    """Lay other cells beside a cell and over its edge, by torch's global random state.

    Two cells over one another pass the product of the light that each would pass (Beer and Lambert), so
    that an overlap looks as it does under a microscope. The label of the crop stays: the cell in the middle
    is asked for, and all others are background, as in data sets of single cells.

    Args:
        image: ``(3, S, S)`` uint8.
        neighbours: crops of other cells, ``(3, S, S)`` uint8, each with its label map, ``(S, S)`` uint8.

    Returns:
        ``(3, S, S)`` uint8.
    """
    passed = torch.ones(1)
    for other, truth in neighbours:
        size, turn, place, distance, flip = torch.rand(5).tolist()
        alone = _transmission(other, truth)
        if alone is None:
            continue
        density = -torch.log(alone.flip(-1) if flip < 0.5 else alone)
        angle, direction = 2 * math.pi * turn, 2 * math.pi * place
        factor = 1 / (_SIZES[0] + (_SIZES[1] - _SIZES[0]) * size)
        away = 2 * (_DISTANCES[0] + (_DISTANCES[1] - _DISTANCES[0]) * distance)  # the side is 2 here
        turned = factor * torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        moved = turned @ torch.tensor([[away * math.cos(direction)], [away * math.sin(direction)]])
        grid = F.affine_grid(torch.cat([turned, -moved], dim=1)[None], [1, *density.shape], False)
        density = F.grid_sample(density[None], grid, padding_mode="zeros", align_corners=False)[0]
        passed = passed * torch.exp(-density)
    return (image * passed).round().to(torch.uint8)


def _transmission(image: torch.Tensor, label: torch.Tensor) -> torch.Tensor | None:
    """Return the share of the light that a cell lets pass, ``(3, S, S)``, 1 beside it.

    None where there is too little background to know the light.
    """
    ground = label == BACKGROUND
    if ground.float().mean() < _LEAST_GROUND:
        return None
    light = image[:, ground].float().median(dim=1).values.clamp(min=1)
    cell = ((label == CYTOPLASM) | (label == NUCLEUS)).float()[None]
    inside = gaussian_blur(cell, [7, 7], [1.5, 1.5])
    passed = (image.float() / light[:, None, None]).clamp(1 / 255, 1)
    return torch.exp(inside * torch.log(passed))
