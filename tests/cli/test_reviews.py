"""Reviews on the command line: exported, verified, built from with other sources."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pap_core.__main__ import main
from pap_core.data.composition import read
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.reviewed_smear import reviewed


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace with two reviewed cells."""
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "workspace"))
    reviews = Reviews(sqlite_engine(tmp_path / "workspace" / "reviews.db"))
    reviews.prepare()
    reviewed(reviews)
    return tmp_path / "workspace"


@pytest.fixture
def run(capsys: pytest.CaptureFixture) -> Callable[..., tuple[int, str, str]]:
    """Return `run(*words)`: exit status, standard output and standard error of a command."""

    def command(*words: object) -> tuple[int, str, str]:
        status = main([str(word) for word in words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


@pytest.mark.parametrize("kind", ["reviews", "sipakmed", "coco", "geojson", "csv", "audit"])
def test_each_format_is_written(workspace: Path, run, tmp_path: Path, kind: str) -> None:
    assert run("reviews", tmp_path / "out", "--format", kind)[0] == 0
    assert (tmp_path / "out").is_file() == (kind in ("csv", "audit"))
    status, _, said = run("reviews", tmp_path / "out", "--format", kind)
    assert status == 1
    assert (
        said
        == f"pap_core: {tmp_path}/out: is there already, expected a new {place(kind)}; choose another name.\n"
    )


def place(kind: str) -> str:
    return "file" if kind in ("csv", "audit") else "folder"


def test_a_log_is_verified(workspace: Path, run, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    database = ("--database", workspace / "reviews.db")
    assert run("reviews", log, "--format", "audit", *database)[0] == 0
    status, said, _ = run("reviews", log, "--verify")
    assert status == 0
    assert said.startswith(f"{log}: 2 decisions, as they were written; last line ")
    last = said.split()[-1]
    assert run("reviews", log, "--verify", "--last", last)[0] == 0
    assert run("reviews", log, "--verify", "--last", "0" * 64)[0] == 1
    log.write_bytes(log.read_bytes().replace(b"Ada", b"Eve"))
    status, _, said = run("reviews", log, "--verify")
    assert status == 1
    assert "line 2 or the one before it was changed" in said
    assert run("reviews", tmp_path / "none", "--verify")[0] == 1


def test_without_a_database_it_is_said_and_none_is_made(run, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    status, _, said = run("reviews", tmp_path / "out", "--format", "csv")
    assert status == 1
    assert said == (
        f"pap_core: {tmp_path}/reviews.db: no database of reviews there, expected the file reviews.db of a "
        "workspace; give its path, or review a cell first.\n"
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_reviews_are_built_with_other_sources_beside_data_sets(
    workspace: Path, run, phantom_source: Path, phantom_dataset: Path, tmp_path: Path
) -> None:
    words = ("build", workspace / "reviews.db", phantom_source, tmp_path / "set", "--mode", "fit", "--json")
    status, said, _ = run(*words, "--beside", phantom_dataset)
    assert status == 0
    assert json.loads(said)["source"] == "mixed"
    cells = read(tmp_path / "set").cells
    beside = read(phantom_dataset).cells
    assert set(cells["id"]) == {f"phantom_{one}" for one in beside["id"]} | {
        one for one in cells["id"] if one.startswith("reviews_")
    }
    here, there = (dict(zip(one["group"], one["split"], strict=True)) for one in (cells, beside))
    assert {group: here[f"phantom:{group}"] for group in there} == there
