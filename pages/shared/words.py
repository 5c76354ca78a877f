"""Lengths of time and amounts of memory in words."""


def duration(seconds: float) -> str:
    """Say how long, to two figures or so."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length or (unit == "min" and seconds >= 100):
            count = seconds / length
            return f"{count:.1f} {unit}" if count < 10 else f"{count:,.0f} {unit}"
    return f"{seconds:.0f} s"


def size(count: float) -> str:
    """Say how many bytes."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"


def parameters(count: int) -> str:
    """Say how many parameters."""
    return f"{count / 1e6:.1f} M" if count >= 1e6 else f"{count / 1e3:.0f} k"
