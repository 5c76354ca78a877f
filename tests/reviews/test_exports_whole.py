"""Exports are there whole or not at all, and one damaged picture leaves the others in them."""

import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pap_core.__main__ import main
from pap_core.images import png_bytes
from pap_core.reviews.exports import FORMATS, write
from pap_core.reviews.records import Place
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.reviewed_smear import accept, cell, reviewed
from tests.helpers.warm import Script

SEVERAL = ("reviews", "sipakmed", "coco", "geojson")

# says how many files are written, and waits after each for a word to go on
EXPORTS = """
import sys
from pathlib import Path
from pap_core.reviews import exports
from pap_core.reviews.exchange import open_reviews

def telling(path, content):
    whole(path, content)
    print(path, flush=True)
    sys.stdin.readline()

whole, exports.write_whole = exports.write_whole, telling
exports.write(open_reviews(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
print("done", flush=True)
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Reviews of two cells of a smear, and of two crops."""
    made = Reviews(sqlite_engine(tmp_path / "reviews.db"))
    made.prepare()
    reviewed(made)
    for number, name in enumerate(("left", "far")):
        crop = {"source": "dataset", "group": f"phantom:{name}", "place": Place(40, 8, 2.0)}
        accept(made, cell(name, 5 + number, **crop))
    return tmp_path / "reviews.db"


def opened(database: Path) -> Reviews:
    return Reviews(sqlite_engine(database))


@pytest.mark.parametrize("kind", SEVERAL)
@pytest.mark.parametrize("last", [False, True])
def test_killed_nothing_is_there_and_the_next_is_whole(
    database: Path, tmp_path: Path, kind: str, last: bool
) -> None:
    """Killed after its first file, or after its last."""
    write(opened(database), kind, tmp_path / "whole")
    files = len(content(tmp_path / "whole")) if last else 1
    out = tmp_path / "out"
    with Script(EXPORTS, str(database), kind, str(out)) as one:
        one.stdin.write("\n" * (files - 1))
        one.stdin.flush()
        for _ in range(files):
            assert Path(one.stdout.readline().strip()).is_file()
        one.kill()
    assert not out.exists()
    assert main(["reviews", str(out), "--format", kind, "--database", str(database)]) == 0
    assert not list(tmp_path.glob(".out*"))
    assert content(out) == content(tmp_path / "whole")


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def damage(database: Path, name: str, png: bytes | None = None) -> str:
    """Cut a crop's picture short, or put another in its place, as a disk may; return the cell's id."""
    reviews = opened(database)
    (one,) = (found for found in reviews.cells().values() if found.group == f"phantom:{name}")
    png = png or reviews.picture_png(one.picture)[:200]
    with reviews.engine.begin() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'pictures'"
        for (guard,) in connection.exec_driver_sql(guards).all():
            connection.exec_driver_sql(f'DROP TRIGGER "{guard}"')
        connection.exec_driver_sql("UPDATE pictures SET png = ? WHERE digest = ?", (png, one.picture))
    return one.id


@pytest.mark.parametrize("kind", SEVERAL)
@pytest.mark.parametrize("swapped", [False, True])
def test_a_damaged_picture_is_skipped_and_named(
    database: Path, tmp_path: Path, capsys, kind: str, swapped: bool
) -> None:
    write(opened(database), kind, tmp_path / "before")
    other = png_bytes(np.zeros((9, 9, 3), np.uint8)) if swapped else None
    damaged = damage(database, "left", other)
    assert main(["reviews", str(tmp_path / "out"), "--format", kind, "--database", str(database)]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"pap_core: cell {damaged} of ")
    assert "picture in the reviews' database is" in line
    skipped = pd.read_csv(tmp_path / "out" / "skipped.csv").set_index("id")
    assert "picture in the reviews' database is" in skipped.loc[damaged, "reason"]
    before, after = content(tmp_path / "before"), content(tmp_path / "out")
    written = b"".join(text for name, text in after.items() if name != "skipped.csv")
    assert damaged.encode() in b"".join(before.values())
    assert damaged.encode() not in written
    others = {one for one in opened(database).cells() if one != damaged}
    assert {one for one in others if one.encode() in written} == others
    with zipfile.ZipFile(BytesIO(FORMATS[kind].content(opened(database)))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == after


def test_what_is_left_of_an_export_builds(database: Path, tmp_path: Path) -> None:
    damage(database, "left")
    for kind in ("reviews", "sipakmed"):
        write(opened(database), kind, tmp_path / kind)
        assert main(["build", str(tmp_path / kind), str(tmp_path / f"{kind}-set")]) == 0
