"""Every file that the program wrote may be damaged in every way: its readers say so in a sentence."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pap_core.comparison import job as comparison_job
from pap_core.comparison.compare import Comparison, begin
from pap_core.data import build_job, composition, sides
from pap_core.data.dataset import load
from pap_core.data.described import describe
from pap_core.errors import InputError
from pap_core.evaluation import cost
from pap_core.evaluation.evaluate import evaluate
from pap_core.evaluation.store import Kept, split_of
from pap_core.inference.segmenter import Segmenter
from pap_core.jobs.call import call
from pap_core.methods import catalogue
from pap_core.model import onnx_export
from pap_core.model.checkpoint import read
from pap_core.reviewing.split_queue import split_queue
from pap_core.training import process
from pap_core.training.curves import Curves
from pap_core.training.planning import estimate, peak
from pap_core.training.publish import publish
from pap_core.training.run import Run
from pap_core.workspace import workspace
from tests.helpers.comparing import evaluate_in, few
from tests.helpers.damages import NO_OBJECT, STRANGE, with_value
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

TORN = NO_OBJECT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, phantom_dataset: Path) -> Path:
    """A workspace with a data set and an evaluation on it, to be copied."""
    folder = tmp_path_factory.mktemp("made")
    write_checkpoint(folder / "threshold", threshold_network())
    evaluate_in(folder, few(phantom_dataset, folder / "workspace" / "datasets" / "few", train=2))
    return folder


@pytest.fixture
def own(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workspace of the test's own."""
    shutil.copytree(made, tmp_path / "own")
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path / "own" / "workspace"))
    return tmp_path / "own"


def kept(own: Path) -> Kept:
    return Kept(next((own / "workspace" / "evaluations").iterdir()))


def refused(read: Callable[[], object]) -> str:
    """See that something is refused in one sentence, and return it."""
    with pytest.raises(InputError) as told:
        read()
    sentence = str(told.value)
    assert "\n" not in sentence
    assert len(sentence) < 600
    return sentence


def of_data_set(folder: Path, own: Path) -> dict[str, Callable[[], object]]:
    segmenter = Segmenter(read(own / "threshold"), "cpu")
    return {
        "composition": lambda: composition.read(folder),
        "sides": lambda: sides.known_sides([folder]),
        "training": lambda: load([folder], "train"),
        "pace": lambda: estimate._some(folder, 2),
        "split": lambda: split_of(folder),
        "review": lambda: split_queue(kept(own), folder),
        "evaluation": lambda: evaluate(segmenter, folder, own / "out"),
    }


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_a_damaged_description_of_a_data_set(own: Path, content: bytes) -> None:
    folder = own / "workspace" / "datasets" / "few"
    (folder / "dataset.json").write_bytes(content)
    for read_it in of_data_set(folder, own).values():
        refused(read_it)


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("key", ["source", "seed", "sides", "found", "official", "digest", "size", "path"])
def test_a_strange_value_in_a_description_is_refused_or_right(own: Path, key: str, value: str) -> None:
    folder = own / "workspace" / "datasets" / "few"
    path = folder / "dataset.json"
    path.write_text(with_value(path.read_text(), [key], value))
    try:
        found = composition.read(folder)
    except InputError:
        return
    assert key in ("source", "path", "seed", "size", "digest", "sides")
    assert len(composition.counts(found))
    assert found.described == describe(folder)


def test_a_description_of_a_newer_version_is_read(own: Path) -> None:
    path = own / "workspace" / "datasets" / "few" / "dataset.json"
    content = json.loads(path.read_text()) | {"more": {"a": [1]}}
    path.write_text(json.dumps(content))
    assert describe(path.parent) == content
    assert composition.read(path.parent).described == content


def change_rows(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new)


def first_id(text: str, new: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join([lines[0], *(f"{new},{line.partition(',')[2]}" for line in lines[1:2]), *lines[2:]])


MANIFESTS: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda text: "",
    "binary": lambda text: bytes(range(256)),
    "no UTF-8": lambda text: text.encode() + b"\xff\xff",
    "torn": lambda text: text[: len(text) // 2],
    "no column": change_rows("group", "gruppe"),
    "a side of no split": change_rows("test", "neither"),
    "leads out": lambda text: first_id(text, "../../../secret"),
    "absolute": lambda text: first_id(text, "/etc/passwd"),
    "nothing": lambda text: first_id(text, ""),
    "twice": lambda text: text + text.splitlines(keepends=True)[1],
}


@pytest.mark.parametrize("change", MANIFESTS.values(), ids=MANIFESTS)
def test_a_damaged_manifest(own: Path, change: Callable[[str], str | bytes]) -> None:
    folder = own / "workspace" / "datasets" / "few"
    path = folder / "manifest.csv"
    changed = change(path.read_text())
    path.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    for read_it in of_data_set(folder, own).values():
        refused(read_it)


def test_nothing_outside_of_its_folder_is_read_or_written_for_an_id(own: Path) -> None:
    """A picture lies where the id leads to, so that whoever follows it finds one."""
    folder = own / "workspace" / "datasets" / "few"
    path = folder / "manifest.csv"
    there = path.read_text().splitlines()[1].partition(",")[0]
    for kind in ("images", "labels"):
        shutil.copyfile(folder / kind / f"{there}.png", own / "secret.png")
    path.write_text(first_id(path.read_text(), "../../../../secret"))
    before = {one for one in own.rglob("*")}
    for read_it in of_data_set(folder, own).values():
        refused(read_it)
    assert {one for one in own.rglob("*")} - before <= {own / "out"}


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_a_damaged_summary(own: Path, content: bytes) -> None:
    one = kept(own)
    (one.folder / "summary.json").write_bytes(content)
    assert "summary.json: missing or damaged" in refused(one.summary)
    run = Run.create(own / "workspace" / "runs" / "r", _config(), [own / "workspace" / "datasets" / "few"])
    run.save_best(threshold_network())
    refused(lambda: publish(run.folder, own / "published", [one.folder], ""))


PLACES = [
    ["checkpoint"],
    ["checkpoint", "digest"],
    ["dataset", "digest"],
    ["crops"],
    ["protocols"],
    ["protocols", "strict"],
    ["protocols", "strict", "nucleus", "jaccard"],
    ["protocols", "strict", "nucleus", "jaccard", "mean"],
    ["categories"],
]


@pytest.mark.parametrize(
    "value", ['"x"', "[]", "7", "true", '{"a": 1}', "9" * 400], ids=lambda text: text[:9]
)
@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_a_strange_value_in_a_summary(own: Path, place: list, value: str) -> None:
    path = kept(own).folder / "summary.json"
    path.write_text(with_value(path.read_text(), place, value))
    right = {"crops": {"7"}, "mean": {"7"}, "digest": {'"x"'}}
    if value in right.get(place[-1], set()):
        kept(own).summary()
    else:
        refused(kept(own).summary)


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_a_damaged_run(own: Path, content: bytes) -> None:
    run = Run.create(own / "workspace" / "runs" / "r", _config(), [own / "workspace" / "datasets" / "few"])
    (run.folder / "status.json").write_bytes(content)
    found = process.status(run)
    assert (found.state, found.damaged) == ("lost", True)
    assert found.error.startswith("r/status.json: damaged (")
    run.write_status(state="stopped")  # by the next process
    assert process.state(run) == "stopped"
    (run.folder / "config.json").write_bytes(content)
    assert process.listed() == {}
    assert "no readable config.json" in process.damaged()["r"]
    refused(run.read_config)
    process.delete(run)
    assert process.damaged() == {}


KEYS = ["state", "best", "epoch", "steps", "heartbeat", "started", "pid", "host", "error", "note", "device"]


@pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE)
@pytest.mark.parametrize("key", KEYS)
def test_a_strange_value_in_a_status_is_told_or_right(own: Path, key: str, value: str) -> None:
    run = Run.create(own / "workspace" / "runs" / "r", _config(), [own / "workspace" / "datasets" / "few"])
    run.write_status(state="finished", best=0.5)
    path = run.folder / "status.json"
    path.write_text(with_value(path.read_text(), [key], value))
    found = process.status(run)
    assert found.state in process.STATES
    assert found.damaged == bool(run.status_damage())
    assert found.damaged or run.read_status()


def test_a_status_of_a_newer_version_is_read_and_kept(own: Path) -> None:
    run = Run.create(own / "workspace" / "runs" / "r", _config(), [own / "workspace" / "datasets" / "few"])
    run.write_status(more=[1, 2])
    run.write_status(step=3)
    assert run.read_status()["more"] == [1, 2]


LINES = [*TORN.values(), *(f'{{"kind": "step", "step": 1, "l1": {one}}}'.encode() for one in ("[]", '"x"'))]
LINES += [b'{"kind": [], "step": 1}', b'{"kind": "step"}', b'{"kind": "step", "step": -1}', b'{"step": 1}']
LINES += [b'{"kind": "step", "step": 1, "images_per_second": 0}', b'{"kind": "step", "step": 1e999}']


def test_damaged_lines_of_the_metrics_are_counted_and_left_out(own: Path) -> None:
    run = Run.create(own / "workspace" / "runs" / "r", _config(), [own / "workspace" / "datasets" / "few"])
    good = {"kind": "step", "step": 2, "l1": 0.5, "images_per_second": 4.0}
    lines = [one for one in LINES if one and b"\n" not in one]
    content = b"\n".join(
        [*lines, json.dumps(good).encode(), json.dumps(good | {"l1": float("nan")}).encode()]
    )
    (run.folder / "metrics.jsonl").write_bytes(content + b'\n{"kind": "st')
    curves = Curves(run.folder / "metrics.jsonl").update()
    assert curves.damaged == len(lines)
    assert [row["l1"] for row in curves.rows["step"]][:1] == [0.5]
    assert len(run.read_metrics()) == len(curves.rows["step"]) == 2
    assert curves.points("step", "l1")[0].tolist() == [2, 2]
    assert run.minutes() > 0


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_a_damaged_comparison_and_what_lies_in_it(own: Path, content: bytes) -> None:
    comparison = begin(own / "workspace" / "datasets" / "few", 1)
    (comparison.folder / "status.json").write_bytes(content)
    assert comparison_job.progress(comparison) is None
    (comparison.folder / "otsu.json").write_bytes(content)
    assert comparison.done() == {}
    assert comparison.damaged().keys() == {"otsu"}
    (comparison.folder / "comparison.json").write_bytes(content)
    assert "comparison.json: missing or damaged" in refused(lambda: comparison.dataset)


@pytest.mark.parametrize("value", ["../../outside", "a/b", "..", "a\0"])
def test_a_digest_that_leads_out_is_no_evaluation(own: Path, value: str) -> None:
    comparison: Comparison = begin(own / "workspace" / "datasets" / "few", 1)
    done = {"name": "otsu", "digest": value, "milliseconds": 1, "parameters": 0, "minutes": 0, "epochs": 0}
    (comparison.folder / "otsu.json").write_text(json.dumps(done))
    assert comparison.done() == {}
    assert "no name of a file" in comparison.damaged()["otsu"]


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_what_is_kept_beside_is_missing_where_it_is_damaged(own: Path, content: bytes) -> None:
    (own / cost.FILE).write_bytes(content)
    assert cost.read(own) != cost.read(kept(own).folder)
    (own / "d.onnx").write_bytes(b"onnx")
    (own / "d.json").write_bytes(content)
    assert onnx_export.find(own, "d") is None
    (workspace() / "peaks.json").write_bytes(content)
    assert peak.read() == {}
    (own / "method.json").write_bytes(content)
    assert "method.json: missing or damaged" in refused(lambda: catalogue.load(own))


@pytest.mark.parametrize("content", TORN.values(), ids=TORN)
def test_a_damaged_build_is_listed_and_deleted(own: Path, content: bytes) -> None:
    job = build_job.Build(build_job.builds() / "mine")
    job.folder.mkdir(parents=True)
    (job.folder / build_job.ORDER).write_bytes(content)
    (job.folder / "status.json").write_bytes(content)
    assert job.progress().state == "lost"
    assert job.progress().error.startswith("mine/status.json: damaged (")
    assert [one.name for one in build_job.listed()] == ["mine"]
    refused(job.stop)
    refused(job.order)
    refused(job.start)
    job.delete()
    assert build_job.listed() == []


def test_a_build_goes_nowhere_but_among_the_data_sets(own: Path) -> None:
    from pap_core.data.build_process import main

    job = build_job.Build(build_job.builds() / "mine")
    job.folder.mkdir(parents=True)
    order = {"out": str(own / "elsewhere"), "options": {}, "folder": str(own)}
    (job.folder / build_job.ORDER).write_text(json.dumps(order))
    assert main(job.folder) == 1
    assert "the data set would go to" in job.progress().error
    assert not (own / "elsewhere").exists()


def test_an_answer_that_is_none_is_one_sentence(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "strange_answer.py").write_text("print('[1, 2]')")
    monkeypatch.setenv("PYTHONPATH", str(own))
    refused(lambda: call("strange_answer", {}, 60))


def _config():
    from dataclasses import replace

    from pap_core.training.config import PRESETS
    from tests.helpers.threshold_checkpoint import CONFIG

    return replace(PRESETS["tiny"], generator=CONFIG, epochs=1)
