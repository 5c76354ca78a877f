"""Which checkpoints there are: found by path, by run, by name, and listed without being loaded."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pap_core.errors import InputError
from pap_core.model import catalogue
from pap_core.model.catalogue import CONFIG, WEIGHTS, available, default, display_name, resolve


def weights_in(folder: Path) -> Path:
    """Make what looks like a checkpoint folder from outside."""
    folder.mkdir(parents=True)
    (folder / WEIGHTS).write_bytes(b"weights")
    (folder / CONFIG).write_text("{}")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return weights_in(tmp_path / "checkpoint")


def test_resolve_by_path_by_run_and_by_name(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "shipped")
    monkeypatch.chdir(tmp_path)
    weights_in(tmp_path / "run" / "checkpoints" / "best")
    weights_in(tmp_path / "shipped" / "small")
    assert resolve(folder) == folder
    assert resolve(str(folder)) == folder
    assert resolve("run") == Path("run/checkpoints/best")
    assert resolve("small") == tmp_path / "shipped" / "small"
    weights_in(tmp_path / "small")
    assert resolve("small") == Path("small")  # what lies here goes first
    with pytest.raises(InputError, match=r"large: no checkpoint.*\(small\)"):
        resolve("large")


def test_default(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "shipped")
    monkeypatch.delenv("PAP_CHECKPOINT", raising=False)
    with pytest.raises(InputError, match="no checkpoint there"):
        default()
    weights_in(tmp_path / "shipped" / "small")
    assert default() == tmp_path / "shipped" / "small"
    for name in ("compact", "fields"):
        weights_in(tmp_path / "shipped" / name)
    assert default() == tmp_path / "shipped" / "fields"
    monkeypatch.setenv("PAP_CHECKPOINT", str(folder))
    assert default() == folder
    monkeypatch.setenv("PAP_CHECKPOINT", str(tmp_path / "gone"))
    with pytest.raises(InputError, match="gone"):
        default()


def test_available_lists_the_default_the_shipped_and_the_best_of_runs(tmp_path, folder, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("PAP_CHECKPOINT", str(folder))
    small = weights_in(tmp_path / "shipped" / "small")
    places = [tmp_path / "workspace" / "runs" / name / "checkpoints" / "best" for name in ("a", "b", "begun")]
    runs = [weights_in(place) for place in places[:2]]
    os.utime(runs[0] / WEIGHTS, (1, 1))
    places[2].mkdir(parents=True)
    expected = {"checkpoint": folder, "small": small, "run b": runs[1], "run a": runs[0]}
    assert list(available().items()) == list(expected.items())
    monkeypatch.setenv("PAP_CHECKPOINT", str(tmp_path / "gone"))
    assert list(available()) == ["small", "run b", "run a"]


def test_a_run_that_is_the_default_is_listed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogue, "SHIPPED", tmp_path / "shipped")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    best = weights_in(tmp_path / "runs" / "first" / "checkpoints" / "best")
    monkeypatch.setenv("PAP_CHECKPOINT", str(tmp_path / "runs" / "first"))
    assert available() == {"run first": best}
    assert display_name(best) == "run first"


def test_listing_needs_no_torch():
    code = "import sys, pap_core.model.catalogue as c; c.available(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2]).returncode == 0
