"""Whether truth fits its picture: nuclei are darker than what lies around them, and cells lie within it.

The size of a picture, its orientation and its name say which pixels the truth was drawn on, or seem to; the
pixels themselves are the evidence. Of 795 real cells (Herlev's 763, SIPaKMeD's smear 007 twice) no nucleus
was less than 3 grey levels darker than its cytoplasm, by their medians; of the same contours after half a
turn about a third were no darker.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from pap_core.data.crop import Drawn, draw, lies_outside, lies_within
from pap_core.data.readers.beside import Size, passed_over, size, turnless, worth
from pap_core.data.readers.cell import Cell, Skipped
from pap_core.errors import InputError
from pap_core.images import Picture, as_stored, read_picture

DOUBTFUL = "doubtful, kept"  # how the reason of a cell begins whose truth may be another picture's
TURNED = "turned, kept"  # and that of a picture whose EXIF orientation is not 1
READ = "read so, kept"  # and that of a picture of which a person should know how it was read
DARKER = 2.0  # grey levels of 255 that a nucleus is darker at least
_RING = 6  # px around a nucleus without cytoplasm


@dataclass(frozen=True)
class Fitted:
    """A picture in one grid, and its cells drawn on it."""

    image: np.ndarray  # (H, W, 3) uint8
    drawn: list[tuple[Drawn, str | None]]  # with what was cut off, if anything
    skipped: list[Skipped]  # cells that do not fit, and what is to be said of the picture
    darker: dict[str, float]  # grey levels that the nucleus of a cell is darker than its surroundings
    within: int  # cells of which all lies in the picture

    @property
    def contrast(self) -> float:
        """The median of `darker`; cells that do not fit count as the worst."""
        unfit = (one for one in self.skipped if not one.reason.startswith((READ, TURNED)))
        return float(np.median([*self.darker.values(), *(-255.0 for _ in unfit)]))

    @property
    def evidence(self) -> tuple[bool, int, float]:
        """How well the truth fits: compares with that of other pixels for the same cells."""
        return self.contrast >= DARKER, self.within, self.contrast


def fitted(cells: Sequence[Cell], path: Path, mask_form: str | None = None) -> Fitted:
    """Draw the cells of one picture on the pixels that they were drawn on, upright or as the file has them.

    Args:
        cells: of the picture.
        path: of the picture.
        mask_form: as `draw` takes it.

    Raises:
        InputError: the picture cannot be read, or is not the one that its cells were drawn on.
    """
    picture = read_picture(path)
    name = cells[0].picture or path.name
    told = [Skipped(name, f"{READ}: {path}: {'; '.join(picture.remarks)}")] if picture.remarks else []
    upright = _fit(cells, picture.pixels, mask_form)
    if picture.orientation == 1:
        _check_size(cells, upright, path)
        return replace(upright, skipped=[*upright.skipped, *told])
    stored = _fit(cells, as_stored(picture), mask_form)
    is_stored = stored.evidence > upright.evidence
    chosen = stored if is_stored else upright
    _check_size(cells, chosen, path)
    turned = Skipped(name, _turned(picture, chosen, is_stored))
    return replace(chosen, skipped=[*chosen.skipped, *told, turned])


def picture_of(paths: Sequence[Path], cells: Sequence[Cell]) -> tuple[Path, list[Skipped]]:
    """Choose the picture that holds most cells; where several do, the one whose pixels show them.

    Args:
        paths: pictures of one name, in order.
        cells: their contours.

    Returns:
        The picture, and the others as `passed_over` lists them.
    """
    if len(paths) == 1:
        return paths[0], []
    sizes = {path: size(path) for path in paths}
    best = sorted(paths, key=lambda path: worth(path, sizes[path]))
    if cells:
        held = {path: _held(sizes[path], cells) for path in best}
        best = [path for path in best if held[path] == max(held.values())]
        if len(best) > 1:
            shown = [path for path in best if _shown(path, cells)[0]]  # not a mask by the picture's name
            best = shown or best
        by_size = {turnless(sizes[path]): path for path in best}  # the worthiest of each
        if len(by_size) > 1:
            best = sorted(by_size.values(), key=lambda path: _shown(path, cells))
    return best[-1], passed_over(paths, best[-1], sizes)


def _held(extent: Size | None, cells: Sequence[Cell]) -> int:
    """Return how many cells lie within a picture of that size, upright or on its side."""
    if extent is None:
        return -1
    return max(sum(lies_within(cell, shape) for cell in cells) for shape in (extent, extent[::-1]))


def _shown(path: Path, cells: Sequence[Cell]) -> tuple[bool, float, int]:
    """Tell whether and how well a picture shows dark nuclei where the contours are, and its pixels."""
    try:
        found = fitted(cells, path)
    except InputError:
        return False, 0.0, 0
    dark = found.contrast >= DARKER
    return dark, found.contrast * dark, found.image.size


def doubts(found: Fitted, path: Path) -> list[Skipped]:
    """List the cells whose nucleus is no darker than its surroundings, or all where it is so as a rule."""
    whole = bool(found.darker) and float(np.median(list(found.darker.values()))) < DARKER
    reason = (
        f"{DOUBTFUL}: the nucleus is no darker than its surroundings; check that the truth is of {path.name} "
        "and drawn in its grid"
    )
    rule = (
        f"{DOUBTFUL}: the nuclei of this picture are no darker than their surroundings as a rule; check that "
        f"the truth is of {path.name} and drawn in its grid"
    )
    return [
        Skipped(identifier, rule if whole else reason)
        for identifier, darker in found.darker.items()
        if whole or darker < DARKER
    ]


def _fit(cells: Sequence[Cell], image: np.ndarray, mask_form: str | None) -> Fitted:
    shape = image.shape[:2]
    found = Fitted(image, [], [], {}, sum(lies_within(cell, shape) for cell in cells))
    for cell in cells:
        try:
            drawn, cut = draw(cell, shape, mask_form)
        except InputError as error:
            found.skipped.append(Skipped(cell.id, str(error)))
            continue
        found.drawn.append((drawn, cut))
        if cell.reviewed is None:  # whose outlines a person saw on these very pixels
            found.darker[cell.id] = _darker(image, drawn)
    return found


def _darker(image: np.ndarray, drawn: Drawn) -> float:
    """Return the grey levels that a nucleus is darker than the cytoplasm, or else the ring, around it."""
    rows, columns = (np.flatnonzero(drawn.whole.any(axis=axis)) for axis in (1, 0))
    top, left = max(rows[0] - _RING, 0), max(columns[0] - _RING, 0)
    box = np.s_[top : rows[-1] + _RING + 1, left : columns[-1] + _RING + 1]
    nucleus, grey = drawn.nucleus[box], image[box].mean(axis=-1)
    around = drawn.whole[box] & ~nucleus
    if not around.any():
        around = binary_dilation(nucleus, iterations=_RING) & ~nucleus
    return float(np.median(grey[around]) - np.median(grey[nucleus])) if around.any() else 255.0


def _check_size(cells: Sequence[Cell], found: Fitted, path: Path) -> None:
    """Refuse a picture that few of its cells lie in: those that happen to do are as wrong as the others."""
    height, width = shape = found.image.shape[:2]
    outside = sum(lies_outside(cell, shape) for cell in cells)
    if len(cells) > 1 and 2 * outside > len(cells):
        contours = [
            contour for cell in cells for contour in (cell.outline, cell.nucleus) if contour is not None
        ]
        x, y = np.concatenate(contours).max(axis=0)
        raise InputError(
            f"{path}: {outside} of the {len(cells)} cells beside it lie outside its {width} × {height} "
            f"pixels, up to {x:.0f}, {y:.0f}; put the picture there that they were drawn on."
        )


def _turned(picture: Picture, chosen: Fitted, is_stored: bool) -> str:
    height, width = chosen.image.shape[:2]
    way = "as the file stores it" if is_stored else "upright"
    return (
        f"{TURNED}: its EXIF orientation is {picture.orientation}, and the truth beside it fits the "
        f"{width} × {height} picture {way}, which was used"
    )
