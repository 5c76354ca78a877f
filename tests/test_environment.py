"""The Python environment of all checks: made once, whole or not at all, and kept for the next time."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci" / "environment"
# makes an environment as Python does, with itself as the Python in it, and writes down what is installed,
# by uv or by pip
PYTHON = """#!/bin/sh
case "$*" in
-c*) echo "$VERSION" ;;
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
*stardist*) exit 1 ;; # as where it has no wheel
*"pip install"*" uv") exit "$NO_UV" ;;
*"pip install"*) echo "$*" >> "$INSTALLED"; exit "${FAILS:-0}" ;;
esac
"""
DAY = 86400  # s

Make = Callable[..., Path]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "pap-ci"


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return `make(version, requirements, constraints, fails, no_uv)`: where the environment is."""
    (tmp_path / "project" / ".ci").mkdir(parents=True)
    shutil.copy(SCRIPT, tmp_path / "project" / ".ci")
    (tmp_path / "python").write_text(PYTHON)
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "spare").mkdir()

    def run(
        version: str = "3.11",
        requirements: str = "torch",
        constraints: str = "torch==2.11",
        fails: int = 0,
        no_uv: int = 0,
    ) -> Path:
        (tmp_path / "project" / "requirements.txt").write_text(requirements)
        (tmp_path / "project" / "constraints.txt").write_text(constraints)
        told = {"XDG_CACHE_HOME": tmp_path / "cache", "INSTALLED": tmp_path / "installed"}
        told |= {"VERSION": version, "FAILS": fails, "NO_UV": no_uv}
        environment = os.environ | {name: str(value) for name, value in told.items()}
        done = subprocess.run(
            [tmp_path / "project" / ".ci" / "environment", tmp_path / "python", tmp_path / "spare"],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        return Path(done.stdout.strip())

    return run


def installed(tmp_path: Path) -> int:
    """Return how often anything was installed."""
    return len((tmp_path / "installed").read_text().splitlines())


def test_it_is_made_once_for_a_python_and_its_packages(make: Make, tmp_path: Path, cache: Path) -> None:
    first = make()
    assert first.is_relative_to(cache)
    assert (first / "bin" / "python").is_file()
    assert make() == first
    assert installed(tmp_path) == 1
    others = {
        make(version="3.13"),
        make(requirements="torch\nnumpy"),
        make(constraints="torch==2.12"),
    }
    assert len(others | {first}) == installed(tmp_path) == 4
    assert make() == first


def test_one_that_was_not_finished_is_not_taken(make: Make, tmp_path: Path, cache: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        make(fails=1)
    assert not list(cache.iterdir())
    assert installed(tmp_path) == 2  # by uv, and then by pip
    make()
    assert installed(tmp_path) == 3


def test_pip_installs_where_there_is_no_uv(make: Make, tmp_path: Path) -> None:
    make(no_uv=1)
    assert installed(tmp_path) == 1
    assert "-m pip install" in (tmp_path / "installed").read_text()


def test_where_nothing_can_be_kept_the_other_folder_is_taken(make: Make, tmp_path: Path, cache: Path) -> None:
    cache.parent.write_text("")
    assert make() == tmp_path / "spare"
    assert (tmp_path / "spare" / "bin" / "python").is_file()


def test_what_nobody_uses_for_a_day_goes(make: Make, tmp_path: Path, cache: Path) -> None:
    used, other, recent = make(), make(requirements="numpy"), make(requirements="scipy")
    for folder in (used, other):
        links = [path for path in cache.iterdir() if path.is_symlink() and path.resolve() == folder]
        for path in (*links, folder, folder / "used"):
            then = time.time() - 8 * DAY
            os.utime(path, (then, then), follow_symlinks=False)
    assert make() == used
    assert installed(tmp_path) == 3
    assert not other.exists()
    assert recent.exists()
    assert sum(path.is_symlink() for path in cache.iterdir()) == 2
