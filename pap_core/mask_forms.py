"""The forms in which a mask tells its classes, and which of them a file has: recognised, never guessed.

Most masks tell their form by their values. Some do not: 0 and 1 may be nuclei, cells or cytoplasm, 1 and 2
may be two cells, and the numbers and the colours of a palette may contradict each other. These are refused
until a person says which form it is.
"""

from collections.abc import Callable, Iterable

import numpy as np
from scipy import ndimage

from pap_core.errors import InputError
from pap_core.labels import BACKGROUND, CODES, CYTOPLASM, IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL, decode
from pap_core.mask_colours import MAX_FOREIGN, NEAR, is_colour_map, is_unknown, nearest_of_herlev
from pap_core.mask_geometry import is_drawn_area, is_swapped, nuclei_lie_in_cells
from pap_core.masks import Mask, values_of

LABELS, NUCLEI, CELLS, COLOURS, HERLEV = "labels", "nuclei", "cells", "colours", "herlev"
FORMS = {
    LABELS: "0 background, 1 cytoplasm, 2 nucleus, 255 ignore",
    NUCLEI: "0 none, any other number a nucleus",
    CELLS: "0 none, any other number a whole cell",
    COLOURS: "white background, red cytoplasm, blue nucleus",
    HERLEV: "red background, dark blue cytoplasm, blue nucleus",
}
BOTH_CLASSES = (LABELS, COLOURS, HERLEV)  # the forms that tell nucleus and cytoplasm
EXPECTED = (
    "expected a label map (0 background, 1 cytoplasm, 2 nucleus, 255 ignore), a colour map (white, red, "
    "blue), a mask in Herlev's colours (red, dark blue, blue) or one of the grey levels 0, 51 and 170"
)

_LABELS = {code: code for code in CODES}
_GREYS = {0: BACKGROUND, 51: CYTOPLASM, 170: NUCLEUS}  # drawn so by others from SIPaKMeD's contours
_CELL = (CYTOPLASM, NUCLEUS, OF_CELL)
_NAMED = 8  # values named in a message


class UnclearForm(InputError):
    """A mask that may be read in several ways."""


def read_form(
    mask: Mask,
    name: str,
    form: str | None = None,
    forms: Iterable[str] = FORMS,
    may_be_empty: bool = False,
) -> np.ndarray:
    """Read a mask as a label map.

    Nuclei alone leave open where cytoplasm is: what is none is 253. Cells alone leave open where their nuclei
    are: they are 254. In both, 128 is unknown where nothing but 0 and 255 is beside it, and so is 255 beside
    1, 2, 3 and on.

    Args:
        mask: as it is stored.
        name: what to call the file in a message.
        form: one of `FORMS`; None to recognise it.
        forms: those that can be chosen, for messages.
        may_be_empty: it may hold no cell, as long as it says of some pixel that there is none.

    Returns:
        ``(H, W)`` uint8 label map.

    Raises:
        InputError: another form, no cell in it, or, unless a form is given, one that may be read in two ways.
    """
    label = _recognised(mask, name, tuple(forms)) if form is None else _READERS[form](mask, name)
    if not _has_cell(label) and not (may_be_empty and (label != IGNORE).any()):
        raise InputError(
            f"{name}: no pixel of a nucleus or of cytoplasm found; {EXPECTED}, with a cell in it and 8 bit a "
            "pixel, so check that this is the right file."
        )
    return label


def _recognised(mask: Mask, name: str, forms: tuple[str, ...]) -> np.ndarray:
    found: dict[str, np.ndarray] = {}
    refusals: list[InputError] = []
    for how, stored, reading in (
        ("numbers", mask.numbers, _by_number),
        ("colours", mask.colours, _by_colour),
    ):
        if stored is not None:
            try:
                found[how] = reading(mask, stored, name, forms)
            except InputError as error:
                refusals.append(error)
    with_cell = {how: label for how, label in found.items() if _has_cell(label)}
    if len(with_cell) == 2 and not np.array_equal(with_cell["numbers"], with_cell["colours"]):
        told = "; ".join(f"its {how} say {_told(label)}" for how, label in with_cell.items())
        raise UnclearForm(
            f"{name}: a palette whose numbers and colours say different things ({told}), expected the same; "
            f"{_ask((LABELS, COLOURS, HERLEV), forms)}."
        )
    unclear = [error for error in refusals if isinstance(error, UnclearForm)]
    if not with_cell and (unclear or refusals):
        raise (unclear or refusals)[-1]
    label = next(iter((with_cell or found).values()))
    if is_swapped(label):  # as programs draw that have the colours the other way round
        raise UnclearForm(
            f"{name}: what is drawn as cytoplasm found within what is drawn as nucleus, so that the two may "
            f"be swapped; {EXPECTED}; swap them, or {_ask((COLOURS, HERLEV), forms)}."
        )
    return label


def _by_number(mask: Mask, numbers: np.ndarray, name: str, forms: tuple[str, ...]) -> np.ndarray:
    _check_exact(mask, name)
    _check_not_inverted(mask, numbers, name)
    values = values_of(numbers)
    found = set(values)
    if numbers.dtype != np.uint8:
        raise UnclearForm(
            f"{name}: the {8 * numbers.dtype.itemsize}-bit values {_listed(values)} found; {EXPECTED}, 8 bit "
            f"a pixel; {_ask((LABELS, NUCLEI, CELLS), forms)}."
        )
    if found == {0, 255}:
        raise UnclearForm(
            f"{name}: only the values 0 and 255 found, which do not tell its class; {EXPECTED}; "
            f"{_ask((NUCLEI, CELLS), forms)}."
        )
    if CYTOPLASM in found and found <= {BACKGROUND, CYTOPLASM, IGNORE}:
        raise UnclearForm(
            f"{name}: the values {_listed(values)} found, where 1 may be nucleus, cell or cytoplasm; "
            f"{EXPECTED}; {_ask((NUCLEI, CELLS, LABELS), forms)}."
        )
    if found <= _LABELS.keys():
        if NUCLEUS in found and not found & {NOT_NUCLEUS, OF_CELL} and not nuclei_lie_in_cells(numbers):
            raise UnclearForm(
                f"{name}: the values {_listed(values)} found, where 2 does not lie in 1 as nuclei do in "
                f"cytoplasm, so that each may be a cell of its own; {EXPECTED}; "
                f"{_ask((LABELS, NUCLEI, CELLS), forms)}."
            )
        return _mapped(numbers, _LABELS)
    if found <= _GREYS.keys():
        return _mapped(numbers, _GREYS)
    raise UnclearForm(
        f"{name}: the grey values {_listed(values)} found; {EXPECTED}; {_ask((NUCLEI, CELLS), forms)}."
    )


def _by_colour(mask: Mask, colours: np.ndarray, name: str, forms: tuple[str, ...]) -> np.ndarray:
    if np.ptp(colours, axis=-1).max() == 0:  # a palette of greys
        grey = colours[..., 0]
        return _by_number(Mask(grey, None, mask.hidden, mask.exact), grey, name, forms)
    if is_colour_map(colours):
        if not (colours >= 255 - NEAR).all(axis=-1).any():
            raise UnclearForm(
                f"{name}: only red and blue found, which are cytoplasm and nucleus in a colour map, "
                f"background and nucleus in Herlev's masks; {_ask((COLOURS, HERLEV), forms)}."
            )
        return _read_colour_map(colours, mask.hidden, name)
    label, foreign = nearest_of_herlev(colours)
    if foreign > MAX_FOREIGN:
        raise InputError(f"{name}: a picture in other colours found; {EXPECTED}, saved as PNG or BMP.")
    return label


def _read_labels(mask: Mask, name: str) -> np.ndarray:
    numbers = _numbers(mask, name, LABELS)
    values = values_of(numbers)
    if not set(values) <= _LABELS.keys():
        raise InputError(
            f"{name}: the values {_listed(values)} found, expected 0, 1, 2 and 255 alone of a label map; "
            "choose another form."
        )
    return numbers.astype(np.uint8)


def _read_nuclei(mask: Mask, name: str) -> np.ndarray:
    return _read_objects(mask, name, NUCLEI, NOT_NUCLEUS, NUCLEUS)


def _read_cells(mask: Mask, name: str) -> np.ndarray:
    return _read_objects(mask, name, CELLS, BACKGROUND, OF_CELL)


def _read_objects(mask: Mask, name: str, form: str, none: int, one: int) -> np.ndarray:
    numbers = _numbers(mask, name, form)
    values = values_of(numbers)
    if values[0] < 0:
        raise InputError(f"{name}: the value {values[0]} found, expected 0 and larger ones; save it again.")
    label = np.where(numbers > 0, np.uint8(one), np.uint8(none))
    if 128 in values and set(values) <= {0, 128, 255}:
        label[numbers == 128] = IGNORE
    elif len(values) > 2 and values[-1] == 255 and values[-2] != 254:
        smaller = [value for value in values[:-1] if value]
        if smaller != list(range(1, len(smaller) + 1)):
            raise InputError(
                f"{name}: the values {_listed(values)} found, where 255 may be one of the {form} or what is "
                f"unknown, expected {form} numbered 1, 2, 3 and on beside 255 for unknown; number them so, "
                "or save all as 255."
            )
        label[numbers == 255] = IGNORE
    return label


def _read_colours(mask: Mask, name: str) -> np.ndarray:
    if mask.colours is None or not is_colour_map(mask.colours):
        raise InputError(
            f"{name}: a picture in other colours found, expected white, red and blue of a colour map; choose "
            "another form."
        )
    return _read_colour_map(mask.colours, mask.hidden, name)


def _read_herlev(mask: Mask, name: str) -> np.ndarray:
    foreign = 1.0
    if mask.colours is not None:
        label, foreign = nearest_of_herlev(mask.colours)
        if foreign <= MAX_FOREIGN:
            return label
    raise InputError(
        f"{name}: {foreign:.0%} of the pixels have none of Herlev's mask colours; expected red, dark "
        "blue, blue, grey and black, so check that this file is a mask."
    )


_READERS: dict[str, Callable[[Mask, str], np.ndarray]] = {
    LABELS: _read_labels,
    NUCLEI: _read_nuclei,
    CELLS: _read_cells,
    COLOURS: _read_colours,
    HERLEV: _read_herlev,
}


def _read_colour_map(colours: np.ndarray, hidden: np.ndarray | None, name: str) -> np.ndarray:
    """Read a colour map; its borders, which are no class, become what lies nearest to each pixel."""
    label = decode(colours)
    border = np.all(colours < 128, axis=-1)
    if border.all():
        raise InputError(f"{name}: nothing but black found; {EXPECTED}.")
    if is_drawn_area(border, label):
        raise InputError(
            f"{name}: an area of black within red found, where black is no class but a border; {EXPECTED}, "
            "so draw nuclei blue."
        )
    if hidden is not None and (border & hidden).any():
        raise InputError(
            f"{name}: black under transparency found, which is a border in a colour map; save it without "
            "transparency, its background white."
        )
    if border.any():
        rows, columns = ndimage.distance_transform_edt(border, return_distances=False, return_indices=True)
        label = label[rows, columns]
    label[is_unknown(colours)] = IGNORE
    return label


def _numbers(mask: Mask, name: str, form: str) -> np.ndarray:
    if mask.numbers is None:
        raise InputError(
            f"{name}: a picture in colours found, expected numbers as {form}; choose another form."
        )
    _check_exact(mask, name)
    _check_not_inverted(mask, mask.numbers, name)
    return mask.numbers


def _check_not_inverted(mask: Mask, numbers: np.ndarray, name: str) -> None:
    """Refuse a mask of two values whose file says that 0 is white: what is drawn depends on who reads it."""
    if mask.black and set(values_of(numbers)) <= {0, mask.black}:
        stored = int((numbers > 0).sum())
        raise InputError(
            f"{name}: a TIFF of two values that says that 0 is white found, where {stored:,} px are drawn by "
            f"its numbers and {numbers.size - stored:,} px by what viewers show, expected 0 as black; "
            "save it so, or as PNG, what is drawn in white."
        )


def _check_exact(mask: Mask, name: str) -> None:
    if not mask.exact:
        raise InputError(
            f"{name}: grey in a format that changes values found, as JPEG does; {EXPECTED}, saved as PNG "
            f"or BMP."
        )


def _mapped(numbers: np.ndarray, kind: dict[int, int]) -> np.ndarray:
    classes = np.zeros(256, dtype=np.uint8)
    classes[list(kind)] = list(kind.values())
    return classes[numbers]


def _has_cell(label: np.ndarray) -> bool:
    return bool(np.isin(label, _CELL).any())


def _told(label: np.ndarray) -> str:
    nucleus, cytoplasm = (int((label == value).sum()) for value in (NUCLEUS, CYTOPLASM))
    return f"{nucleus:,} px nucleus and {cytoplasm:,} px cytoplasm"


def _ask(settling: tuple[str, ...], offered: tuple[str, ...]) -> str:
    """Return what to do about an unclear form, of the forms that would settle it."""
    chosen = [form for form in settling if form in offered]
    if not chosen:
        return "nuclei or cells alone do not tell both classes, draw both"
    words = [f"--truth {part}" for part, form in (("nucleus", NUCLEI), ("cell", CELLS)) if form in chosen]
    if offered == BOTH_CLASSES:
        words = ["--mask-form"]
    typed = f", {' or '.join(words)} on the command line" if words else ""
    return f"choose the form of the mask, {' or '.join(chosen)} (“Form of the mask” on the page{typed})"


def _listed(values: list[int]) -> str:
    return ", ".join(map(str, values[:_NAMED])) + (", …" if len(values) > _NAMED else "")
