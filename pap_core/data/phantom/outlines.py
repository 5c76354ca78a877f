"""Outlines of phantom cells: shapes that are measured and written down from the same numbers.

Coordinates are those of `contours`. A box is ``(left, top, right, bottom)`` in whole pixels.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

Range = tuple[float, float]
_BINS = 2048  # directions an outline is tabulated in: under a pixel of arc for the largest cell


@dataclass(frozen=True)
class Outline:
    """A closed outline seen from a centre: one radius in each direction, so that it never crosses itself."""

    centre: np.ndarray  # (2,) x, y in source pixels
    angles: np.ndarray  # (V,) radians, ascending
    radii: np.ndarray  # (V,) pixels

    @property
    def polygon(self) -> np.ndarray:
        """``(V, 2)`` vertices in source pixels."""
        directions = np.stack([np.cos(self.angles), np.sin(self.angles)], axis=1)
        return self.centre + self.radii[:, None] * directions

    @property
    def radius(self) -> float:
        """Mean radius in pixels."""
        return float(self.radii.mean())

    def moved(self, centre: np.ndarray, scale: float = 1.0) -> "Outline":
        """Return the outline about another centre, `scale` times as large."""
        return Outline(np.asarray(centre, dtype=np.float64), self.angles, self.radii * scale)

    def box(self, size: tuple[int, int], margin: float) -> tuple[int, int, int, int]:
        """Return the outline's box grown by `margin` and cut at the frame of a ``(W, H)`` field."""
        polygon = self.polygon
        left, top = np.maximum(np.floor(polygon.min(axis=0) - margin), 0).astype(int)
        right, bottom = np.minimum(np.ceil(polygon.max(axis=0) + margin), size).astype(int)
        return left, top, max(right, left), max(bottom, top)

    def depth(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Measure points against the outline.

        Returns:
            How deep each point lies inside, in pixels (negative outside), and its distance from the
            centre as a share of the outline's, 1 on the outline. Float32, shape of ``x + y``.
        """
        turn = np.linspace(-np.pi, np.pi, _BINS, endpoint=False)
        # 1/r rather than r: straight sides stay straight between vertices
        radius = 1 / np.interp(turn, self.angles, 1 / self.radii, period=2 * np.pi)
        slope = (np.roll(radius, -1) - np.roll(radius, 1)) / (2 * (turn[1] - turn[0]) * radius)
        slant = (1 / np.sqrt(1 + gaussian_filter1d(slope, 8, mode="wrap") ** 2)).astype(np.float32)
        radius = radius.astype(np.float32)
        dx, dy = (x - self.centre[0]).astype(np.float32), (y - self.centre[1]).astype(np.float32)
        distance = np.sqrt(dx * dx + dy * dy)
        bins = ((np.arctan2(dy, dx) + np.pi) * (_BINS / (2 * np.pi))).astype(np.int32) % _BINS
        reach = radius[bins]
        return (reach - distance) * slant[bins], distance / reach


def between(rng: np.random.Generator, bounds: Range) -> float:
    """Draw a number evenly from a range."""
    return float(rng.uniform(*bounds))


def blob(rng: np.random.Generator, across: float, elongation: float, rough: float, vertices: int) -> Outline:
    """Draw a smooth closed outline about (0, 0): a stretched circle with a few waves a turn."""
    turn = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    points = _waves(rng, turn, rough)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return _stretched(rng, points, across, elongation)


def angular(rng: np.random.Generator, across: float, elongation: float, corners: int) -> Outline:
    """Draw a wavy polygon with rounded corners about (0, 0), its corners cut three times (Chaikin)."""
    turn = (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) * 2 * np.pi / corners
    points = rng.uniform(0.7, 1.2, corners)[:, None] * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    for cut in (rng.uniform(0.1, 0.25), 0.2, 0.25):
        ahead = np.roll(points, -1, axis=0)
        points = np.stack([points * (1 - cut) + ahead * cut, points * cut + ahead * (1 - cut)], axis=1)
        points = points.reshape(-1, 2)
    turn = np.arctan2(points[:, 1], points[:, 0])
    points *= _waves(rng, turn, rng.uniform(0.01, 0.04))[:, None] * rng.normal(1, 0.006, (len(points), 1))
    return _stretched(rng, points, across, elongation)


def pulled(rng: np.random.Generator, outline: Outline) -> Outline:
    """Pull a cell's outline out into a process."""
    apart = np.angle(np.exp(1j * (outline.angles - rng.uniform(-np.pi, np.pi))))
    bump = rng.uniform(0.2, 0.7) * np.exp(-((apart / rng.uniform(0.15, 0.4)) ** 2))
    return replace(outline, radii=outline.radii * (1 + bump))


def waisted(outline: Outline) -> Outline:
    """Give an outline a waist, as two nuclei have that lie against each other."""
    along = outline.angles[outline.radii.argmax()]
    return replace(outline, radii=outline.radii * (1 + 0.25 * np.cos(2 * (outline.angles - along))))


def _waves(rng: np.random.Generator, turn: np.ndarray, rough: float) -> np.ndarray:
    """Draw a radius about 1 for each direction of `turn`, wavering about 3 times `rough`."""
    waves = np.arange(2, 11)
    heights = rng.normal(size=len(waves)) * rough * 5 / waves**1.3
    radii = 1 + (heights * np.cos(np.outer(turn, waves) + rng.uniform(0, 2 * np.pi, len(waves)))).sum(axis=1)
    return np.clip(radii, 0.5, 1.7)


def _stretched(rng: np.random.Generator, points: np.ndarray, across: float, elongation: float) -> Outline:
    tilt = rng.uniform(0, 2 * np.pi)
    turned = np.array([[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]])
    points = (points * (np.sqrt(elongation), 1 / np.sqrt(elongation))) @ turned.T
    points *= across / np.sqrt(np.prod(np.ptp(points, axis=0)))
    angles = np.arctan2(points[:, 1], points[:, 0])
    order = np.argsort(angles)
    return Outline(np.zeros(2), angles[order], np.hypot(*points.T)[order])
