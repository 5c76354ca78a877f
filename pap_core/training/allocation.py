"""Memory between the steps of a training: kept, not given back and asked for again.

glibc takes each large block from the system and gives it back at once, and the system clears its pages anew
every time. A step takes and frees some gigabytes in such blocks; in a virtual machine, where pages are dear,
the loop was 1.1 times as fast without that (``benchmarks/allocation.py``).
"""

import ctypes

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8  # of malloc.h
_GROWTH = 256 * 2**20  # bytes taken at once


def keep_freed() -> None:
    """Let this process keep what it frees; where the C library is another one, nothing happens."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_MMAP_MAX, 0)  # no block is one of the system's own
    mallopt(_TRIM_THRESHOLD, -1)  # the largest number there is: nothing goes back
    mallopt(_TOP_PAD, _GROWTH)
    mallopt(_ARENA_MAX, 1)  # what one thread frees is there for all
