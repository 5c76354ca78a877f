"""The program without its extras: what needs none works, what needs one says what to install."""

import ast
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pages.parts.compare.about import about
from pap_core.__main__ import main
from pap_core.comparison import compare
from pap_core.errors import InputError
from pap_core.extras import PACKAGES
from pap_core.methods.catalogue import NAMES, available, make, unavailable
from pap_core.methods.network import Network
from pap_core.settings.networks import NEEDS
from pap_core.workspace import runs

IN_NEED = {
    "sklearn": {"k-means", "mean-shift"},
    "SimpleITK": {"staple"},
    "stardist": {"star-convex"},
    "segmentation_models_pytorch": {
        "efficientnet-fpn",
        "efficientnet-fpn-scratch",
        "star-convex",
        "mean-of-three",
    },
}
ROOT = Path(__file__).parents[1]
CORE = {
    canonicalize_name(Requirement(one).name)
    for one in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
}
GUARDED = {"star_convex.py", "feature_pyramid.py"}  # imported by `pap_core.model.networks.build` alone


def without(monkeypatch: pytest.MonkeyPatch, *modules: str) -> None:
    """Let modules be as if they were not installed."""
    for module in modules:
        monkeypatch.setitem(sys.modules, module, None)


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Return the packages that are imported."""
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    found |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in found} - {"pap_core", "", *sys.stdlib_module_names}


def test_the_core_imports_what_it_needs_and_extras_only_where_they_are_asked_for() -> None:
    owners = packages_distributions()
    for path in (ROOT / "pap_core").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        everywhere, at_once = imported(list(ast.walk(tree))), imported(tree.body)
        foreign = {
            name for name in everywhere if not CORE & {canonicalize_name(one) for one in owners.get(name, ())}
        }
        assert foreign - {"_typeshed"} <= set(PACKAGES), path
        assert path.name in GUARDED or not at_once & set(PACKAGES), path


def test_what_needs_no_package_works_without_them(monkeypatch) -> None:
    without(monkeypatch, *PACKAGES, "sklearn.cluster")
    assert "otsu" in available()
    assert make("otsu").predict(np.zeros((256, 256, 3), np.uint8)).max() == 0
    for method in map(make, available()):
        assert not isinstance(method, Network) or method.config.generator.network not in NEEDS


@pytest.mark.parametrize("module", PACKAGES)
def test_a_method_whose_package_is_missing_says_what_to_install(module, monkeypatch) -> None:
    before = set(available())
    without(monkeypatch, module)
    assert before - set(available()) == IN_NEED[module] & before
    for name in IN_NEED[module]:
        assert f"run pip install {PACKAGES[module]}" in unavailable(name) + " "
        with pytest.raises(InputError, match=rf"{PACKAGES[module]}.* not installed; run pip install "):
            make(name)


def test_all_methods_are_all_that_can_be_used(monkeypatch) -> None:
    without(monkeypatch, "stardist")
    assert compare.chosen(["all"]) == [name for name in NAMES if name in available()]
    assert "star-convex" not in compare.chosen(["all"])
    assert compare.chosen(["all", "star-convex"]) == compare.chosen(["star-convex", *available()])


def test_the_command_refuses_a_method_whose_package_is_missing(
    phantom_dataset: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    without(monkeypatch, "stardist")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    assert main(["compare", str(phantom_dataset), "--methods", "otsu,star-convex"]) == 1
    assert capsys.readouterr().err == (
        "pap_core: Star-convex polygons: the package stardist is not installed; run pip install stardist.\n"
    )
    assert not list(tmp_path.glob("comparisons/*/otsu.json"))


def test_a_run_whose_package_is_missing_leaves_no_folder(
    phantom_dataset: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    without(monkeypatch, "stardist")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    config = make_config()
    assert main(["train", str(phantom_dataset), *config]) == 1
    assert "network 'star': the package stardist is not installed" in capsys.readouterr().err
    assert not runs().exists() or not list(runs().iterdir())


def make_config() -> list[str]:
    settings = [
        "generator.network=star",
        "generator.head=palette",
        "objective=star",
        "pretrained=false",
        "l1_weight=0",
        "cross_entropy=0",
        "dice=0",
        "border=0",
    ]
    return [part for one in settings for part in ("--set", one)]


def test_the_page_says_what_to_install(monkeypatch) -> None:
    without(monkeypatch, "stardist")
    result = about({}).set_index("Method")["Result"]
    assert result["**Star-convex polygons**"] == (
        "not available: the package stardist is not installed; run pip install stardist"
    )
    assert result["**Otsu**"] == "none: press Measure"
