"""The nuclei of a comparison as a table: every method's figures, as its own evaluation has them."""

import json
from pathlib import Path

import pytest

from pap_core.comparison.compare import Comparison, begin, compare
from pap_core.comparison.nuclei import markdown_nuclei, nuclei_table
from pap_core.comparison.table import ALL
from pap_core.methods.catalogue import ABOUT
from tests.helpers.comparing import few


@pytest.fixture(scope="module")
def comparison(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """Two methods measured on six crops."""
    folder = tmp_path_factory.mktemp("compared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder / "workspace"))
        begun = begin(few(phantom_dataset, folder / "few"), 1)
        list(compare(begun, ["k-means", "otsu"]))
    return begun


@pytest.fixture(autouse=True)
def workspace(comparison: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAP_WORKSPACE", str(comparison.folder.parents[1]))


def summaries(comparison: Comparison) -> dict[str, dict]:
    return {name: comparison.evaluation(done).summary() for name, done in comparison.done().items()}


def test_every_figure_is_that_of_the_evaluation_best_f1_first(comparison: Comparison) -> None:
    table = nuclei_table(comparison)
    found = summaries(comparison)
    for row in table.to_dict("records"):
        summary = found[row["method"]]
        part = summary if row["category"] == ALL else summary["categories"][row["category"]]
        figures = part["nuclei"][row["metric"]]
        assert row["mean"] == pytest.approx(
            figures["mean"] if figures["mean"] is not None else float("nan"), nan_ok=True
        )
        assert row["undefined"] == figures["undefined"]
        assert row["crops"] == part["crops"]
    chosen = table[(table["metric"] == "f1") & (table["category"] == ALL)]
    assert set(chosen["method"]) == {"k-means", "otsu"}
    assert chosen["mean"].is_monotonic_decreasing


def test_markdown_has_a_row_for_each_method(comparison: Comparison) -> None:
    lines = markdown_nuclei(nuclei_table(comparison)).splitlines()
    assert len(lines) == 4 + 2
    for name, summary in summaries(comparison).items():
        (line,) = [one for one in lines if one.startswith(f"| {ABOUT[name].title} |")]
        assert f"{summary['nuclei']['f1']['mean']:.3f} [" in line
        assert f" {summary['nuclei']['aji']['mean']:.3f} " in line


def test_one_of_before_has_no_row(comparison: Comparison) -> None:
    kept = comparison.evaluation(comparison.done()["otsu"])
    path = kept.folder / "summary.json"
    content = path.read_bytes()
    older = json.loads(content)
    for part in (older, *older["categories"].values()):
        del part["nuclei"], part["nuclei_together"]
    path.write_text(json.dumps(older))
    try:
        assert set(nuclei_table(comparison)["method"]) == {"k-means"}
    finally:
        path.write_bytes(content)
