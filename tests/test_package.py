"""The package as others install it: what it needs, and what it is called by."""

import re
import tomllib
from importlib import import_module
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

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


def test_every_package_was_tried_at_a_version_that_is_allowed() -> None:
    tried = {
        canonicalize_name(one.name): one.specifier for one in map(Requirement, listed("constraints.txt"))
    }
    assert all(re.fullmatch(r"==[^*,]+", str(version)) for version in tried.values())
    for one in map(Requirement, [*listed("requirements.txt"), *EXTRAS[APART]]):
        version = str(tried[canonicalize_name(one.name)]).removeprefix("==")
        assert one.specifier.contains(version), f"{one} was tried at {version}"


def test_what_ci_asks_before_the_tests_is_asked_before_a_commit() -> None:
    asked = re.findall(r"^(?:ruff|mypy).*", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert asked == ["ruff check .", "ruff format --check .", "mypy"]
    for one in asked:
        assert f"entry: {' '.join(word for word in one.split() if word not in ('.', '--check'))}" in hooks


def test_its_script_is_there() -> None:
    module, name = PROJECT["scripts"]["pap"].split(":")
    assert callable(getattr(import_module(module), name))


def test_its_version_is_the_last_of_the_changes() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## (\S+),", changes, re.MULTILINE)[1] == PROJECT["version"]
    assert f"version: {PROJECT['version']}" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
