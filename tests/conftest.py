"""What several tests share: the real images, sources drawn for the test, a small built data set."""

import gc
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sqlalchemy import create_engine, make_url

from pap_core.contours import fill, write_dat
from pap_core.data.build import BuildOptions, build
from pap_core.data.phantom import smear as phantom
from pap_core.jobs import background
from tests.helpers.building import cut_here

FIELD = (480, 384)  # of a small smear
GLASS, CELL, NUCLEUS = (230, 225, 220), (120, 160, 200), (60, 40, 90)  # colours of drawn smears

Outlines = tuple[np.ndarray, np.ndarray]  # cell and nucleus
PaintSmear = Callable[..., Path]


MEMORY = Path("/dev/shm")  # a file system in memory, on Linux
LONGEST = [
    "training/test_corrections.py",
    "methods/test_methods.py",
    "cli/test_command_line.py",
    "training/test_process.py",
    "data/test_build_job.py",
    "comparison/test_job.py",
    "compare/test_begun.py",
    "inference/test_predict.py",
]
ROOM = 4e9  # bytes free there, many times what the folders of tests take


def pytest_configure(config: pytest.Config) -> None:
    """Put the folders of tests into memory, for the disk is waited for at each file that is written safely.

    And give each of several workers one thread: they share the cores.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    if hasattr(config, "workerinput"):
        os.environ["OMP_NUM_THREADS"] = "1"
        torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, or the last worker is left alone with one."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get("/".join(item.path.parts[-2:]), len(places)))


def pytest_collection_finish() -> None:
    """Keep what was imported out of every search for garbage: a million objects that stay."""
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _waited_for() -> Iterator[None]:
    """Tests wait for what they start: beside other tests it would give way to, it comes no later."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(background, "NICE", 0)
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is started here must not wait for, nor be mixed with, the runs of a person's workspace."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(tmp_path_factory.mktemp("workspace")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _served_once() -> Iterator[None]:
    """Find the components that are installed, and compile pages, once, as a server does, not for each run."""
    if "streamlit" not in sys.modules:
        yield
        return
    from streamlit.components.v2 import manifest_scanner
    from streamlit.runtime.scriptrunner.script_cache import ScriptCache
    from streamlit.testing.v1 import app_test, local_script_runner

    compiled = ScriptCache()
    with pytest.MonkeyPatch.context() as patch:
        searched = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", searched)
        for one in (app_test, local_script_runner):
            patch.setattr(one, "ScriptCache", lambda: compiled)
        yield


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real images, which never enter the project."""
    folder = Path(os.environ.get("PAP_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real images at {folder}; set PAP_SHARED_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def circle() -> Callable[..., np.ndarray]:
    """Return `circle(x, y, radius)`: a polygon of 24 vertices."""

    def draw(x: float, y: float, radius: float) -> np.ndarray:
        turns = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        return np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], axis=1).round(2)

    return draw


@pytest.fixture(scope="session")
def paint_smear() -> PaintSmear:
    """Return `paint_smear(folder, name, cells, size)`: a smear in flat colours with its contour files."""

    def paint(folder: Path, name: str, cells: Sequence[Outlines], size: tuple[int, int] = (600, 500)) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        image = np.full((size[1], size[0], 3), GLASS, dtype=np.uint8)
        for part, colour in ((0, CELL), (1, NUCLEUS)):
            for cell in cells:
                image[fill(cell[part], image.shape[:2])] = colour
        Image.fromarray(image).save(folder / f"{name}.bmp")
        for number, (outline, nucleus) in enumerate(cells, start=1):
            write_dat(folder / f"{name}_cyt{number:02d}.dat", outline)
            write_dat(folder / f"{name}_nuc{number:02d}.dat", nucleus)
        return folder / f"{name}.bmp"

    return paint


@pytest.fixture(scope="session")
def phantom_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four small phantom smears of each of three categories in the official layout."""
    source = tmp_path_factory.mktemp("phantom") / "source"
    for category in ("Superficial-Intermediate", "Parabasal", "Dyskeratotic"):
        folder = source / f"im_{category}" / f"im_{category}"
        folder.mkdir(parents=True)
        for seed in range(1, 5):
            name = f"{seed:03d}"
            smear = phantom.smear(category, seed, FIELD)
            Image.fromarray(smear.image).save(folder / f"{name}.bmp")
            for number, (cell, nucleus) in enumerate(smear.cells, start=1):
                write_dat(folder / f"{name}_cyt{number:02d}.dat", cell)
                write_dat(folder / f"{name}_nuc{number:02d}.dat", nucleus)
    (source / phantom.PHANTOM_MARK).write_text("{}")
    return source


@pytest.fixture(scope="session")
def phantom_dataset(phantom_source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished data set of the small phantom smears, to train and to evaluate on. Not to be changed."""
    folder = tmp_path_factory.mktemp("dataset") / "phantom"
    with pytest.MonkeyPatch.context() as patch:
        cut_here(patch)
        build(phantom_source, folder, BuildOptions(mode="fit"))
    return folder


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A new database on the server of ``$PAP_TEST_POSTGRESQL``, dropped afterwards."""
    given = os.environ.get("PAP_TEST_POSTGRESQL")
    if not given:
        pytest.skip("no PostgreSQL server; set PAP_TEST_POSTGRESQL to what `.ci/postgresql start` prints")
    name = f"pap_test_{uuid.uuid4().hex}"
    server = create_engine(given, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    yield make_url(given).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def mount_disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Return `mount_disk(size)`: a disk of no more than that, as "400k"."""
    disk = tmp_path / "disk"

    def mount(size: str) -> Path:
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("a small disk cannot be mounted here: that needs root on Linux")
        return disk

    yield mount
    if disk.is_mount():
        subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def small_disk(mount_disk: Callable[[str], Path]) -> Path:
    """A disk of 600 kB."""
    return mount_disk("600k")
