"""Names of files, which on most systems are any bytes: as texts to show, and as names of what is written.

Python reads a byte that is no UTF-8 as a lone surrogate, which can be neither printed nor written.
"""

import hashlib
import os
import unicodedata
from pathlib import PurePath

_LONGEST = 200  # bytes of a name, so that "_uncertainty.png" and a mark of what is being written fit into 255
_DIGITS = 8  # of a digest
_UNSHOWN = ("Cc", "Cs", "Zl", "Zp")  # controls, bytes that are no UTF-8, breaks of lines and paragraphs


def readable(name: str | PurePath) -> str:
    r"""Return a name or path as a text to show: what is no UTF-8, or would move the cursor, escaped.

    >>> readable("caf\udce9.png"), readable("two\nlines.png"), readable("café.png")
    ('caf\\xe9.png', 'two\\x0alines.png', 'café.png')
    """
    return "".join(
        "".join(f"\\x{byte:02x}" for byte in os.fsencode(sign)) if _unshown(sign) else sign
        for sign in str(name)
    )


def writable(name: str) -> str:
    r"""Return a name that any system writes, another for each: as it is, or else with its digest.

    What is no UTF-8 or a control is written as %XX, and what is too long is cut.

    >>> writable("smear 7"), writable("caf\udce9")
    ('smear 7', 'caf%E9-dafd66c0')
    """
    plain = "".join(
        "".join(f"%{byte:02X}" for byte in os.fsencode(sign)) if _unshown(sign) else sign for sign in name
    )
    if plain == name and len(os.fsencode(name)) <= _LONGEST:
        return name
    return apart(plain, hashlib.sha256(os.fsencode(name)).hexdigest())


def apart(name: str, digest: str) -> str:
    """Return a name that ends in a digest, cut so that it stays short enough."""
    cut = name.encode()[: _LONGEST - _DIGITS - 1].decode(errors="ignore")
    return f"{cut}-{digest[:_DIGITS]}"


def _unshown(sign: str) -> bool:
    return unicodedata.category(sign) in _UNSHOWN
