"""Label maps as colour maps, the way a network sees them: in batches, on its device."""

import torch
import torch.nn.functional as F

from pap_core.labels import CYTOPLASM, GREY, NUCLEUS


def draw_targets(labels: torch.Tensor, border: int = 2) -> torch.Tensor:
    """Draw label maps just as `pap_core.labels.colour_map` does.

    Args:
        labels: ``(N, H, W)`` uint8 label maps. Pixels whose class is not known are grey.
        border: width of the black border in pixels, 0 for none.

    Returns:
        ``(N, 3, H, W)`` float32 in [-1, 1] on the device of `labels`.
    """
    cell = ((labels == CYTOPLASM) | (labels == NUCLEUS)).unsqueeze(1)
    nucleus = (labels == NUCLEUS).unsqueeze(1)
    red, blue = ~nucleus, ~cell | nucleus
    colours = torch.cat([red, ~cell, blue], dim=1).float()
    colours = colours.masked_fill((labels > NUCLEUS).unsqueeze(1), GREY / 255)
    if border:
        edge = _outline(cell.float(), border) | _outline(nucleus.float(), border)
        colours = colours.masked_fill(edge, 0.0)
    return colours * 2 - 1


def _outline(mask: torch.Tensor, width: int) -> torch.Tensor:
    """As `pap_core.labels.outline`, of ``(N, 1, H, W)`` float, 0 or 1."""
    outside, inside = width // 2, width - width // 2
    grown = F.max_pool2d(mask, 2 * outside + 1, stride=1, padding=outside)
    shrunk = -F.max_pool2d(-mask, 2 * inside + 1, stride=1, padding=inside)
    return (grown - shrunk) > 0
