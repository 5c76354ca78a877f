"""Files of one name and several kinds, as a preview beside its original: which is used, which passed over."""

from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

from pap_core.data.readers.cell import Skipped
from pap_core.errors import InputError
from pap_core.images import opened

_OFFICIAL = ".bmp"

Size = tuple[int, int]  # width and height


def pair_of(images: Sequence[Path], masks: Sequence[Path]) -> tuple[Path, Path, list[Skipped]]:
    """Choose an image and a mask of equal size, the largest such.

    Returns:
        Image and mask, and the others as `passed_over` lists them.
    """
    if len(images) == len(masks) == 1:
        return images[0], masks[0], []
    sizes = {path: size(path) for path in (*images, *masks)}

    def match(pair: tuple[Path, Path]) -> tuple:
        image, mask = (turnless(sizes[path]) for path in pair)
        return image == mask != (), *(worth(path, sizes[path]) for path in pair)

    image, mask = max(product(images, masks), key=match)
    return image, mask, [*passed_over(images, image, sizes), *passed_over(masks, mask, sizes)]


def size(path: Path) -> Size | None:
    """Return the size that the head of a file tells, if it does."""
    try:
        with opened(path, str(path)) as picture:
            return picture.size
    except InputError:
        return None


def turnless(size: Size | None) -> tuple[int, ...]:
    """Return what a size and that of the picture on its side share."""
    return tuple(sorted(size or ()))


def worth(path: Path, size: Size | None) -> tuple:
    """Order pictures of which nothing else is known: the larger, the official kind, the first by name."""
    width, height = size or (0, 0)
    return width * height, path.suffix.lower() == _OFFICIAL, [-ord(sign) for sign in path.name]


def passed_over(paths: Sequence[Path], chosen: Path, sizes: Mapping[Path, Size | None]) -> list[Skipped]:
    """List all but the chosen one, each with its size and that of the one which is used instead."""

    def told(path: Path) -> str:
        size = sizes[path]
        return "no size that can be read" if size is None else f"{size[0]} × {size[1]} pixels"

    return [
        Skipped(
            path.name,
            f"{path}: {chosen.name} beside it is used instead: it has {told(chosen)}, this one {told(path)}",
        )
        for path in paths
        if path != chosen
    ]
