"""How the cells of a phantom are painted: the stain they share, and what lies inside their outlines.

Everything is laid down as optical density, which adds where things overlap (Beer-Lambert), and becomes
an image once, in `phantom_clutter.photograph`. A field of density is ``(3, H, W)`` float32, its planes
for R, G, B. A box is ``(left, top, right, bottom)`` in whole pixels. Chance comes only from the
generator handed in.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter

from pap_core.data.phantom.outlines import Outline, Range, between, blob

Grid = tuple[np.ndarray, np.ndarray]  # x (w,) and y (h, 1) of pixel centres
_TILE = 512
_BANDS = {"cloud": (170.0, 0.5), "mottle": (28.0, 0.5), "chromatin": (9.0, 0.45), "grain": (4.0, 0.5)}

# Optical density by channel, to be scaled to a mean of one: measured on real smears or close to what was.
CYANOPHILIC = (
    (0.90, 0.42, 0.32),
    (0.71, 0.58, 0.44),
    (0.55, 0.50, 0.23),
    (0.50, 0.50, 0.48),
    (0.65, 0.42, 0.34),
)
PINK = ((0.20, 0.40, 0.28), (0.18, 0.54, 0.39), (0.28, 0.65, 0.68), (0.38, 0.84, 0.67), (0.33, 0.55, 0.42))
ORANGE = ((0.06, 0.47, 0.57), (0.17, 0.71, 0.88), (0.32, 0.94, 1.19), (0.12, 0.50, 0.50))
OLIVE = ((0.40, 0.35, 0.50), (0.35, 0.40, 0.25), (0.50, 0.50, 0.40))
NUCLEAR = (
    (0.4, 0.8, 0.56),
    (0.6, 0.58, 0.4),
    (0.75, 0.85, 0.45),
    (0.8, 1.0, 0.8),
    (0.6, 0.6, 0.3),
    (0.3, 0.85, 0.5),
)


@dataclass(frozen=True)
class Look:
    """What the cells of one category look like. Ranges are drawn from evenly, sizes in pixels."""

    across: Range  # width of the cell
    nucleus: Range  # width of the nucleus
    elongation: Range  # length over width of the cell
    angular: float  # chance of a polygon with rounded corners instead of a smooth blob
    density: Range  # mean optical density of the cytoplasm
    nuclear: Range  # mean optical density that the nucleus adds
    edge: Range  # how wide the cell's edge fades
    gradient: Range  # density at the centre against the rim: above 0 denser centre
    eosinophilic: float  # chance of pink or orange cytoplasm
    count: tuple[int, int] = (6, 22)  # cells in a whole smear
    warm: tuple = PINK + ORANGE[:2]  # the pinks and oranges its smears take
    folds: float = 0.0  # chance of wrinkles, and of a folded corner
    vacuoles: float = 0.0
    processes: float = 0.0  # chance of an end pulled out
    halo: bool = False  # the cavity around a koilocyte's nucleus
    rough: Range = (0.008, 0.025)  # irregularity of the nucleus outline
    defocus: float = 1.0  # mean extra blur of a cell out of the focal plane
    crowding: float = 0.5  # chance that a cell lies against another
    overlap: Range = (0.7, 1.05)  # distance to that neighbour, in sums of radii


@dataclass(frozen=True)
class Stain:
    """How one smear was stained and prepared."""

    background: np.ndarray  # (3,) grey levels of light through bare glass
    shift: np.ndarray  # (3,) tint of this laboratory's dyes, multiplies every density
    strength: float  # of all dyes
    cool: np.ndarray  # (3,) hue of its cyanophilic cells; as all hues, densities with a mean of 1
    warm: np.ndarray  # (3,) hue of its eosinophilic cells
    odd: np.ndarray  # (3,) hue of a few cells, and of stains inside others
    nuclear: np.ndarray  # (3,) hue of its nuclei
    direction: float  # radians, along which the smear was drawn
    textures: dict[str, np.ndarray]  # (_TILE, _TILE) float32 each, periodic, mean 0 and deviation 1

    @classmethod
    def drawn(cls, rng: np.random.Generator, warm: tuple) -> "Stain":
        tints = np.array([[0, 0, 0], [-12, 2, 10], [4, 6, -6], [-4, 2, 10], [4, -8, 2]])
        glass = rng.uniform(155, 240) + tints[rng.integers(5)] * rng.uniform(0.2, 1.4)
        return cls(
            background=np.clip(glass + rng.normal(size=3) * 2, 120, 250),
            shift=np.exp(rng.normal(size=3) * 0.06),
            strength=float(np.exp(rng.uniform(np.log(0.6), np.log(1.5)))),
            cool=hue(rng, CYANOPHILIC),
            warm=hue(rng, warm),
            odd=hue(rng, OLIVE + PINK + CYANOPHILIC),
            nuclear=hue(rng, NUCLEAR),
            direction=float(rng.uniform(0, np.pi)),
            textures={name: _texture(rng, *band) for name, band in _BANDS.items()},
        )

    def texture(self, rng: np.random.Generator, name: str, shape: tuple[int, int]) -> np.ndarray:
        """Cut a piece ``(h, w)`` from somewhere in a texture, wrapping round."""
        tile = self.textures[name]
        rows, columns = ((rng.integers(_TILE) + np.arange(n)) % _TILE for n in shape)
        return tile[rows[:, None], columns]


def hue(rng: np.random.Generator, family: tuple) -> np.ndarray:
    """Choose one hue ``(3,)`` of a family, a little off, scaled to a mean of 1."""
    density = np.array(family[rng.integers(len(family))]) * np.exp(rng.normal(size=3) * 0.05)
    return density / density.mean()


def _texture(rng: np.random.Generator, wavelength: float, octaves: float) -> np.ndarray:
    """Draw periodic noise ``(_TILE, _TILE)`` with waves about `wavelength` pixels long."""
    frequency = np.hypot(np.fft.fftfreq(_TILE)[:, None], np.fft.rfftfreq(_TILE))
    frequency[0, 0] = 1e-9
    gain = np.exp(-0.5 * (np.log(frequency * wavelength) / octaves) ** 2) / frequency
    waves = rng.normal(size=frequency.shape) + 1j * rng.normal(size=frequency.shape)
    noise = np.fft.irfft2(gain * waves, s=(_TILE, _TILE))
    return ((noise - noise.mean()) / noise.std()).astype(np.float32)


@dataclass(frozen=True)
class Cell:
    """One cell to be painted. The outlines are the truth that is written."""

    look: Look
    outline: Outline
    nucleus: Outline
    annotated: bool


def paint_cell(field: np.ndarray, cell: Cell, stain: Stain, rng: np.random.Generator) -> None:
    """Lay one cell's density on `field`, in its own box only."""
    look, size = cell.look, (field.shape[2], field.shape[1])
    defocus = rng.exponential(look.defocus)
    edge = between(rng, look.edge) + defocus
    box = cell.outline.box(size, edge + 2)
    x, y = _grid(box)
    depth, share = cell.outline.depth(x, y)
    density = _cytoplasm(cell, stain, rng, (x, y), depth, share)
    density *= np.clip(depth / edge + 0.5, 0, 1) * between(rng, look.density)
    density = _blurred(density, defocus)
    main = stain.warm if rng.random() < look.eosinophilic else stain.cool
    main = stain.odd if rng.random() < 0.1 else main
    main = main * np.exp(rng.normal(size=3) * 0.06) * stain.shift * stain.strength
    # the dyes mix unevenly: another hue gathers in places, at times around the nucleus
    mixed = rng.uniform(0, 0.35) * np.clip(1 + stain.texture(rng, "cloud", depth.shape), 0, 2)
    if rng.random() < 0.4:
        mixed = mixed * np.clip(1.3 - share, 0, 1)
    other = (stain.odd, stain.warm, stain.cool)[rng.integers(3)] * stain.strength
    _lay(field, box, density * (1 - mixed), main)
    _lay(field, box, density * mixed, other)

    box = cell.nucleus.box(size, 8 + 2 * defocus)
    density = _nucleus(cell, stain, rng, *cell.nucleus.depth(*_grid(box)))
    dye = stain.nuclear * np.exp(rng.normal(size=3) * 0.07) * stain.strength**0.7
    _lay(field, box, _blurred(density * between(rng, look.nuclear), defocus), dye)


def _cytoplasm(
    cell: Cell, stain: Stain, rng: np.random.Generator, grid: Grid, depth: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Return the cytoplasm's density about 1: texture, gradient, rim, folds, vacuoles, halo."""
    look, shape, (x, y) = cell.look, depth.shape, grid
    density = 1 + between(rng, look.gradient) * (0.55 - share) * 1.6
    density += stain.texture(rng, "cloud", shape) * between(rng, (0.06, 0.26))
    density += stain.texture(rng, "mottle", shape) * between(rng, (0.03, 0.13))
    grain = stain.texture(rng, "grain", shape)
    density += grain * between(rng, (0.0, 0.08))
    density += (grain > rng.uniform(1.6, 2.8)) * between(rng, (0.0, 0.7))  # granules
    rim = rng.uniform(1.5, 4)
    density += np.exp(-((depth / rim) ** 2)) * between(rng, (0.0, 0.5))
    if rng.random() < look.folds:  # wrinkles: where a cloud crosses zero, along part of the way
        width = rng.uniform(0.03, 0.12)
        line = np.exp(-((stain.texture(rng, "cloud", shape) / width) ** 2))
        density += (
            line * (stain.texture(rng, "cloud", shape) > rng.uniform(-0.2, 0.9)) * rng.uniform(0.15, 0.8)
        )
    if rng.random() < look.folds * 0.6:  # a corner folded over: two layers beyond a line
        turn = rng.uniform(0, 2 * np.pi)
        reach = (x - cell.outline.centre[0]) * np.cos(turn) + (y - cell.outline.centre[1]) * np.sin(turn)
        density *= 1 + np.clip((reach / cell.outline.radius - rng.uniform(0.55, 0.85)) * 12, 0, 1) * 0.8
    for _ in range(rng.poisson(5) if rng.random() < look.vacuoles else 0):
        turn, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.35, 0.8) * cell.outline.radius
        hole = blob(rng, cell.outline.radius * rng.uniform(0.12, 0.4), 1.2, 0.04, 24)
        hole = hole.moved(cell.outline.centre + away * np.array([np.cos(turn), np.sin(turn)]))
        inside = hole.depth(x, y)[0]
        density *= 1 - rng.uniform(0.15, 0.55) * np.clip(inside / 3 + 0.5, 0, 1)
        density += 0.2 * np.exp(-((inside / 2) ** 2))
    if look.halo:
        density = _hollowed(density, cell, rng, grid)
    return np.maximum(density, 0.05)


def _hollowed(density: np.ndarray, cell: Cell, rng: np.random.Generator, grid: Grid) -> np.ndarray:
    """Clear a cavity around the nucleus and thicken the rim about it: the koilocyte's mark."""
    room = cell.outline.radius / cell.nucleus.radius * 0.72
    across = 2 * cell.nucleus.radius * min(rng.uniform(1.7, 2.8), room)
    cavity = blob(rng, across, rng.uniform(1, 1.5), 0.025, 48)
    depth = cavity.moved(cell.nucleus.centre + rng.normal(size=2) * 0.12 * cell.nucleus.radius).depth(*grid)[
        0
    ]
    density = density + rng.uniform(0.3, 1.0) * np.exp(-((np.minimum(depth, 0) / rng.uniform(8, 22)) ** 2))
    return density * (1 - rng.uniform(0.45, 0.88) * np.clip(depth / rng.uniform(3, 14) + 0.5, 0, 1))


def _nucleus(
    cell: Cell, stain: Stain, rng: np.random.Generator, depth: np.ndarray, share: np.ndarray
) -> np.ndarray:
    """Return the nucleus's density about 1 inside its outline: chromatin, membrane, nucleoli."""
    shape = depth.shape
    density = 1 + rng.uniform(-0.35, 0.35) * (0.6 - share)
    chromatin = stain.texture(rng, "chromatin", shape)
    density += chromatin * rng.uniform(0.03, 0.16) + stain.texture(rng, "mottle", shape) * rng.uniform(
        0.02, 0.16
    )
    density += rng.uniform(0, 0.5) * np.exp(-(((depth - 1.5) / 2.0) ** 2))
    if rng.random() < 0.3 and cell.nucleus.radius > 12:
        x, y = np.arange(shape[1]), np.arange(shape[0])[:, None]
        for _ in range(rng.integers(1, 3)):
            column, row = (n * rng.uniform(0.38, 0.62) for n in (shape[1], shape[0]))
            spread = rng.uniform(2, 4.5) ** 2
            density += rng.uniform(0.3, 0.9) * np.exp(-((x - column) ** 2 + (y - row) ** 2) / spread)
    return np.maximum(density, 0.1) * np.clip(depth / rng.uniform(1, 3.5) + 0.5, 0, 1)


def paint_speck(field: np.ndarray, outline: Outline, dye: np.ndarray, density: float, edge: float) -> None:
    """Lay an even spot on `field`: debris, a lobe of a white blood cell."""
    box = outline.box((field.shape[2], field.shape[1]), edge)
    _lay(field, box, density * np.clip(outline.depth(*_grid(box))[0] / edge + 0.5, 0, 1), dye)


def _grid(box: tuple[int, int, int, int]) -> Grid:
    left, top, right, bottom = box
    return np.arange(left, right) + 0.5, np.arange(top, bottom)[:, None] + 0.5


def _blurred(density: np.ndarray, sigma: float) -> np.ndarray:
    return gaussian_filter(density, sigma, truncate=3) if sigma > 0.4 else density


def _lay(field: np.ndarray, box: tuple[int, int, int, int], density: np.ndarray, dye: np.ndarray) -> None:
    left, top, right, bottom = box
    for plane, weight in zip(field, dye, strict=True):
        plane[top:bottom, left:right] += density * np.float32(weight)
