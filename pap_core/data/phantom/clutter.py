"""What lies about the cells of a phantom, none of it annotated, and the photograph of it all.

Fields of density and boxes are those of `phantom_painting`.
"""

import io

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from pap_core.data.phantom.outlines import blob
from pap_core.data.phantom.painting import CYANOPHILIC, NUCLEAR, PINK, Stain, hue, paint_speck

_LEUCOCYTES = 16  # different white blood cells in one smear, each met many times
_STAMP = 72  # pixels, the side of the square one is drawn in


def paint_film(field: np.ndarray, stain: Stain, rng: np.random.Generator) -> None:
    """Lay the dirt under the cells: stain left on the glass, its grains, mucus, bacteria."""
    size = (field.shape[2], field.shape[1])
    film = np.maximum(
        _smooth(rng, size, 5) * 0.5 + _streaks(rng, size, stain.direction) + rng.uniform(-1, 1), 0
    )
    film *= rng.uniform(0, 0.1)
    rows, columns = np.arange(size[1])[:, None] % 512, np.arange(size[0]) % 512
    if rng.random() < 0.4:  # a film that breaks up into grains, as where mucus dried
        grains = np.clip(stain.textures["grain"] + stain.textures["mottle"] - rng.uniform(0.5, 2), 0, 1)
        film += film * grains[rows, columns] * rng.uniform(0.5, 2)
    # dust in drifts: their edges differ from tile to tile, so that the texture's repeat does not show
    drifts = np.maximum(_smooth(rng, size, 7) + 0.4, 0)
    film += np.maximum(stain.textures["mottle"], 0)[rows, columns] * drifts * rng.uniform(0, 0.03)
    _lay_everywhere(field, film, hue(rng, CYANOPHILIC + PINK) * stain.strength)
    if rng.random() < 0.6:
        strands = _strands(rng, size, stain.direction) * rng.uniform(0.05, 0.4)
        _lay_everywhere(field, strands, hue(rng, PINK + NUCLEAR))
    if rng.random() < 0.5:
        _lay_everywhere(field, _bacteria(rng, size) * rng.uniform(0.1, 0.6), hue(rng, NUCLEAR))


def paint_debris(field: np.ndarray, stain: Stain, rng: np.random.Generator) -> None:
    """Lay scraps, smudges and, above them, the white blood cells that swam over everything."""
    size = np.array([field.shape[2], field.shape[1]])
    area = np.prod(size) / (2048 * 1536)
    for _ in range(rng.poisson(rng.choice([3, 12, 30]) * area)):
        scrap = blob(rng, np.exp(rng.uniform(np.log(5), np.log(60))), rng.uniform(1, 2.5), 0.06, 32)
        dye = (stain.cool, stain.warm, stain.odd, stain.nuclear, np.ones(3))[rng.integers(5)]
        edge = rng.uniform(2, 6) + scrap.radius * rng.uniform(0.1, 0.9)
        paint_speck(field, scrap.moved(rng.uniform(0, size)), dye, rng.uniform(0.05, 0.5), edge)
    count = rng.poisson(rng.choice([0, 4, 15, 50, 130], p=[0.2, 0.25, 0.25, 0.2, 0.1]) * area)
    if count:
        _scatter(field, [_leucocyte(stain, rng) for _ in range(_LEUCOCYTES)], count, rng)


def _leucocyte(stain: Stain, rng: np.random.Generator) -> np.ndarray:
    """Draw a polymorph ``(3, _STAMP, _STAMP)``: two to four dark lobes in a faint body along the smear."""
    stamp = np.zeros((3, _STAMP, _STAMP), dtype=np.float32)
    along = np.array([np.cos(stain.direction), np.sin(stain.direction)])
    body = blob(rng, rng.uniform(26, 40), 1.1, 0.05, 32).moved(np.full(2, _STAMP / 2))
    paint_speck(stamp, body, hue(rng, CYANOPHILIC), rng.uniform(0.03, 0.25) * stain.strength, 5)
    lobes = np.zeros((1, _STAMP, _STAMP), dtype=np.float32)
    number = rng.integers(2, 5)
    drawn_out = rng.uniform(0.4, 1.6)
    for place in np.linspace(-1, 1, number):
        across = rng.uniform(9, 15) * (1 if number > 2 else 1.2)
        centre = along * place * 4.2 * number / 2 * drawn_out + rng.normal(size=2) * 4 / drawn_out
        lobe = blob(rng, across, rng.uniform(1, 1.5), 0.05, 20).moved(_STAMP / 2 + centre)
        paint_speck(lobes, lobe, np.ones(1), 1, 2.5)
    # the lobes lie side by side more than over one another
    dark = np.minimum(lobes, 1.15) * (1 + gaussian_filter(rng.normal(size=lobes.shape[1:]), 2) * 0.8)
    dark = gaussian_filter(dark[0], rng.choice([0.5, 1.0, 2.5]))
    shared = stain.nuclear * np.exp(rng.normal(size=3) * 0.06) * stain.strength**0.7
    return stamp + (shared[:, None, None] * dark * rng.uniform(0.6, 1.1)).astype(np.float32)


def _scatter(field: np.ndarray, stamps: list[np.ndarray], count: int, rng: np.random.Generator) -> None:
    """Lay stamps all over, more of them around a few gathering places."""
    size = np.array([field.shape[2], field.shape[1]])
    gatherings = rng.uniform(0, size, (4, 2))
    for _ in range(count):
        centre = rng.uniform(0, size)
        if rng.random() < 0.5:
            centre = gatherings[rng.integers(4)] + rng.normal(size=2) * 160
        left, top = np.round(centre - _STAMP / 2).astype(int)
        stamp = stamps[rng.integers(len(stamps))]
        if rng.random() < 0.5:
            stamp = stamp[:, ::-1, ::-1]
        x, y, right, bottom = max(left, 0), max(top, 0), left + _STAMP, top + _STAMP
        part = field[:, y : max(bottom, 0), x : max(right, 0)]
        if part.size:
            part += stamp[:, y - top : y - top + part.shape[1], x - left : x - left + part.shape[2]]


def _strands(rng: np.random.Generator, size: tuple[int, int], direction: float) -> np.ndarray:
    """Draw mucus as wandering threads along the smear, ``(H, W)`` in 0 to about 1."""
    image = Image.new("L", (size[0] // 2, size[1] // 2))
    pen = ImageDraw.Draw(image)
    spread = rng.uniform(0.05, 0.35)
    for _ in range(int(rng.choice([4, 20, 80]))):
        steps = int(rng.integers(6, 60))
        turns = direction + rng.normal(0, spread) + np.cumsum(rng.normal(0, 0.12, steps))
        stride = 9 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        path = rng.uniform(0, image.size) + np.cumsum(stride, axis=0)
        fading = np.sin(np.linspace(0.1, np.pi, steps)) * rng.uniform(40, 220)
        width = int(rng.choice([1, 1, 1, 3]))
        for start, end, shade in zip(path, path[1:], fading, strict=False):
            pen.line([tuple(start), tuple(end)], fill=int(shade), width=width)
    drawn = gaussian_filter(np.asarray(image, dtype=np.float32) / 255, rng.uniform(0.7, 2.0))
    return _enlarged(drawn, size)


def _streaks(rng: np.random.Generator, size: tuple[int, int], direction: float) -> np.ndarray:
    """Draw noise ``(H, W)`` of deviation about 1 drawn out along the smear, coarse and fine."""
    side = int(np.hypot(*size) / 4) + 2
    total = np.zeros((size[1], size[0]), dtype=np.float32)
    for across, along in ((12, 4), (60, 8)):
        noise = Image.fromarray(rng.normal(size=(across, along)).astype(np.float32))
        noise = noise.resize((side, side), Image.Resampling.BICUBIC).rotate(-np.degrees(direction))
        left, top = (side - size[0] // 4) // 2, (side - size[1] // 4) // 2
        part = noise.crop((left, top, left + size[0] // 4, top + size[1] // 4))
        total += _enlarged(np.asarray(part), size) * (0.8 if across < 20 else 0.4)
    return total


def _bacteria(rng: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """Draw short rods and dots in swarms, ``(H, W)`` in 0 to about 1."""
    image = Image.new("L", (size[0] // 2, size[1] // 2))
    pen = ImageDraw.Draw(image)
    swarms = rng.uniform(0, image.size, (6, 2))
    count, length = int(rng.choice([200, 800, 2500])), rng.uniform(0, 4)
    places = swarms[rng.integers(6, size=count)] + rng.normal(size=(count, 2)) * 70
    loners = rng.random(count) < 0.4
    places[loners] = rng.uniform(0, image.size, (int(loners.sum()), 2))
    turns = rng.uniform(0, 2 * np.pi, count)
    ends = places + length * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    for start, end in zip(places, ends, strict=True):
        pen.line([tuple(start), tuple(end)], fill=220)
    return _enlarged(gaussian_filter(np.asarray(image, dtype=np.float32) / 255, 0.6), size)


def photograph(field: np.ndarray, stain: Stain, rng: np.random.Generator) -> np.ndarray:
    """Turn density into an image as a microscope's camera would.

    Args:
        field: ``(3, H, W)`` optical density; overwritten.

    Returns:
        ``(H, W, 3)`` uint8: light falling off unevenly, stray light, focus, sensor noise, at times JPEG.
    """
    size = (field.shape[2], field.shape[1])
    light = 1 + _smooth(rng, size, 1) * rng.uniform(0, 0.06)
    stray = rng.uniform(0.01, 0.08)
    focus = float(np.exp(rng.uniform(np.log(0.5), np.log(3.0))))
    noise = rng.uniform(0.6, 3.0)
    image = np.empty((size[1], size[0], 3), dtype=np.uint8)
    for channel, plane in enumerate(field):
        # an eyepiece of real dye saturates: a pile of cells goes dark, not black
        np.divide(plane, 1 + 0.12 * np.maximum(plane, 0), out=plane)
        np.exp(-plane, out=plane)
        plane = (plane * (1 - stray) + stray) * light * np.float32(stain.background[channel])
        plane = gaussian_filter(plane, focus, truncate=3)
        plane += rng.standard_normal(plane.shape, dtype=np.float32) * np.float32(noise)
        image[..., channel] = np.clip(plane + 0.5, 0, 255)
    if rng.random() < 0.4:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=int(rng.integers(55, 93)))
        image = np.asarray(Image.open(buffer))
    return image


def _smooth(rng: np.random.Generator, size: tuple[int, int], waves: int) -> np.ndarray:
    """Draw noise ``(H, W)`` of deviation about 1 that changes some `waves` times across the field."""
    return _enlarged(rng.normal(size=(waves + 2, waves + 3)).astype(np.float32), size)


def _enlarged(plane: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.array(Image.fromarray(plane).resize(size, Image.Resampling.BICUBIC))


def _lay_everywhere(field: np.ndarray, density: np.ndarray, dye: np.ndarray) -> None:
    for plane, weight in zip(field, dye, strict=True):
        plane += density * np.float32(weight)
