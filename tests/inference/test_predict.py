"""Batches of pictures as people have them: odd names, damage, kills, and second runs into one folder."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pap_core.__main__ import main
from pap_core.export.spreadsheet import harmless
from pap_core.images import png_bytes, write_png
from pap_core.model.checkpoint import read
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint
from tests.helpers.warm import Script

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint") / "threshold", threshold_network())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"


def picture(cells: int = 2) -> np.ndarray:
    """Dark discs in grey ones on white, each a cell."""
    pixels = np.full((96, 400, 3), 255, np.uint8)
    rows, columns = np.mgrid[:96, :400]
    for number in range(cells):
        away = np.hypot(rows - 48, columns - 50 - 90 * number)
        pixels[away < 40] = 120
        pixels[away < 15] = 10
    return pixels


def command(checkpoint: Path, out: Path, *words: object) -> list[str]:
    return [
        "predict",
        *map(str, words),
        "--output",
        str(out),
        "--checkpoint",
        str(checkpoint),
        "--scale",
        "1",
    ]


def cells(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "cells.csv")


@pytest.mark.slow
def test_names_of_any_bytes_and_any_length(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    names = [b"caf\xe9.png", b"caf\xe8.png", b"n" * 240 + b"1.png", b"n" * 240 + b"2.png", b"two\nlines.png"]
    names += [b"=1+1.png", "é".encode() * 120 + b".png"]
    for number, name in enumerate(names):
        (folder / os.fsdecode(name)).write_bytes(png_bytes(picture(1 + number % 4)))
    out = tmp_path / "out"
    found = run(*command(checkpoint, out, folder, "--json"), encoding="utf-8")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert [one["error"] for one in told] == [None] * len(names)
    table = cells(out)
    assert table.groupby("results").size().tolist() == table.groupby("results")["cell"].max().tolist()
    assert table["results"].nunique() == len(names)
    assert {"caf\\xe9.png", "caf\\xe8.png", "two\\x0alines.png", "'=1+1.png"} <= set(table["file"])
    for one in told:
        label = np.array(Image.open(out / f"{one['results']}_label.png"))
        assert label.shape == (96, 400)
    assert len(list(out.glob("*_label.png"))) == len(names)
    assert all(path.name.encode() for path in out.iterdir())  # each is a text


def test_one_file_never_ends_a_batch(checkpoint: Path, folder: Path, tmp_path: Path, capsys) -> None:
    write_png(folder / "a.png", picture())
    write_png(folder / "z.png", picture())
    (folder / "broken.png").write_bytes(png_bytes(picture())[:300])
    (folder / "empty.png").write_bytes(b"")
    (folder / "link.png").symlink_to(folder / "gone.png")
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    out = tmp_path / "out"
    (out / "z_map.png").mkdir(parents=True)  # in the way of a result
    long = folder / ("x" * 300 + ".png")
    words = (folder, folder / "none.png", long, folder / "pipe.png", folder / "folder.png")
    assert main(command(checkpoint, out, *words, "--json")) == 1
    said = capsys.readouterr()
    told = {Path(one["path"]).name: one for one in json.loads(said.out)}
    failed = {name for name, one in told.items() if one["error"]}
    assert failed == {"broken.png", "empty.png", "link.png", "none.png", long.name, "pipe.png"}
    errors = [line for line in said.err.splitlines() if line.startswith("pap_core: ")]
    assert len(errors) == len(failed)
    assert "no regular file" in told["pipe.png"]["error"]
    assert "a folder without a picture" in said.err
    assert cells(out).groupby("file").size().to_dict() == {"a.png": 2, "z.png": 2}
    assert told["z.png"]["results"].startswith("z-")  # for what is called z_map.png is not of it


def test_a_picture_that_needs_too_much_memory_is_told(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    import pap_core.inference.predict as prediction

    for name in ("a", "b", "c"):
        write_png(folder / f"{name}.png", picture())
    segment = prediction.Segmenter.segment
    faults = iter([MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), None])

    def short(self, *words):
        if fault := next(faults):
            raise fault
        return segment(self, *words)

    monkeypatch.setattr(prediction.Segmenter, "segment", short)
    assert main(command(checkpoint, tmp_path / "out", folder)) == 1
    assert capsys.readouterr().err.count("needs more memory than there is") == 2
    assert set(cells(tmp_path / "out")["file"]) == {"c.png"}


def test_what_is_passed_over_is_counted_and_named(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys
) -> None:
    write_png(folder / "1.png", picture())
    (folder / "sub" / "deep").mkdir(parents=True)
    write_png(folder / "sub" / "1.png", picture(3))
    write_png(folder / "sub" / "deep" / "1.png", picture(4))
    for name in ("._1.png", ".hidden.png", "Thumbs.db", "notes.txt"):
        (folder / name).write_bytes(b"\0\0\0\0")
    out = folder / "out"
    assert main(command(checkpoint, out, folder)) == 0
    said = capsys.readouterr().err
    assert "passed over, hidden: 2 (" in said
    assert "._1.png" in said
    assert "passed over, of another ending: 2 (" in said
    assert "passed over, a sub-folder, which --recursive goes into: 1 (" in said
    assert set(cells(out)["file"]) == {"1.png"}

    assert main(command(checkpoint, out, folder, "--recursive", "--json")) == 0
    said = capsys.readouterr()
    told = {one["path"]: one["passed_over"] for one in json.loads(said.out)}
    assert told[str(out)] == "the folder of the results"  # which holds pictures, too
    assert told[str(folder / "Thumbs.db")] == "of another ending"
    assert cells(out).groupby("results").size().to_dict() == {"1": 2, "sub/1": 3, "sub/deep/1": 4}
    assert set(cells(out)["file"]) == {"1.png", "sub/1.png", "sub/deep/1.png"}
    assert (out / "sub" / "deep" / "1_label.png").exists()


def test_a_second_run_adds_and_repeats_nothing(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name in ("first", "second", "none"):
        write_png(folder / f"{name}.png", picture({"first": 2, "second": 3, "none": 0}[name]))
        assert main(command(checkpoint, out, folder / f"{name}.png")) == 0
    once = (out / "cells.csv").read_bytes()
    assert cells(out).groupby("file").size().to_dict() == {"first.png": 2, "second.png": 3}
    assert main(command(checkpoint, out, folder)) == 0
    assert (out / "cells.csv").read_bytes() == once
    # a picture that was edited takes the place of what it was
    write_png(folder / "first.png", picture(4))
    assert main(command(checkpoint, out, folder)) == 0
    assert cells(out).groupby("file").size().to_dict() == {"first.png": 4, "second.png": 3}
    # and so do the cells that another checkpoint finds
    other = write_checkpoint(tmp_path / "other", threshold_network(cytoplasm=0.5))
    assert main(command(other, out, folder / "second.png")) == 0
    assert cells(out).groupby("file").size().to_dict() == {"first.png": 4, "second.png": 3}
    digests = (
        cells(out).astype({"checkpoint": str}).groupby("file")["checkpoint"].unique().map(list).to_dict()
    )
    assert digests == {"first.png": [read(checkpoint).digest], "second.png": [read(other).digest]}
    # none are left
    write_png(folder / "first.png", picture(0))
    assert main(command(checkpoint, out, folder / "first.png")) == 0
    assert set(cells(out)["file"]) == {"second.png"}


@pytest.mark.parametrize("stem", ["=1+1", "a;=1", "'=1", "@a", "-b"])
def test_a_name_like_a_formula_is_written_once_and_repeated_never(
    checkpoint: Path, folder: Path, tmp_path: Path, stem: str
) -> None:
    write_png(folder / f"{stem}.png", picture(2))
    out = tmp_path / "out"
    assert main(command(checkpoint, out, folder)) == 0
    once = (out / "cells.csv").read_bytes()
    assert set(cells(out)["results"]) == {harmless(stem)}
    assert (out / f"{stem}_label.png").exists()
    assert main(command(checkpoint, out, folder)) == 0
    assert (out / "cells.csv").read_bytes() == once


def test_pictures_of_one_name_never_share_results(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys
) -> None:
    out = tmp_path / "out"
    places = [folder / "a.png", folder / "a.bmp", folder / "one" / "a.png", folder / "two" / "a.png"]
    for number, place in enumerate(places, start=1):
        place.parent.mkdir(exist_ok=True)
        Image.fromarray(picture(number)).save(place)
    for _ in range(2):
        assert main(command(checkpoint, out, *places[:2])) == 0
        assert main(command(checkpoint, out, *places[2:])) == 0
        assert "results of another picture are called a here, its own a-" in capsys.readouterr().err
        sizes = cells(out).groupby("results").size()
        assert sorted(sizes) == [1, 2, 3, 4]
        assert sizes["a"] == 1
        for results, size in sizes.items():
            label = np.array(Image.open(out / f"{results}_label.png"))
            assert (label == 2).any(axis=0).sum() > 20 * size
    assert len(list(out.glob("*_label.png"))) == 4


def test_a_file_of_a_person_is_never_written_over(checkpoint: Path, folder: Path, tmp_path: Path) -> None:
    write_png(folder / "a.png", picture())
    out = tmp_path / "out"
    out.mkdir()
    for name in ("a_label.png", "a_map.png"):
        write_png(out / name, picture(1))
    before = (out / "a_label.png").read_bytes()
    assert main(command(checkpoint, out, folder)) == 0
    assert (out / "a_label.png").read_bytes() == before
    assert cells(out)["results"].str.startswith("a-").all()


@pytest.mark.parametrize("cut", [1, 20, 150, 10_000])
def test_a_table_that_was_cut_short_is_put_in_order(
    checkpoint: Path, folder: Path, tmp_path: Path, cut: int
) -> None:
    out = tmp_path / "out"
    for name, count in (("a", 2), ("b", 3), ("c", 1)):
        write_png(folder / f"{name}.png", picture(count))
    assert main(command(checkpoint, out, folder / "a.png", folder / "b.png")) == 0
    content = (out / "cells.csv").read_bytes()
    (out / "cells.csv").write_bytes(content[: max(3, len(content) - cut)])
    assert main(command(checkpoint, out, folder / "c.png")) == 0
    kept = {"c.png": 1} if cut == 10_000 else {"a.png": 2, "c.png": 1}
    assert cells(out).groupby("file").size().to_dict() == kept  # b.png whole or not at all
    assert main(command(checkpoint, out, folder)) == 0
    assert cells(out).groupby("file").size().to_dict() == {"a.png": 2, "b.png": 3, "c.png": 1}


def test_a_table_of_before_results_had_names_is_gone_on_with(
    checkpoint: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for name, count in (("a", 2), ("b", 3)):
        write_png(folder / f"{name}.png", picture(count))
    assert main(command(checkpoint, out, folder / "a.png")) == 0
    cells(out).drop(columns="results").to_csv(out / "cells.csv", index=False)
    assert main(command(checkpoint, out, folder)) == 0
    assert cells(out).groupby(["file", "results"]).size().to_dict() == {("a.png", "a"): 2, ("b.png", "b"): 3}


@pytest.mark.parametrize(
    "content", [b"name;age\nAda;36\n", b"\xff\xfef\0i\0l\0e\0\n\0", b"file,cell\na,1,2,3\n", b"hello"]
)
def test_a_table_of_another_program_is_left_alone(
    checkpoint: Path, folder: Path, tmp_path: Path, capsys, content: bytes
) -> None:
    write_png(folder / "a.png", picture())
    (tmp_path / "cells.csv").write_bytes(content)
    assert main(command(checkpoint, tmp_path, folder)) == 1
    assert "not the table of cells that predict writes" in capsys.readouterr().err
    assert (tmp_path / "cells.csv").read_bytes() == content


def run(*words: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "pap_core", *words], cwd=PROJECT, capture_output=True, **options
    )


# predicts, and holds still at a word of the table's: before rows are appended, amid them, or after them
HOLDS = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a script started in the background
from pap_core.inference import predict as prediction
from pap_core.__main__ import main
from pap_core.inference import table

append, at = table.CellsTable._append, sys.argv[1]
count = 0

def holding(self, block):
    global count
    count += 1
    if count == 2:  # the first picture's rows come with the table itself
        if at == "amid":
            table.write_whole(self.next, block)
            with open(self.path, "ab") as file:
                file.write(block[: len(block) * 2 // 3])
        print("here", flush=True)
        sys.stdin.readline()
    append(self, block)

table.CellsTable._append = holding
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("at", "signum"),
    [
        pytest.param("before", signal.SIGKILL, marks=pytest.mark.slow),
        pytest.param("amid", signal.SIGKILL, marks=pytest.mark.slow),
        ("before", signal.SIGINT),
        ("before", signal.SIGTERM),
    ],
)
def test_a_batch_that_is_ended_leaves_a_table_that_the_next_goes_on_with(
    checkpoint: Path, folder: Path, tmp_path: Path, at: str, signum: signal.Signals
) -> None:
    out = tmp_path / "out"
    names = [f"{name}.png" for name in "abcdef"]
    for number, name in enumerate(names):
        write_png(folder / name, picture(1 + number % 4))
    with Script(HOLDS, at, *command(checkpoint, out, folder)) as one:
        assert one.stdout.readline() == "here\n"
        one.send_signal(signum)
        if signum != signal.SIGKILL:
            one.stdin.write("\n")
            one.stdin.flush()
        said, status = one.stderr.read(), one.wait()
    # asked to end, it has all of the picture it was at
    whole = names[:2] if signum == signal.SIGKILL else names[:3]
    if signum != signal.SIGKILL:
        assert status == 130
        assert "interrupted" in said
    if at != "amid":
        assert cells(out).groupby("file").size().to_dict() == {n: 1 + names.index(n) % 4 for n in whole}
    assert main(command(checkpoint, out, folder / "f.png")) == 0
    found = cells(out).groupby("file").size().to_dict()
    assert {"a.png": 1, "b.png": 2, "f.png": 2}.items() <= found.items()
    assert found.get("c.png", 3) == 3
    assert main(command(checkpoint, out, folder)) == 0
    assert cells(out).groupby("file").size().to_dict() == {n: 1 + i % 4 for i, n in enumerate(names)}
    assert not [path for path in out.iterdir() if path.name.startswith(".cells")]


def test_two_at_once_do_not_write_one_table(checkpoint: Path, folder: Path, tmp_path: Path, capsys) -> None:
    for name in "abcd":
        write_png(folder / f"{name}.png", picture())
    with Script(HOLDS, "before", *command(checkpoint, tmp_path / "out", folder)) as one:
        assert one.stdout.readline() == "here\n"
        assert main(command(checkpoint, tmp_path / "out", folder / "d.png")) == 1
        assert "another process predicts into this folder" in capsys.readouterr().err
        one.kill()
    assert main(command(checkpoint, tmp_path / "out", folder / "d.png")) == 0


def test_the_mixed_folder_of_a_phone_a_scanner_and_a_system(
    checkpoint: Path, shared_data: Path, tmp_path: Path, capsys
) -> None:
    mix = shared_data / "faults" / "14" / "mix"
    assert main(command(checkpoint, tmp_path, mix, "--recursive", "--json")) == 0
    said = capsys.readouterr()
    told = {Path(one["path"]).name: one for one in json.loads(said.out)}
    assert {name for name, one in told.items() if one["passed_over"] is None} == {
        *("1.png", "2.webp", "3.jfif", "5.png", "7.gif")
    }
    assert "HEIC" in told["4.heic"]["passed_over"]
    assert "slide scanner" in told["6.svs"]["passed_over"]
    assert "4.heic" in said.err
    assert told["._1.png"]["passed_over"] == "hidden"
    assert told["Thumbs.db"]["passed_over"] == "of another ending"
