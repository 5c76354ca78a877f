"""How pictures are stored that their files say to be turned."""

import numpy as np


def stored_as(orientation: int, upright: np.ndarray) -> np.ndarray:
    """Return an upright picture as a file stores it whose EXIF orientation is 1 to 8."""
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.swapaxes(0, 1),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].swapaxes(0, 1),
        8: np.rot90(upright, -1),
    }
    return np.ascontiguousarray(stored[orientation])
