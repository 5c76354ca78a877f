"""The command that compares methods: its tables, its pairs, and what it refuses."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from pap_core.__main__ import main
from pap_core.comparison.compare import Comparison, listed
from pap_core.evaluation.paired import differences, paired
from tests.helpers.comparing import few


@pytest.fixture(scope="module")
def workspace(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace where two methods were compared on six crops."""
    folder = tmp_path_factory.mktemp("space")
    few(phantom_dataset, folder / "few")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAP_WORKSPACE", str(folder))
        assert main(["compare", str(folder / "few"), "--methods", "k-means,otsu", "--budget", "1"]) == 0
    return folder


@pytest.fixture(autouse=True)
def _in_use(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAP_WORKSPACE", str(workspace))


def said(workspace: Path, capsys: pytest.CaptureFixture, *options: str) -> str:
    """Give the command again: nothing is left to measure, and its tables are printed."""
    command = ["compare", str(workspace / "few"), "--methods", "otsu, k-means,", "--budget", "1"]
    assert main([*command, *options]) == 0
    return capsys.readouterr().out


def both(comparison: Comparison, name: str, protocol: str) -> pd.DataFrame:
    table = comparison.evaluation(comparison.done()[name]).table()
    return table[(table["protocol"] == protocol) & (table["class"] == "both")]


@pytest.mark.parametrize("protocol", ["strict", "channel-200"])
def test_every_method_is_paired_with_one(workspace: Path, capsys, protocol: str) -> None:
    (comparison,) = listed()
    found = paired(
        differences(*(both(comparison, name, protocol) for name in ("otsu", "k-means")), "jaccard")
    )
    text = said(workspace, capsys, "--protocol", protocol, "--against", "k-means")
    assert f"## Protocol `{protocol}`" in text
    assert f"### Every method against K-means, `{protocol}`" in text
    assert f"| Otsu | {found.mean:+.3f} [{found.low:+.3f}, {found.high:+.3f}] |" in text
    assert f"| {found.better} | {found.worse} | {found.p:.3f} |" in text


def test_the_best_is_what_others_are_paired_with_unless_told(workspace: Path, capsys) -> None:
    text = said(workspace, capsys)
    best = re.search(r"### Nucleus and cytoplasm together\n\n.*\n.*\n\| ([^|]+) \|", text)[1]
    assert f"### Every method against {best}, `strict`" in text
    (difference,) = re.findall(r"^\| .*? \| ([+-]\d\.\d{3}) \[", text, flags=re.M)
    assert float(difference) <= 0


def test_the_table_is_the_same_as_json_and_in_its_file(workspace: Path, capsys) -> None:
    rows = json.loads(said(workspace, capsys, "--json"))
    (comparison,) = listed()
    table = pd.read_csv(comparison.folder / "comparison.csv")
    assert len(rows) == len(table)
    assert {row["method"] for row in rows} == {"k-means", "otsu"}
    assert [row["mean"] for row in rows] == pytest.approx(table["mean"].tolist(), nan_ok=True)


def test_json_is_all_of_the_answer_while_methods_are_measured(workspace: Path, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    command = ["compare", str(workspace / "few"), "--methods", "otsu", "--budget", "1", "--json"]
    assert main(command) == 0
    said = capsys.readouterr()
    assert {row["method"] for row in json.loads(said.out)} == {"otsu"}
    assert "otsu: 0.0 minutes of training" in said.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--methods", "luck"], "luck: no such method; choose of all, k-means"),
        (["--methods", " , "], "no method named; choose of all, k-means"),
        (
            ["--methods", "otsu", "--against", "u-net"],
            "u-net: not among the methods to compare; choose of otsu",
        ),
        (["--methods", "otsu", "--against", "all"], "all: not among the methods to compare"),
        (["--methods", "u-net", "--budget", "0"], "0 minutes of training: expected a number above 0"),
        (["--methods", "u-net", "--budget", "-3"], "-3 minutes of training: expected a number above 0"),
        (["--methods", "u-net", "--budget", "nan"], "nan minutes of training: expected a number above 0"),
        (["--methods", "u-net", "--budget", "inf"], "inf minutes of training: expected a number above 0"),
    ],
)
def test_what_cannot_be_compared_is_told_in_one_line(
    workspace: Path, capsys, options: list[str], told: str
) -> None:
    before = set(workspace.rglob("*.json"))
    assert main(["compare", str(workspace / "few"), "--budget", "1", *options]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("pap_core: ")]
    assert told in line
    assert set(workspace.rglob("*.json")) == before
