"""Work in a process of its own: which package it has, whatever folder the program was started in."""

from pathlib import Path

import pytest

import pap_core
from pap_core.jobs.call import call


def test_it_has_this_package_and_workspace_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("PAP_WORKSPACE", "space")
    (tmp_path / "pap_core").mkdir()  # another one
    (tmp_path / "pap_core" / "__init__.py").write_text("raise RuntimeError")
    found = call("tests.helpers.answering", {}, 60)
    assert found == {"path": None, "package": pap_core.__file__, "workspace": str(tmp_path / "space")}
