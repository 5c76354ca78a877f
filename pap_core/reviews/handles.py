"""The corners by which an outline is edited: few of its vertices, and the rest kept where none was moved."""

from functools import lru_cache

import numpy as np

MOST = 24  # handles of a nucleus
OFF = 0.5  # px that the line through the handles may lie off the outline
_REACH = 80  # vertices that a line between two handles may leave out
_COARSER = 1.1  # each time that there are too many
_SAME = 1e-3  # px


def handles(ring: np.ndarray, most: int | None = None) -> np.ndarray:
    """Choose the vertices that an outline is edited by: as few as lie within `OFF` of all of it.

    Where that takes too many, the line through them may lie farther off, by steps of a tenth.

    Args:
        ring: ``(V, 2)`` vertices of a closed outline, px.
        most: as many at most.

    Returns:
        Their places in the ring, ascending; at least three, or all of fewer.

    >>> square = np.array([[0, 0], [2, 0], [4, 0.3], [4, 4], [0, 4]])
    >>> handles(square).tolist()
    [0, 2, 3, 4]
    """
    places = _handles(np.ascontiguousarray(ring, dtype=np.float64).tobytes(), most)
    return np.array(places, dtype=np.intp)


def refined(
    points: np.ndarray, shown: np.ndarray, ring: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Put the vertices that the handles left out back into an edited outline, where no handle was moved.

    Args:
        points: ``(N, 2)`` the handles as they are now, some moved, taken out or put in.
        shown: ``(M, 2)`` the handles as they were, in the same pixels.
        ring: ``(V, 2)`` the outline that they were chosen of, in the same pixels.
        places: ``(M,)`` of the handles in the ring.

    Returns:
        The outline, and the place in the ring of each of its vertices, -1 of one that was not there.

    >>> ring = np.array([[0, 0], [2, 0.1], [4, 0], [4, 4], [2, 4.1], [0, 4]])
    >>> moved = np.array([[0, 0], [4, 0], [6, 6], [0, 4]])
    >>> line, origin = refined(moved, ring[[0, 2, 3, 5]], ring, np.array([0, 2, 3, 5]))
    >>> line.tolist()
    [[0.0, 0.0], [2.0, 0.1], [4.0, 0.0], [6.0, 6.0], [0.0, 4.0]]
    >>> origin.tolist()
    [0, 1, 2, -1, 5]
    """
    known = recognised(points, shown)
    line: list[np.ndarray] = []
    origin: list[np.ndarray] = []
    for number, point in enumerate(points):
        here, following = known[number], known[(number + 1) % len(points)]
        left_out = np.empty(0, dtype=np.intp)
        if here >= 0 and following == (here + 1) % len(shown):
            count = (places[following] - places[here]) % len(ring)
            left_out = (places[here] + np.arange(1, count)) % len(ring)
        line += [point[None], ring[left_out]]
        origin += [np.array([places[here] if here >= 0 else -1]), left_out]
    return np.concatenate(line), np.concatenate(origin)


def recognised(points: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return ``(N,)``: which of ``(M, 2)`` handles each of ``(N, 2)`` points still is, -1 for none."""
    away = np.abs(points[:, None] - shown[None]).max(axis=2)
    nearest = away.argmin(axis=1)
    return np.where(away[np.arange(len(points)), nearest] < _SAME, nearest, -1)


@lru_cache(maxsize=256)
def _handles(vertices: bytes, most: int | None) -> tuple[int, ...]:
    ring = np.frombuffer(vertices, dtype=np.float64).reshape(-1, 2)
    if len(ring) <= 3:
        return tuple(range(len(ring)))
    off = OFF
    found = _fewest(ring, off)
    while most is not None and len(found) > most:
        off *= _COARSER
        found = _fewest(ring, off)
    if len(found) < 3:  # too small an outline for lines so far off
        found = [round(third * len(ring) / 3) for third in range(3)]
    return tuple(found)


def _fewest(ring: np.ndarray, off: float) -> list[int]:
    """Go around with steps as long as possible, from each vertex that the first step might begin with."""
    fits = _lines(ring, off)
    found: list[int] = []
    for start in range(int(np.flatnonzero(fits[0]).max()) + 2):
        steps, left = [start], len(ring)
        while left:
            # no further than around: a shorter line may lie farther off than a longer one
            step = int(np.flatnonzero(fits[steps[-1] % len(ring), :left]).max()) + 1
            left -= step
            steps.append(steps[-1] + step)
        if not found or len(steps) - 1 < len(found):
            found = steps[:-1]
    return sorted(step % len(ring) for step in found)


def _lines(ring: np.ndarray, off: float) -> np.ndarray:
    """Return ``(V, reach)`` bool: whether a line from a vertex to one so many further on lies near enough."""
    reach = min(_REACH, len(ring) - 1)
    between = np.tri(reach, k=-1, dtype=bool)  # of an end, the vertices before it
    fits = np.empty((len(ring), reach), dtype=bool)
    for start in range(len(ring)):
        away = ring[(start + 1 + np.arange(reach)) % len(ring)] - ring[start]
        length = np.maximum((away**2).sum(axis=1), 1e-12)
        along = np.clip(away @ away.T / length[:, None], 0, 1)
        apart = ((away[None] - along[..., None] * away[:, None]) ** 2).sum(axis=2)
        fits[start] = ~((apart > off**2 + 1e-9) & between).any(axis=1)
    return fits
