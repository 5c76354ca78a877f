"""Reviewed cells in SIPaKMeD's layout, cropped form: a picture a cell beside its two `.dat` contours.

The form holds one closed line. So of a cell or a nucleus in several pieces the largest is written, and left
out is a cell without a nucleus or without an outline. What was predicted around a cell it cannot hold: to
train on, the folder of `pap_core.reviews.exchange` says more.
"""

import io
from collections import defaultdict
from collections.abc import Iterator

from PIL import Image

from pap_core.contours import dat_text, signed_area
from pap_core.export import NOTICE
from pap_core.reviews.exports.chosen import SKIPPED, Chosen, chosen, intact, unique
from pap_core.reviews.store import Reviews

_ABOUT = (
    f"{NOTICE}\n\nCells as reviewed, in the layout of SIPaKMeD's cropped cells. The first number of a file's "
    "name is the smear or slide within its category, the second the cell; cells.csv tells the cell's id, its "
    "picture's digest and its smear or slide of each. Rejected cells are in skipped.csv.\n"
)


def files(reviews: Reviews, damaged: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each file; `pap_core.data.readers.sipakmed` reads them back.

    `damaged` takes a sentence for each cell whose picture cannot be read.
    """
    found, skipped = chosen(reviews)
    found, unread = intact(reviews, found, damaged)
    skipped += unread
    rows = ["file,cell,picture,group"]
    places: dict[str, dict[str, list[Chosen]]] = defaultdict(lambda: defaultdict(list))
    for one in found:
        if one.decision.after.cell and one.decision.after.nucleus:
            places[one.category][one.cell.group].append(one)
        else:
            part = "nucleus" if one.decision.after.cell else "outline"
            skipped += f"{one.cell.id},has no {part}\n".encode()
    taken: set[str] = set()
    for category, groups in sorted(places.items()):
        name = unique(category, taken)
        for smear, group in enumerate(sorted(groups), start=1):
            for number, one in enumerate(groups[group], start=1):
                stem = f"im_{name}/im_{name}/CROPPED/{smear:03d}_{number:02d}"
                yield f"{stem}.bmp", _bmp(reviews.picture_png(one.cell.picture))
                for part, rings in (("cyt", one.decision.after.cell), ("nuc", one.decision.after.nucleus)):
                    yield (
                        f"{stem}_{part}.dat",
                        dat_text(max(rings, key=lambda ring: abs(signed_area(ring)))).encode(),
                    )
                told = one.cell.group.replace('"', "'")
                rows.append(f'{stem}.bmp,{one.cell.id},{one.cell.picture},"{told}"')
    yield "cells.csv", ("\n".join(rows) + "\n").encode()
    yield SKIPPED, skipped
    yield "about.txt", _ABOUT.encode()


def _bmp(png: bytes) -> bytes:
    buffer = io.BytesIO()
    Image.open(io.BytesIO(png)).save(buffer, format="BMP")
    return buffer.getvalue()
