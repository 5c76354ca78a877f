"""What a build found, used and left out, in words."""

from typing import cast

from pap_core.data.crop import CLIPPED
from pap_core.data.described import Described
from pap_core.data.readers.fitting import DOUBTFUL, READ, TURNED
from pap_core.data.split import TEST, TRAIN

USED = {  # what is listed and used all the same
    "clipped": CLIPPED,
    "doubtful": DOUBTFUL,
    "turned": TURNED,
    "remarked": READ,
}


def summary(described: Described) -> str:
    """Put the content of ``dataset.json`` into words: what was found, used, left out.

    Pictures and cells are those of the source, usable or not, beside the official numbers where the
    source has such; crops are what the data set holds.
    """
    found, official, crops = described["found"], described["official"], described["categories"]
    head = ["category", "pictures", "cells", "crops"]
    rows: list[list] = [[name, *counts, crops.get(name, 0)] for name, counts in found.items()]
    if official:
        head = ["category", "pictures", "official", "cells", "official", "crops"]
        names = list(official) + [name for name in found if name not in official]
        pairs = [zip(found.get(name, (0, 0)), official.get(name, (0, 0)), strict=True) for name in names]
        rows = [
            [name, *pictures, *cells, crops.get(name, 0)]
            for name, (pictures, cells) in zip(names, pairs, strict=True)
        ]
    rows.append(["total", *(sum(column) for column in list(zip(*rows, strict=True))[1:])])
    wide = max(len(row[0]) for row in [head, *rows])
    lines = [f"{row[0]:{wide}}" + "".join(f"{field:>10}" for field in row[1:]) for row in [head, *rows]]
    if official:
        whole = "the full download" if described["full_download"] else "not the full download"
        pictures, of_pictures, cells, of_cells, _ = rows[-1][1:]
        lines.append(
            f"The source is {whole}: {pictures} of {of_pictures} pictures, {cells} of {of_cells} cells."
        )
    sides = described["sides"]
    used = {word: cast(dict, described).get(word, 0) for word in USED}
    lines.append(
        f"{described['crops']} crops: {sides.get(TRAIN, 0)} for training, {sides.get(TEST, 0)} for testing "
        f"({described['split']} split, seed {described['seed']})."
    )
    unused = described["skipped"] - sum(used.values())
    lines.append(
        f"{unused} skipped and {used['clipped']} clipped but used; each is "
        "listed with its reason in skipped.csv of the data set folder."
    )
    if used["doubtful"]:
        lines.append(
            f"{used['doubtful']} doubtful but used: their nuclei are no darker than their surroundings; look "
            "whether their truth is of another picture."
        )
    if used["turned"]:
        lines.append(
            f"{used['turned']} pictures have an EXIF orientation; which way their truth fits is listed, too."
        )
    if used["remarked"]:
        lines.append(
            f"{used['remarked']} pictures were read in a way to know of, as scaled from another depth or one "
            "page of several; it is listed, too."
        )
    lines += [
        f"Same pictures: {', '.join(lot)} are kept together as {lot[0]}."
        for lot in described.get("united", [])
    ]
    lines += [f"Note: {note}." for note in described.get("notes", [])]
    return "\n".join(lines)
