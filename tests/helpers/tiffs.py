"""What the tests of TIFFs share: a picture, and files of it as others write them."""

import io

import numpy as np
import tifffile

# bright glass and darker cells, smooth enough for JPEG
_ROWS, _COLUMNS = np.mgrid[:48, :64]
_WAVES = np.stack([np.sin(_ROWS / 5) + np.cos(_COLUMNS / (4 + one)) for one in range(3)], axis=-1)
RGB = (150 + 45 * _WAVES).astype(np.uint8)
GREY = RGB[..., 0]
DEEP = RGB.astype(np.uint16) * 257
RED, GREEN, BLUE = (np.outer(np.arange(256), one).T.astype(np.uint8) for one in np.eye(3, dtype=int))


def written(values: np.ndarray, **options: object) -> io.BytesIO:
    """Write a TIFF into memory."""
    file = io.BytesIO()
    tifffile.imwrite(file, values, **options)
    file.seek(0)
    return file


def paged(*pages: tuple[np.ndarray, dict]) -> io.BytesIO:
    """Write a TIFF of unlike pages into memory."""
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as tiff:
        for values, options in pages:
            tiff.write(values, metadata=None, **options)
    return file


def off(pixels: np.ndarray, expected: np.ndarray) -> int:
    """Return by how much a pixel differs at most."""
    assert pixels.shape[:2] == expected.shape[:2]
    return int(np.abs(pixels.astype(int) - (expected if expected.ndim == 3 else expected[..., None])).max())


def patched(file: io.BytesIO, code: int, value: int) -> io.BytesIO:
    """Change the value of a tag of the first page."""
    with tifffile.TiffFile(file) as tiff:
        tag = tiff.pages[0].tags[code]
        where, size = tag.valueoffset, {3: 2, 4: 4}[tag.dtype]
    content = bytearray(file.getvalue())
    content[where : where + size] = value.to_bytes(size, "little")
    return io.BytesIO(bytes(content))
