"""What may be kept of a review, and what is refused with a sentence."""

import hashlib
from dataclasses import fields

import numpy as np

from pap_core.contours import fill
from pap_core.errors import InputError
from pap_core.outlines import Outlines
from pap_core.reviews.records import REASONS, REJECTED, VERDICTS, Decision, ReviewCell

LONGEST_REMARK = 2000  # characters
LONGEST_NAME = 200
LARGEST_SIDE = 4096  # px of a picture under review
MOST_VERTICES = 20_000  # of all outlines of a cell together


def check(cell: ReviewCell, decision: Decision) -> None:
    """See that a decision of a cell can be kept.

    Raises:
        InputError: it says nothing, too much, or something else than a decision of this cell.
    """
    if decision.cell != cell.id:
        raise ValueError(f"a decision of cell {decision.cell} beside cell {cell.id}")
    _check_pixels(cell)
    _check_words(cell, decision)
    for outlines in (cell.before, decision.before, decision.after):
        Outlines.from_json(outlines.to_json())  # what is kept can be read
    _check_drawing(decision.after, cell.picture.shape[:2])
    if decision.verdict != REJECTED and not _covers(decision.after, cell.picture.shape[:2]):
        raise InputError(
            f"The cell is {decision.verdict} without an outline on the picture, expected at least the whole "
            "cell's; draw it, or reject the cell."
        )


def picture_digest(picture: np.ndarray) -> str:
    """Return the sha256 of a picture's size and pixels."""
    size = "{1}x{0}".format(*picture.shape)
    return hashlib.sha256(size.encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()


def _check_pixels(cell: ReviewCell) -> None:
    picture, label = cell.picture, cell.label
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
        raise ValueError(f"a picture of {picture.shape} {picture.dtype}, expected (H, W, 3) uint8")
    if label.dtype != np.uint8 or label.shape != picture.shape[:2]:
        raise ValueError(f"a label map of {label.shape} {label.dtype} to a picture of {picture.shape}")
    if not 0 < min(label.shape) <= max(label.shape) <= LARGEST_SIDE:
        raise InputError(
            f"The cell's picture is {label.shape[1]} × {label.shape[0]} pixels, expected up to "
            f"{LARGEST_SIDE} a side; review a part of it."
        )


def _check_words(cell: ReviewCell, decision: Decision) -> None:
    if decision.verdict not in VERDICTS:
        raise InputError(f"The verdict is {decision.verdict!r}; choose one of {', '.join(VERDICTS)}.")
    if decision.verdict == REJECTED and decision.reason not in REASONS:
        raise InputError(f"The reason is {decision.reason!r}; choose one of {', '.join(REASONS)}.")
    if decision.verdict != REJECTED and decision.reason:
        raise InputError(
            f"A reason is given for a cell that is {decision.verdict}; reject it, or leave it out."
        )
    if not decision.reviewer.strip():
        raise InputError("The reviewer has no name; type yours, so that others know who decided.")
    if len(decision.remark) > LONGEST_REMARK:
        raise InputError(
            f"The remark has {len(decision.remark)} characters, expected up to {LONGEST_REMARK}; shorten it."
        )
    for record in (cell, decision):
        for one in fields(record):
            text = getattr(record, one.name)
            if not isinstance(text, str):
                continue
            if one.name != "remark" and len(text) > LONGEST_NAME:
                raise InputError(
                    f"The {one.name} has {len(text)} characters, expected up to {LONGEST_NAME}; shorten it."
                )
            if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
                raise InputError(f"The {one.name} holds signs that are no text; type it again.")


def _covers(outlines: Outlines, shape: tuple[int, int]) -> bool:
    return any(fill(ring, shape).any() for ring in (*outlines.cell, *outlines.nucleus))


def _check_drawing(drawn: Outlines, shape: tuple[int, int]) -> None:
    vertices = np.concatenate([np.empty((0, 2)), *drawn.cell, *drawn.nucleus])
    if len(vertices) > MOST_VERTICES:
        raise InputError(
            f"The outlines have {len(vertices)} vertices, expected up to {MOST_VERTICES}; draw fewer."
        )
    size = np.array(shape[::-1])
    # a shape may lean out of the picture; one as far off as the picture is large was lost
    if (vertices < -size).any() or (vertices > 2 * size).any():
        raise InputError(
            f"The outlines lie far outside the picture of {size[0]} × {size[1]} pixels, expected them on it; "
            "reset the drawing and draw it again."
        )
