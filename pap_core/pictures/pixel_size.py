"""How large a pixel is, where a file tells it and means it."""

import math
from typing import Any

_UNITS = {  # in µm, as OME-XML, ImageJ and people write them
    "nm": 1e-3,
    "µm": 1.0,
    "μm": 1.0,  # another letter that looks the same
    "um": 1.0,
    "micron": 1.0,
    "microns": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "mm": 1e3,
    "cm": 1e4,
    "m": 1e6,
    "inch": 25_400.0,
    "in": 25_400.0,
}
_SMALLEST, _LARGEST = (
    0.02,
    20.0,
)  # µm: of microscopes; editors write 72, 96 or 300 pixels an inch, which is none
_SQUARE = 0.01  # sides that differ by less are equal


def from_sides(across: Any, down: Any, unit: str = "µm") -> tuple[float | None, tuple[str, ...]]:
    """Return the µm per pixel, None where that is none of a microscope, and remarks.

    >>> from_sides(250, 250, "nm")
    (0.25, ())
    >>> from_sides(350, 350)
    (None, ())
    """
    try:
        sides = [float(side) * _UNITS[unit.strip().replace("\\u00B5", "µ")] for side in (across, down)]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None, ()
    if not all(_SMALLEST <= side <= _LARGEST for side in sides):
        return None, ()
    if abs(sides[0] - sides[1]) > _SQUARE * max(sides):
        told = f"{sides[0]:.3g} × {sides[1]:.3g} µm"
        return None, (f"its pixels are not square ({told}), so that their size is left aside",)
    return math.sqrt(sides[0] * sides[1]), ()


def from_density(density: Any, unit: str = "inch") -> tuple[float | None, tuple[str, ...]]:
    """Return the µm per pixel of pixels per inch or another unit, across and down; see `from_sides`."""
    try:
        across, down = (1 / float(one) for one in density)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None, ()
    return from_sides(across, down, unit)
