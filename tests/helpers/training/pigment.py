"""A systematic fault to be mended: phantoms with grains of pigment that networks take for nuclei."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from pap_core.contours import fill, write_dat
from pap_core.data.crop import draw, label_map, window
from pap_core.data.phantom import smear as phantom
from pap_core.data.readers.cell import Cell
from pap_core.errors import InputError
from pap_core.inference.segmenter import Segmenter
from pap_core.labels import decode
from pap_core.outlines import Outlines
from pap_core.reviewing.queue import outlines
from pap_core.reviews.checks import picture_digest
from pap_core.reviews.records import CORRECTED, Decision, Place, ReviewCell
from pap_core.reviews.store import Reviews

FIELD = (640, 512)  # px, of a small smear
WINDOW = 256  # px
BROWN = np.array([0.1, 0.6, 1.6], dtype=np.float32)  # optical density of the grains
GRAINS = 3  # in a cell


def pigmented(smear: phantom.Smear, seed: int) -> np.ndarray:
    """Return the smear's picture with grains as large as nuclei in the cytoplasm of its cells."""
    rng = np.random.default_rng(seed)
    shape = smear.image.shape[:2]
    density = -np.log(np.maximum(smear.image.astype(np.float32), 1) / 255)
    ys, xs = np.mgrid[: shape[0], : shape[1]]
    for cell, nucleus in smear.cells:
        inner = fill(nucleus, shape)
        largest = 0.8 * np.sqrt(inner.sum() / np.pi)
        room = ndimage.distance_transform_edt(fill(cell, shape) & ~inner)
        for _ in range(GRAINS):
            rows, columns = np.nonzero(room > 0.6 * largest)
            if not len(rows):
                break
            place = rng.integers(len(rows))
            away = np.hypot(ys - rows[place], xs - columns[place])
            radius = min(largest, room[rows[place], columns[place]] - 1)
            density += ndimage.gaussian_filter((away < radius).astype(np.float32), 1.5)[..., None] * BROWN
            room = np.minimum(room, away - radius)
    return (np.exp(-density) * 255).round().clip(0, 255).astype(np.uint8)


def write_source(folder: Path, seeds: Iterable[int], faulty: bool) -> Path:
    """Write phantoms of every category in SIPaKMeD's layout, with or without the fault."""
    for category in phantom.CATEGORIES:
        below = folder / f"im_{category}" / f"im_{category}"
        below.mkdir(parents=True)
        for seed in seeds:
            smear = phantom.smear(category, seed, FIELD)
            image = pigmented(smear, seed) if faulty else smear.image
            Image.fromarray(image).save(below / f"{seed}.bmp")
            for number, (cell, nucleus) in enumerate(smear.cells, start=1):
                write_dat(below / f"{seed}_cyt{number:02d}.dat", cell)
                write_dat(below / f"{seed}_nuc{number:02d}.dat", nucleus)
    (folder / phantom.PHANTOM_MARK).write_text("{}")
    return folder


def correct(reviews: Reviews, segmenter: Segmenter, seeds: Iterable[int]) -> int:
    """Have every cell of some faulty phantoms predicted and corrected to its true outlines; count them."""
    count = 0
    for category in phantom.CATEGORIES:
        for seed in seeds:
            smear = phantom.smear(category, seed, FIELD)
            image = pigmented(smear, seed)
            for cell in _windows(image, smear, segmenter, f"{category}_{seed}"):
                reviews.save(*cell, None)
                count += 1
    return count


def _windows(image: np.ndarray, smear: phantom.Smear, segmenter: Segmenter, group: str):
    """Yield each cell whose window lies within the smear, as it is reviewed, and what is decided of it."""
    shape, digest = image.shape[:2], picture_digest(image)
    for number, (outline, nucleus) in enumerate(smear.cells):
        one = draw(Cell(str(number), smear.category, group, Path(group), outline, nucleus), shape)[0]
        try:
            crop = window(image, label_map([one], shape), one, WINDOW)
        except InputError:
            continue
        label = decode(segmenter.generate(crop.image[None])[0])
        corner = np.array([crop.x0, crop.y0])
        cell = ReviewCell(
            id=hashlib.sha256(f"{digest} {number}".encode()).hexdigest(),
            picture=crop.image,
            label=label,
            before=outlines(*_middle(label)),
            checkpoint=segmenter.checkpoint.digest,
            source="smear",
            name=digest,
            group=digest,
            category=smear.category,
            place=Place(crop.x0, crop.y0),
        )
        after = Outlines((outline - corner,), (nucleus - corner,))
        yield cell, Decision(cell.id, "Ada", CORRECTED, cell.checkpoint, cell.before, after)


def _middle(label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the connected cell in the middle of a predicted label map, and the nuclei in it."""
    pieces, _ = ndimage.label(label > 0)
    own = pieces == pieces[WINDOW // 2, WINDOW // 2]
    own &= label > 0
    return own, own & (label == 2)
