"""From a picture to its segmentation: one crop, or a whole smear in overlapping tiles."""

import copy
from dataclasses import dataclass

import numpy as np
import torch

from pap_core.data.crop import resize_image, square
from pap_core.labels import decode
from pap_core.model.checkpoint import Checkpoint
from pap_core.model.folding import fold
from pap_core.model.generator import to_pixels
from pap_core.nuclei import without_specks
from pap_core.tiling import SIZE, places, resized, scaled

OVERLAP = 96  # px of the network, between neighbouring tiles of a smear
KINDS = ("crop", "smear")

_BATCH = 8  # squares in hand at once
_AT_ONCE = {"cpu": 2}  # views in one forward: more no longer fit a processor's cache, and take longer each
_MIRRORS = ((), (3,), (2,), (2, 3))  # axes of (N, C, H, W) to flip


@dataclass(frozen=True)
class Segmentation:
    """What was found in a picture, at the picture's own size."""

    label: np.ndarray  # (H, W) uint8: 0, 1, 2
    colours: (
        np.ndarray
    )  # (H, W, 3) uint8, the generated colour map that the label was read from, specks and all
    kind: str  # "crop" or "smear": how the picture was read
    scale: float  # network px per image px
    uncertainty: np.ndarray | None = None  # (H, W) float32, 0 to 0.5


class Segmenter:
    """A checkpoint ready to segment; safe to share between threads, for it changes nothing."""

    def __init__(self, checkpoint: Checkpoint, device: str | torch.device | None = None):
        self.checkpoint = checkpoint
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.generator = fold(checkpoint.generator).to(self.device).to(memory_format=torch.channels_last)
        # the mean of class probabilities is one; the mean of painted colours would be a colour of no class
        self.mirrors = _MIRRORS if self.generator.config.head == "palette" else _MIRRORS[:1]

    @property
    def name(self) -> str:
        """The name of the checkpoint's folder."""
        return self.checkpoint.folder.name

    @property
    def digest(self) -> str:
        """The digest of the checkpoint's weights."""
        return self.checkpoint.digest

    @property
    def parameters(self) -> int:
        """How many weights the generator has."""
        return sum(weight.numel() for weight in self.checkpoint.generator.parameters())

    def segment(self, image: np.ndarray, kind: str, scale: float) -> Segmentation:
        """Segment a picture; the same picture gives the same bytes on one machine.

        Args:
            image: ``(H, W, 3)`` uint8 RGB.
            kind: "crop" sees the picture at once, fitted into the network; "smear" goes over it in tiles.
            scale: network px per image px; see `pap_core.inference.scale.choose`.

        Raises:
            InputError: the picture at that scale would be over 50 megapixels.
        """
        colours = self._colours(image, kind, scale)
        return Segmentation(without_specks(decode(colours), scale, kind == "crop"), colours, kind, scale)

    def generate(self, squares: np.ndarray) -> np.ndarray:
        """Generate the colour maps of crops; with a palette head, each the mean over its four mirror images.

        Args:
            squares: ``(N, S, S, 3)`` uint8 RGB.

        Returns:
            ``(N, S, S, 3)`` uint8.
        """
        return to_pixels(self._mean(squares, self.mirrors))

    @torch.inference_mode()
    def _mean(self, squares: np.ndarray, mirrors: tuple[tuple[int, ...], ...]) -> torch.Tensor:
        """Return the mean colours ``(N, 3, S, S)`` in [-1, 1] over mirror images."""
        found = []
        for start in range(0, len(squares), _BATCH):
            batch = torch.from_numpy(squares[start : start + _BATCH]).to(self.device)
            pixels = batch.permute(0, 3, 1, 2).float() / 127.5 - 1
            views = torch.cat([pixels.flip(axes) for axes in mirrors])
            views = views.contiguous(memory_format=torch.channels_last)
            at_once = _AT_ONCE.get(self.device.type, len(views))
            colours = torch.cat([self.generator.generate(part) for part in views.split(at_once)])
            parts = colours.chunk(len(mirrors))
            turned_back = [part.flip(axes) for part, axes in zip(parts, mirrors, strict=True)]
            found.append(sum(turned_back[1:], turned_back[0]) / len(mirrors))
        return torch.cat(found)

    def _colours(self, image: np.ndarray, kind: str, scale: float) -> np.ndarray:
        return self._crop(image) if kind == "crop" else self._smear(image, scale)

    def _crop(self, image: np.ndarray) -> np.ndarray:
        height, width = image.shape[:2]
        side = max(height, width)
        x0, y0 = (width - side) // 2, (height - side) // 2
        seen = resize_image(square(image, x0, y0, side), SIZE)
        colours = self.generate(seen[None])[0]
        back = resize_image(colours, side)
        return back[-y0 : height - y0, -x0 : width - x0]

    def _smear(self, image: np.ndarray, scale: float) -> np.ndarray:
        height, width = image.shape[:2]
        seen = resize(image, scale)
        colours = np.empty_like(seen)
        weight = _blend_weight()
        rows, columns = seen.shape[:2]
        tops, lefts = (places(length, SIZE, OVERLAP) for length in (rows, columns))
        padded = np.pad(
            seen, [(0, max(0, SIZE - rows)), (0, max(0, SIZE - columns)), (0, 0)], mode="symmetric"
        )
        # one band of tiles after another: the memory does not grow with the height of the smear
        band = np.zeros((SIZE, padded.shape[1], 3), np.float32)
        total = np.zeros((SIZE, padded.shape[1], 1), np.float32)
        for number, top in enumerate(tops):
            tiles = np.stack([padded[top : top + SIZE, left : left + SIZE] for left in lefts])
            for left, colour in zip(lefts, self._mean(tiles, _MIRRORS[:1]), strict=True):
                values = (colour.permute(1, 2, 0).cpu().numpy() + 1) * 127.5
                band[:, left : left + SIZE] += values * weight
                total[:, left : left + SIZE] += weight
            done = (tops[number + 1] if number + 1 < len(tops) else rows) - top
            mixed = band[:done, :columns] / total[:done, :columns]
            colours[top : top + done] = mixed.round().clip(0, 255).astype(np.uint8)[: rows - top]
            band = np.concatenate([band[done:], np.zeros_like(band[:done])])
            total = np.concatenate([total[done:], np.zeros_like(total[:done])])
        return resized(colours, height, width)

    def uncertainty(self, image: np.ndarray, kind: str, scale: float, samples: int = 8) -> np.ndarray:
        """Sample the generator's dropout: where its samples differ, it is not sure.

        Args:
            image: as for `segment`, with its `kind` and `scale`.
            samples: how many, at least 2.

        Returns:
            ``(H, W)`` float32: the standard deviation of the colour over the samples, the mean of the
            channels, 0 to 0.5.
        """
        sampler = copy.copy(self)
        sampler.generator = copy.deepcopy(self.generator)  # another thread may be segmenting with ours
        for module in sampler.generator.modules():
            module.train(isinstance(module, torch.nn.Dropout))
        total: np.ndarray = np.zeros(image.shape, np.float32)
        squares: np.ndarray = np.zeros(image.shape, np.float32)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for _ in range(samples):
                colours = sampler._colours(image, kind, scale).astype(np.float32) / 255
                total, squares = total + colours, squares + colours**2
        variance = squares / samples - (total / samples) ** 2
        return np.sqrt(variance.clip(min=0)).mean(axis=-1)


def fit_scale(image: np.ndarray) -> float:
    """Return the scale at which a picture of one cell fills what the network sees."""
    return SIZE / max(image.shape[:2])


def resize(image: np.ndarray, scale: float) -> np.ndarray:
    """Resize a picture by a factor.

    Raises:
        InputError: the result would be over 50 megapixels.
    """
    return resized(image, *scaled(image.shape, scale))


def _blend_weight() -> np.ndarray:
    """Weight of a tile's pixels, ``(S, S, 1)``: full inside, falling towards the edges, never 0."""
    ramp = np.minimum(np.arange(SIZE) + 0.5, SIZE - np.arange(SIZE) - 0.5) / OVERLAP
    ramp = np.sin(np.pi / 2 * ramp.clip(max=1)) ** 2
    return (ramp[:, None] * ramp[None])[..., None].astype(np.float32) + 1e-3
