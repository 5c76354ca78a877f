"""A drawn smear, what a model might have made of it, and its cells as reviewers got and left them."""

import hashlib
from dataclasses import replace

import numpy as np

from pap_core.contours import fill
from pap_core.outlines import Outlines
from pap_core.reviews.checks import picture_digest
from pap_core.reviews.records import ACCEPTED, CORRECTED, REJECTED, Decision, Place, ReviewCell
from pap_core.reviews.store import Reviews
from tests.helpers.reviews import drawn_reviews

SIZE = (700, 500)  # px
# centre and radius; the nucleus has a third of it
CELLS = {"left": (220.0, 250.0, 60.0), "right": (325.0, 260.0, 70.0), "far": (560.0, 240.0, 50.0)}
GLASS, CYTOPLASM, NUCLEUS = (230, 225, 220), (120, 160, 200), (60, 40, 90)
SIDE = 320  # px, of a window


def circle(x: float, y: float, radius: float) -> np.ndarray:
    """Return a polygon with coordinates that a contour file keeps as they are."""
    return drawn_reviews.circle(x, y, radius).round(2)


def true(name: str) -> Outlines:
    """Return the outlines of a cell in pixels of the smear."""
    x, y, radius = CELLS[name]
    return Outlines((circle(x, y, radius),), (circle(x, y, radius / 3),))


def predicted(name: str) -> Outlines:
    """Return what the model made of a cell: a nucleus and a cell that are too large."""
    x, y, radius = CELLS[name]
    return Outlines((circle(x, y, radius + 8),), (circle(x, y, radius / 2),))


def painted(seed: int = 0) -> np.ndarray:
    """Return the smear, ``(H, W, 3)`` uint8; another seed is another smear, its cells in the same places."""
    grain = np.random.default_rng(seed).integers(-8, 9, (SIZE[1] // 20, SIZE[0] // 20, 3))
    image = np.full((*SIZE[::-1], 3), GLASS)
    for part, colour in (("cell", CYTOPLASM), ("nucleus", NUCLEUS)):
        for name in CELLS:
            image[fill(getattr(true(name), part)[0], image.shape[:2])] = colour
    return (image + grain.repeat(20, axis=0).repeat(20, axis=1)).clip(0, 255).astype(np.uint8)


def label_map() -> np.ndarray:
    """Return the label map predicted for the smear."""
    return np.maximum.reduce([predicted(name).label(SIZE[::-1]) for name in CELLS])


def cell(which: str, seed: int = 0, **changed: object) -> ReviewCell:
    """Return a cell in a window of its smear, as it is given to be reviewed."""
    image, (x, y, _) = painted(seed), CELLS[which]
    x0, y0 = (max(0, int(middle) - SIDE // 2) for middle in (x, y))
    window = np.s_[y0 : y0 + SIDE, x0 : x0 + SIDE]
    digest, place = picture_digest(image), Place(x0, y0)
    found = ReviewCell(
        id=hashlib.sha256(f"{digest} {which}".encode()).hexdigest(),
        picture=image[window],
        label=label_map()[window],
        before=moved(predicted(which), place),
        checkpoint="c0ffee",
        source="smear",
        name=digest,
        group=digest,
        category="Parabasal",
        place=place,
    )
    return replace(found, **changed)


def moved(outlines: Outlines, place: Place) -> Outlines:
    """Take outlines from the smear to a window of it."""
    corner = np.array([place.x0, place.y0])
    return Outlines(*(tuple(ring - corner for ring in rings) for rings in (outlines.cell, outlines.nucleus)))


def accept(reviews: Reviews, one: ReviewCell, **said: object) -> Decision:
    """Save that a cell is right as it was predicted."""
    return _save(reviews, one, ACCEPTED, one.before, said)


def correct(reviews: Reviews, one: ReviewCell, after: Outlines, **said: object) -> Decision:
    """Save a correction."""
    return _save(reviews, one, CORRECTED, after, said)


def reject(reviews: Reviews, one: ReviewCell, reason: str = "out of focus", **said: object) -> Decision:
    """Save that a cell is of no use."""
    return _save(reviews, one, REJECTED, one.before, {"reason": reason, **said})


def _save(reviews: Reviews, one: ReviewCell, verdict: str, after: Outlines, said: dict) -> Decision:
    decision = Decision(
        one.id,
        said.pop("reviewer", "Ada"),
        verdict,
        checkpoint=one.checkpoint,
        before=one.before,
        after=after,
        **said,
    )
    return reviews.save(one, decision, None).decision


def reviewed(reviews: Reviews, seed: int = 0, **changed: object) -> dict[str, ReviewCell]:
    """Have the left cell corrected and the far one accepted; return all three."""
    cells = {name: cell(name, seed, **changed) for name in CELLS}
    correct(reviews, cells["left"], moved(true("left"), cells["left"].place))
    accept(reviews, cells["far"])
    return cells
