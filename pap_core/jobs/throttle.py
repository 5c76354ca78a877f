"""How often work says how far it is: as often as people can read it, and no more."""

import time

PAUSE = 0.3  # s, at least, between two words on the same part of the work


class Throttle:
    """Tells when a word is due."""

    def __init__(self) -> None:
        self._said = float("-inf")
        self._part: object = None

    def due(self, part: object = None) -> bool:
        """Whether to say something now: the last word is `PAUSE` old, or was on another part of the work."""
        now = time.monotonic()
        if part == self._part and now - self._said <= PAUSE:
            return False
        self._said, self._part = now, part
        return True
