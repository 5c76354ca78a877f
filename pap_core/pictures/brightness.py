"""The values of a picture, of whatever depth, brought to 8 bit; and whether they make it a dark one."""

import numpy as np

_DEPTHS = (8, 10, 12, 14)  # that cameras have, and that are kept in 16 bit
_DARK = 64  # of 256: a quarter
_SHARE = 99.9  # % of the values that have to be dark: a few hot pixels make no picture bright
_LOOKED_AT = 1_000_000  # values, at most


def eight_bit(
    values: np.ndarray, bits: int, told: int | None = None, inverted: bool = False
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Scale unsigned values to 8 bit, and say where they are dark.

    Cameras of 10, 12 or 14 bit are kept in 16: where the values use less than a quarter of their range, they
    are taken for the smallest depth that holds them. Values of 8 bit are never scaled.

    Args:
        values: unsigned integers of any shape.
        bits: of a value as it is stored, up to 16.
        told: the largest value possible, where the file tells it.
        inverted: 0 is white.

    Returns:
        The values as uint8, and remarks.
    """
    full = 2**bits - 1
    largest = int(values.max())
    if told is not None and largest <= told <= full:
        top = told
    else:
        top = _camera(largest, full)
        if top == full and inverted:  # a camera's values inverted within all bits
            values, inverted = full - values, False
            largest = int(values.max())
            top = _camera(largest, full)
    if top != 255 or inverted:
        table = ((np.arange(top + 1) * 255 + top // 2) // top).astype(np.uint8)
        scaled = (table[::-1] if inverted else table)[values]
    else:
        scaled = values.astype(np.uint8, copy=False)
    if top != full and top != told:
        depth = top.bit_length()
        return scaled, (
            f"dark: its values reach {largest:,} of {full:,}; it was taken for {depth} bit and scaled, "
            f"{top:,} as white",
        )
    return scaled, darkness(scaled) if bits >= 8 else ()


def darkness(values: np.ndarray) -> tuple[str, ...]:
    """Return a remark where 8-bit values use less than a quarter of their range, and none elsewhere."""
    some = values.reshape(-1)[:: max(1, values.size // _LOOKED_AT)]
    bright = float(np.percentile(some, _SHARE))
    if bright >= _DARK:
        return ()
    return (
        f"dark: nearly all its values lie below {bright + 1:.0f} of 255; it was taken as it is, not scaled",
    )


def from_range(values: np.ndarray, low: float, high: float) -> tuple[np.ndarray, tuple[str, ...]]:
    """Scale values of any type to 8 bit: `low` becomes black and `high` white, what is beyond is cut off."""
    scaled = (np.clip(values, low, high).astype(np.float64) - low) * (255 / (high - low))
    scaled = np.rint(scaled).astype(np.uint8)
    return scaled, (
        f"its values from {low:g} to {high:g}, the range that the file tells, were scaled to 8 bit",
        *darkness(scaled),
    )


def _camera(largest: int, full: int) -> int:
    """Return the largest value of the camera: of all bits, where a quarter of them or more is used."""
    if largest > full // 4:
        return full
    return next(2**depth - 1 for depth in _DEPTHS if largest < 2**depth) if full > 255 else full
