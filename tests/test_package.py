"""The package as others install it: what it needs, and what it is called by."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


EXTRAS = PROJECT["optional-dependencies"]
APART = "star-convex"  # the extra that requirements.txt leaves out, for it has no wheel for each Python


def listed(name: str) -> list[str]:
    """Return the requirements in a file, without what is said of them."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [re.sub(r"\s+#.*", "", line) for line in lines if line and not line.startswith("#")]


def test_it_needs_what_requirements_txt_lists() -> None:
    needed = [*PROJECT["dependencies"], *(one for name in EXTRAS if name != APART for one in EXTRAS[name])]
    assert sorted(needed) == sorted(listed("requirements.txt"))


def test_its_script_is_there() -> None:
    module, name = PROJECT["scripts"]["pap"].split(":")
    assert callable(getattr(import_module(module), name))


def test_its_version_is_the_last_of_the_changes() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+),", changes, re.MULTILINE)[1] == PROJECT["version"]
    assert f"version: {PROJECT['version']}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
