"""Phantoms: synthetic smears with true contours, in memory or as a folder in the official SIPaKMeD layout.

They look like Papanicolaou smears of the five categories without being copies of any: a network can be
tested, shown and partly trained on them where the real data set is not at hand.
"""

import json
import os
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from pap_core.contours import write_dat
from pap_core.data.phantom.clutter import paint_debris, paint_film, photograph
from pap_core.data.phantom.outlines import Outline, angular, between, blob, pulled, waisted
from pap_core.data.phantom.painting import ORANGE, PINK, Cell, Look, Stain, paint_cell
from pap_core.data.readers.sipakmed import PHANTOM_MARK
from pap_core.errors import InputError
from pap_core.jobs.pool import spread

CATEGORIES: tuple[str, ...] = (
    "Superficial-Intermediate",
    "Parabasal",
    "Koilocytotic",
    "Metaplastic",
    "Dyskeratotic",
)
SIZE = (2048, 1536)

# The ranges reach from small cells to those measured in a real smear (SIPaKMeD, Superficial-Intermediate
# 007), where superficial cells are 280 to 470 px across with nuclei of 30 to 68.
_LOOKS = {
    "Superficial-Intermediate": Look(
        (200, 440), (18, 58), (1.0, 1.6), 0.85, (0.12, 0.60), (0.30, 0.90), (1.5, 6), (-0.15, 0.35), 0.5,
        count=(6, 24), folds=0.7, defocus=0.6, crowding=0.6, overlap=(0.65, 1.0),
    ),
    "Parabasal": Look(
        (90, 200), (45, 80), (1.0, 1.7), 0.1, (0.20, 0.70), (0.25, 0.70), (2, 16), (-0.1, 0.5), 0.15,
        count=(6, 26), vacuoles=0.1, defocus=0.8, crowding=0.75, overlap=(0.7, 1.05),
    ),
    "Koilocytotic": Look(
        (150, 330), (32, 60), (1.0, 1.5), 0.5, (0.20, 0.70), (0.35, 1.0), (1.5, 6), (-0.1, 0.1), 0.5,
        count=(6, 24), folds=0.5, halo=True, rough=(0.02, 0.06), defocus=0.8, crowding=0.7,
        overlap=(0.7, 1.05),
    ),
    "Metaplastic": Look(
        (110, 240), (38, 62), (1.0, 1.7), 0.25, (0.25, 0.85), (0.25, 0.75), (1.5, 5), (-0.6, 0.5), 0.2,
        count=(8, 26), vacuoles=0.3, processes=0.25, defocus=0.7, crowding=0.85, overlap=(0.7, 1.0),
    ),
    "Dyskeratotic": Look(
        (90, 220), (28, 52), (1.0, 2.4), 0.6, (0.35, 0.95), (0.40, 1.1), (2, 8), (-0.1, 0.4), 0.75,
        count=(12, 26), warm=ORANGE + PINK[2:], folds=0.4, rough=(0.015, 0.05), defocus=1.6, crowding=0.9,
        processes=0.35, overlap=(0.5, 0.95),
    ),
}  # fmt: skip
_UNANNOTATED = 0.05
_MARGIN = 2  # pixels of an annotated cell's distance from the frame


@dataclass(frozen=True)
class Smear:
    """A synthetic smear and the truth about it."""

    image: np.ndarray  # (H, W, 3) uint8
    category: str
    cells: list[tuple[np.ndarray, np.ndarray]]  # cell and nucleus polygons, (V, 2) each, source pixels


def smear(category: str, seed: int, size: tuple[int, int] = SIZE) -> Smear:
    """Paint one smear; the same arguments give the same bytes.

    Args:
        category: one of `CATEGORIES`.
        seed: 0 or more.
        size: ``(W, H)`` in pixels, at least 128 each. A smaller field holds fewer cells, not smaller ones.

    Raises:
        ValueError: for any other category or too small a field.
    """
    if category not in CATEGORIES:
        raise ValueError(f"unknown category {category!r}: choose one of {', '.join(CATEGORIES)}")
    if min(size) < 128:
        raise ValueError(f"a field of {size[0]}x{size[1]} px holds no cell: take 128 px or more each way")
    rng = np.random.default_rng([seed, CATEGORIES.index(category), *size])
    look = _LOOKS[category]
    stain = Stain.drawn(rng, look.warm)
    cells = _arranged(look, size, rng)
    field = np.zeros((3, size[1], size[0]), dtype=np.float32)
    paint_film(field, stain, rng)
    for cell in cells:
        paint_cell(field, cell, stain, rng)
    paint_debris(field, stain, rng)
    image = photograph(field, stain, rng)
    truth = [(cell.outline.polygon, cell.nucleus.polygon) for cell in cells if cell.annotated]
    return Smear(image, category, truth)


def _arranged(look: Look, size: tuple[int, int], rng: np.random.Generator) -> list[Cell]:
    """Choose shapes and places for the cells of one smear, alone or against one another."""
    share = size[0] * size[1] / (SIZE[0] * SIZE[1])
    wanted = max(2, round(rng.integers(look.count[0], look.count[1] + 1) * share))
    magnified = rng.uniform(0.85, 1.1)  # all cells of one smear are rather large, or rather small
    cells: list[Cell] = []
    for _ in range(wanted):
        annotated = bool(rng.random() >= _UNANNOTATED)
        # what an annotator passes over is often a large pale cell of another kind
        kind = look if annotated or rng.random() < 0.5 else _LOOKS["Superficial-Intermediate"]
        for _ in range(60):
            cell = _place(_shaped(kind, annotated, min(size), magnified, rng), cells, size, rng)
            if cell is not None:
                cells.append(cell)
                break
    return cells


def _shaped(look: Look, annotated: bool, room: int, magnified: float, rng: np.random.Generator) -> Cell:
    """Draw a cell about (0, 0) with its nucleus wholly inside."""
    across = min(between(rng, look.across) * magnified, 0.6 * room)
    elongation = between(rng, look.elongation)
    if rng.random() < look.angular:
        outline = angular(rng, across, elongation, int(rng.integers(4, 8)))
    else:
        outline = blob(rng, across, elongation, rng.uniform(0.01, 0.05), 72)
    if rng.random() < look.processes:
        outline = pulled(rng, outline)
    width = min(between(rng, look.nucleus) * magnified, 0.6 * across)
    nucleus = blob(rng, width, between(rng, (1.0, 1.5)), between(rng, look.rough), 32)
    if look.halo and rng.random() < 0.2:
        nucleus = waisted(nucleus)
    offset = rng.normal(size=2) * 0.16 * outline.radius
    while not _inside(nucleus.moved(offset), outline):
        offset *= 0.7
        nucleus = nucleus.moved(np.zeros(2), 0.96)
    return Cell(look, outline, nucleus.moved(offset), annotated)


def _inside(nucleus: Outline, outline: Outline) -> bool:
    x, y = nucleus.polygon.T
    return bool(outline.depth(x, y)[0].min() >= 3)


def _place(cell: Cell, others: list[Cell], size: tuple[int, int], rng: np.random.Generator) -> Cell | None:
    """Try one place for a cell drawn about (0, 0); None where it would leave the frame or hide a nucleus."""
    if others and rng.random() < cell.look.crowding:
        beside = others[rng.integers(len(others))]
        turn = rng.uniform(0, 2 * np.pi)
        reach = between(rng, cell.look.overlap) * (beside.outline.radius + cell.outline.radius)
        centre = beside.outline.centre + reach * np.array([np.cos(turn), np.sin(turn)])
    else:
        centre = rng.uniform(0, size)
    outline = cell.outline.moved(centre)
    nucleus = cell.nucleus.moved(centre + cell.nucleus.centre)
    polygon = outline.polygon
    if cell.annotated:
        framed = polygon.min() >= _MARGIN and (polygon <= np.array(size) - _MARGIN).all()
    else:
        framed = bool((np.array(size) > centre).all() and centre.min() > 0)  # may be cut by the frame
    for other in others:
        # cells lie in sheets more than in piles
        reach = np.hypot(*(other.outline.centre - centre)) / (other.outline.radius + outline.radius)
        if reach < 0.8 * min(cell.look.overlap[0], other.look.overlap[0]):
            return None
        apart = np.hypot(*(other.nucleus.centre - nucleus.centre))
        if apart < 0.9 * (other.nucleus.radius + nucleus.radius):
            return None
    return replace(cell, outline=outline, nucleus=nucleus) if framed else None


def write(
    folder: Path, smears: int = 10, seed: int = 0, progress: Callable[[int, int], None] | None = None
) -> None:
    """Write `smears` synthetic smears in the official SIPaKMeD layout (SPEC, section 2), on all cores.

    Smear i belongs to category i modulo 5. The folder appears under its name only once it is complete.

    Args:
        folder: new, or empty.
        smears: 1 or more.
        seed: 0 or more; the same seed gives the same files.
        progress: called with the smears done and `smears` after each.

    Raises:
        InputError: the folder holds something or is a file, `smears` is below 1, or `seed` below 0.
    """
    folder = Path(folder).resolve()
    if smears < 1:
        raise InputError(f"{smears} smears asked for, expected 1 or more; give a larger number.")
    if seed < 0:
        raise InputError(f"seed {seed}: expected 0 or more; give another.")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: a file found, expected a new or empty folder; choose another name.")
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder}: files found in it, expected a new or empty folder; choose another one.")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        items = {index: (unfinished, index, seed) for index in range(smears)}
        painting = spread(_write_smear, items)
        with closing(painting) as painted:  # type: ignore[type-var]  # it is a generator, which can be closed
            for done, _ in enumerate(painted, start=1):
                if progress is not None:
                    progress(done, smears)
        (unfinished / PHANTOM_MARK).write_text(json.dumps({"smears": smears, "seed": seed}))
        if folder.exists():
            folder.rmdir()
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_smear(root: Path, index: int, seed: int) -> None:
    category = CATEGORIES[index % len(CATEGORIES)]
    name = f"{index // len(CATEGORIES) + 1:03d}"
    # neighbouring seeds must not share smears
    own_seed = int(np.random.SeedSequence([seed, index]).generate_state(1)[0])
    drawn = smear(category, own_seed)
    folder = root / f"im_{category}" / f"im_{category}"
    cropped = folder / "CROPPED"
    cropped.mkdir(parents=True, exist_ok=True)
    Image.fromarray(drawn.image).save(folder / f"{name}.bmp")
    for number, polygons in enumerate(drawn.cells, start=1):
        # one decimal is what a contour file keeps of 1000 and more: the crop must follow what is written
        cell, nucleus = (polygon.round(1) for polygon in polygons)
        write_dat(folder / f"{name}_cyt{number:02d}.dat", cell)
        write_dat(folder / f"{name}_nuc{number:02d}.dat", nucleus)
        crop, shift = _cropped(drawn.image, cell)
        Image.fromarray(crop).save(cropped / f"{name}_{number:02d}.bmp")
        write_dat(cropped / f"{name}_{number:02d}_cyt.dat", cell - shift)
        write_dat(cropped / f"{name}_{number:02d}_nuc.dat", nucleus - shift)


def _cropped(image: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut a cell's crop by the official rule; return it and what to take off the smear's contours."""
    low, high = np.floor(cell.min(axis=0)).astype(int), np.floor(cell.max(axis=0)).astype(int)
    left, top = np.maximum(low - 10, 0)
    right, bottom = high + 11
    # the official contours lie half a pixel off the pixels they were cut with
    return image[top:bottom, left:right], np.array([left, top]) + 0.5
