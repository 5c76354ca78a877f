"""Star-convex polygons (StarDist, Schmidt et al. 2018): from points within a shape, the ways to its edge.

The network is StarDist's on torch: a stem down to the grid of points, a U-Net, a probability and the rays'
lengths at each point. The geometry, that is lengths of rays, the choice among polygons and their drawing,
is StarDist's own (package `stardist`). A cell and its nucleus are two shapes.
"""

import numpy as np
import segmentation_models_pytorch as smp
import torch
import torch.nn.functional as F
from torch import nn

from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL
from pap_core.model.generator import ColourNetwork
from pap_core.settings.networks import GeneratorConfig

RAYS = 32
GRID = 4  # px between points
_SHAPES = (CYTOPLASM, NUCLEUS)  # drawn in this order, the nucleus above the cell
_KEPT, _OVERLAP = 0.4, 0.3  # least probability of a polygon, most overlap with one kept already
_RARE = -2.0  # logit to begin with: before anything is learnt, no polygon is kept
_RAY_WEIGHT = 0.02  # of each px; StarDist's 0.2 drowns the probability in short trainings
_LENGTH = 64.0  # px: the unit in which lengths are learnt


class StarConvex(ColourNetwork):
    """Image to ``(N, 2, 1 + RAYS, S / 4, S / 4)``: for cell and nucleus a logit and the rays' lengths."""

    def __init__(self, config: GeneratorConfig):
        super().__init__(config)
        width = config.width
        self.stem = nn.Sequential(
            *_block(3, width),
            *_block(width, width),
            nn.MaxPool2d(2),
            *_block(width, 2 * width),
            nn.MaxPool2d(2),
        )
        self.unet = smp.Unet(
            "resnet18",
            encoder_weights=None,
            in_channels=2 * width,
            encoder_depth=4,
            decoder_channels=[width * factor for factor in (8, 8, 4, 4)],
            classes=4 * width,
        )
        self.dropout = nn.Dropout2d(config.dropout)
        self.last = nn.Conv2d(4 * width, len(_SHAPES) * (1 + RAYS), 1)
        with torch.no_grad():
            self.last.get_parameter("bias")[:: 1 + RAYS] = _RARE

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Return logits and lengths, the latter in units of 64 px."""
        raw = self.last(self.dropout(self.unet(self.stem(image)).relu()))
        return raw.unflatten(1, (len(_SHAPES), 1 + RAYS))

    def terms(self, raw: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the terms to be learnt: is a point within a shape, how far in; how long are its rays.

        Args:
            raw: as `forward` returns it.
            labels: ``(N, S, S)`` uint8 label maps.
        """
        raw = raw.float()
        found = [_targets(label) for label in labels.cpu().numpy()]
        probability, rays, known = (
            torch.from_numpy(np.stack(part)).to(raw.device) for part in zip(*found, strict=True)
        )
        inside = probability * known
        entropy = F.binary_cross_entropy_with_logits(raw[:, :, 0], probability, reduction="none")
        away = _LENGTH * (raw[:, :, 1:] - rays).abs().mean(dim=2)
        return {
            "probability": (entropy * known).sum() / known.sum().clamp(min=1),
            "rays": _RAY_WEIGHT * (away * inside).sum() / inside.sum().clamp(min=1),
        }

    def colours(self, raw: torch.Tensor) -> torch.Tensor:
        """Draw the polygons that are kept."""
        labels = np.stack([_drawn(one) for one in raw.detach().float().cpu().numpy()])
        return self.palette[torch.from_numpy(labels).long().to(raw.device)].permute(0, 3, 1, 2).contiguous()


def _targets(label: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return at the grid's points probability, lengths of rays, whether known: each ``(2, …, G, G)``."""
    from skimage.measure import label as connected
    from stardist import star_dist

    points = np.s_[::GRID, ::GRID]
    probability, rays = [], []
    for inside in (np.isin(label, (CYTOPLASM, NUCLEUS, OF_CELL)), label == NUCLEUS):
        shapes = connected(inside, connectivity=1).astype(np.uint16)
        probability.append(_depth(shapes)[points])
        rays.append(star_dist(shapes, RAYS, grid=(GRID, GRID)).transpose(2, 0, 1) / _LENGTH)
    told = label[points] != IGNORE
    cells = told & ~(label == NOT_NUCLEUS).any()  # where a cell ends is not known beside it
    return np.stack(probability), np.stack(rays), np.stack([cells, told & (label[points] != OF_CELL)])


def _depth(shapes: np.ndarray) -> np.ndarray:
    """Return how far within its shape each pixel lies, from 0 to 1; the edge of a full picture is an edge."""
    from stardist import edt_prob

    if shapes.min() > 0:  # StarDist would do the same, and warn
        return edt_prob(np.pad(shapes, 1))[1:-1, 1:-1]
    return edt_prob(shapes)


def _drawn(raw: np.ndarray) -> np.ndarray:
    """Return the label map of one picture's logits and lengths."""
    from stardist import non_maximum_suppression, polygons_to_label

    shape = tuple(GRID * side for side in raw.shape[-2:])
    label = np.full(shape, BACKGROUND, dtype=np.uint8)
    for value, of_shape in zip(_SHAPES, raw, strict=True):
        probability = 1 / (1 + np.exp(-of_shape[0]))
        lengths = np.maximum(of_shape[1:].transpose(1, 2, 0) * _LENGTH, 1e-3)
        points, scores, kept = non_maximum_suppression(
            np.ascontiguousarray(lengths),
            probability,
            grid=(GRID, GRID),
            prob_thresh=_KEPT,
            nms_thresh=_OVERLAP,
        )
        if len(points):
            label[polygons_to_label(kept, points, shape, prob=scores) > 0] = value
    return label


def _block(incoming: int, outgoing: int) -> list[nn.Module]:
    return [nn.Conv2d(incoming, outgoing, 3, padding=1, bias=False), nn.BatchNorm2d(outgoing), nn.ReLU()]
