"""PNG files of 16 bit a channel, which Pillow only reads."""

import struct
import zlib

import numpy as np

_COLOUR_TYPES = {3: 2, 4: 6}  # by channels: RGB, RGBA


def deep_png(pixels: np.ndarray, significant: int | None = None) -> bytes:
    """Encode ``(H, W, 3)`` or ``(H, W, 4)`` uint16, with the bits that are significant where given."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOUR_TYPES[channels], 0, 0, 0)
    told = [] if significant is None else [(b"sBIT", bytes([significant] * channels))]
    chunks = [(b"IHDR", header), *told, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
