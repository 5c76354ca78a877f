"""Builds that are stopped, run out of room, or cannot use what they get: nothing lost, nothing halved."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from pap_core.data.build import BuildOptions, build
from pap_core.errors import InputError
from tests.helpers.built import rows

KINDS = ("images", "labels", "targets")
FILES = {"dataset.json", "manifest.csv", "skipped.csv", *KINDS}
REPOSITORY = Path(__file__).parents[2]


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of a data set folder but the one that names the place of its source."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.name != "dataset.json"}


_KILLED = """
import multiprocessing, os, signal, sys
from pathlib import Path
from pap_core.data.build import BuildOptions, build

def progress(done, total):
    if done == 3:
        print(*[child.pid for child in multiprocessing.active_children()], flush=True)
        os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    build(Path(sys.argv[1]), Path(sys.argv[2]), BuildOptions(mode="fit"), progress)
"""


@pytest.mark.slow
def test_a_killed_build_goes_on_where_it_was(
    phantom_source: Path, phantom_dataset: Path, tmp_path: Path
) -> None:
    script, folder = tmp_path / "killed.py", tmp_path / "set"
    script.write_text(_KILLED)
    killed = subprocess.run(
        [sys.executable, script, phantom_source, folder],
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    workers = [int(number) for number in killed.stdout.split()]
    assert workers
    assert not (folder / "dataset.json").exists()
    deadline = time.monotonic() + 60
    while any(_alive(worker) for worker in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_alive(worker) for worker in workers)  # none is left to wait for ever

    # a journal line and a crop cut short, and what a killed write leaves
    with open(folder / "unfinished.jsonl", "a", encoding="utf-8") as journal:
        journal.write('{"picture": "im_Meta')
    crop = sorted((folder / "images").iterdir())[-1]
    (folder / "images" / "strange.png").write_bytes(b"")
    (folder / "labels" / f".{crop.name}.99.part").write_bytes(b"")
    steps: list[tuple[int, int]] = []
    options = BuildOptions(mode="fit")
    described = build(phantom_source, folder, options, lambda done, total: steps.append((done, total)))
    assert steps == [(done, 12) for done in range(4, 13)]  # three were done
    assert described["digest"] == json.loads((phantom_dataset / "dataset.json").read_text())["digest"]
    assert content(folder) == content(phantom_dataset)
    assert len({row["id"] for row in rows(folder)}) == len(rows(folder))


def test_what_was_mended_between_two_calls_is_cut_again(tmp_path: Path, paint_smear, circle) -> None:
    source, folder = tmp_path / "source", tmp_path / "set"
    cells = [(circle(300, 240, 70), circle(305, 240, 18))]
    for name in ("001", "002"):
        paint_smear(source / "im_Parabasal", name, cells)
    with pytest.raises(KeyboardInterrupt):
        build(source, folder, progress=_interrupt)
    done = json.loads((folder / "unfinished.jsonl").read_text().splitlines()[0])["picture"]
    paint_smear(source / "im_Parabasal", Path(done).stem, [(circle(300, 240, 90), circle(310, 240, 18))])
    build(source, folder)
    x_of = {row["source"]: int(row["x0"]) for row in rows(folder)}
    assert x_of.pop(done) == 310 - 128
    assert set(x_of.values()) == {305 - 128}


def _interrupt(done: int, total: int) -> None:
    raise KeyboardInterrupt


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture
def small_disk(mount_disk: Callable[[str], Path]) -> Path:
    """A disk of 400 kB."""
    return mount_disk("400k")


@pytest.mark.slow
def test_a_full_disk_is_told_and_lost_nothing(
    small_disk: Path, phantom_source: Path, phantom_dataset: Path
) -> None:
    folder = small_disk / "set"
    with pytest.raises(InputError) as error:
        build(phantom_source, folder, BuildOptions(mode="fit"))
    assert str(folder) in str(error.value)
    assert "No space left" in str(error.value)
    assert "make room" in str(error.value)
    assert not {path.name for path in folder.iterdir()} & {"dataset.json", "manifest.csv", "skipped.csv"}
    done = len((folder / "unfinished.jsonl").read_text().splitlines())
    assert done > 0

    subprocess.run(["mount", "-o", "remount,size=50m", str(small_disk)], check=True)
    steps: list[int] = []
    build(phantom_source, folder, BuildOptions(mode="fit"), lambda done, total: steps.append(done))
    assert steps[0] == done + 1
    assert content(folder) == content(phantom_dataset)


def test_an_unwritable_place_is_told(phantom_source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"file/set: could not be written"):
        build(phantom_source, tmp_path / "file" / "set")
    for folder, reason in (
        (tmp_path / "file", "not empty and no data set"),
        (tmp_path, "not empty and no data set"),
        (phantom_source / "set", "lies within the source"),
    ):
        before = sorted(folder.iterdir()) if folder.is_dir() else None
        with pytest.raises(InputError, match=reason):
            build(phantom_source, folder)
        assert (sorted(folder.iterdir()) if folder.is_dir() else None) == before


@pytest.mark.parametrize("layout", ["missing", "empty", "file", "photographs", "no usable contour"])
def test_a_useless_source_leaves_nothing_behind(tmp_path: Path, paint_smear, circle, layout: str) -> None:
    source, folder = tmp_path / "source", tmp_path / "set"
    if layout == "file":
        source.write_text("")
    elif layout != "missing":
        source.mkdir()
    if layout == "photographs":
        Image.new("RGB", (9, 9)).save(source / "holiday.png")
    if layout == "no usable contour":
        paint_smear(source / "im_Parabasal", "001", [(circle(300, 240, 70), circle(305, 240, 18))])
        (source / "im_Parabasal" / "001_nuc01.dat").write_text("1,2\n3,4\n")
    with pytest.raises(InputError) as error:
        build(source, folder)
    assert str(source) in str(error.value)
    if layout == "no usable contour":
        assert "001_nuc01.dat: 2 vertices found" in str(error.value)
    assert not folder.exists()


@pytest.mark.parametrize("existed", [False, True])
def test_when_no_cell_can_be_cut_nothing_is_left(tmp_path: Path, paint_smear, circle, existed: bool) -> None:
    source, folder = tmp_path / "source", tmp_path / "set"
    image = paint_smear(source / "im_Parabasal", "001", [(circle(300, 240, 70), circle(305, 240, 18))])
    image.write_bytes(image.read_bytes()[:900])
    if existed:
        folder.mkdir()
    with pytest.raises(InputError, match=r"no cell could be cut out \(.*001\.bmp: the picture is damaged"):
        build(source, folder)
    assert folder.exists() == existed
    assert not existed or not any(folder.iterdir())


@pytest.mark.parametrize(
    "options",
    [
        BuildOptions(mode="zoom"),
        BuildOptions(split="random"),
        BuildOptions(form="slide"),
        BuildOptions(test_share=1.5),
        BuildOptions(border=-1),
    ],
)
def test_strange_options_are_refused(phantom_source: Path, tmp_path: Path, options: BuildOptions) -> None:
    with pytest.raises(InputError, match="choose"):
        build(phantom_source, tmp_path / "set", options)
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("options", [BuildOptions(glass=True), BuildOptions(truth="cell", scale=2.0)])
def test_what_says_something_of_fields_alone_is_refused_elsewhere(
    phantom_source: Path, tmp_path: Path, options: BuildOptions
) -> None:
    with pytest.raises(InputError, match=r"no fields in it, of which (glass|truth, scale) would say"):
        build(phantom_source, tmp_path / "set", options)
    assert not (tmp_path / "set").exists()
