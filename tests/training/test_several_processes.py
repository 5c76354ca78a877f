"""Several processes, as torchrun starts them, train as one: the same curve, each crop once, one writer."""

import json
import math
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pap_core.data.dataset import load
from pap_core.data.draws import Draws, Uniform
from pap_core.errors import InputError
from pap_core.images import read_image, write_png
from pap_core.labels import IGNORE
from pap_core.training.loop import train
from pap_core.training.run import Run
from pap_core.training.share import share_out
from pap_core.training.trainer import Trainer
from pap_core.training.validation import counts_of
from tests.helpers.training.drawn_cells import write_dataset
from tests.helpers.training.small_runs import tiny, wait_for

PROJECT = Path(__file__).parents[2]
# Adam's first steps blow up differences of the last digit, the more the faster it learns; that is no fault
SETTINGS = [
    "generator.head=palette", "border=0", "cross_entropy=100.0", "dice=100.0",
    "batch=4", "epochs=2", "learning_rate=5e-5", "average=0.5",
]  # fmt: skip
STEPS = 32


def launch(processes: int, *command: object, log: Path, rendezvous: tuple[str, ...] = ("--standalone",)):
    """Start a module or a script in several processes on the CPU."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(PROJECT)}
    launcher = [sys.executable, "-m", "torch.distributed.run", *rendezvous, "--nproc-per-node", processes]
    with open(log, "a") as file:
        return subprocess.Popen(
            list(map(str, [*launcher, *command])), cwd=PROJECT, env=environment, stdout=file, stderr=file
        )


def told(process: subprocess.Popen, log: Path) -> str:
    """Wait for the end of a launch that must go well."""
    status = process.wait(timeout=240)
    assert status == 0, log.read_text()
    return log.read_text()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn cells, of some of which the expert left much open: no two shares know equally many pixels."""
    folder = write_dataset(tmp_path_factory.mktemp("several") / "dataset", seed=3)
    for number, path in enumerate(sorted((folder / "labels").iterdir())):
        label = read_image(path)[..., 0].copy()
        label[: (number % 4) * 15] = IGNORE
        write_png(path, label)
    return folder


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, dataset: Path) -> Run:
    """The run in one process."""
    run = Run.create(tmp_path_factory.mktemp("alone") / "run", tiny(*SETTINGS), [dataset])
    assert train(run, cpu=True)["state"] == "finished"
    return run


def assert_same_curve(run: Run, other: Run) -> None:
    rows, expected = run.read_metrics(), other.read_metrics()
    assert [(row["kind"], row["step"]) for row in rows] == [(row["kind"], row["step"]) for row in expected]
    for row, wanted in zip(rows, expected, strict=True):
        for name in row.keys() - {"kind", "images_per_second"}:
            # a pixel of a validation crop lies on one side of a border or on the other
            rel, absolute = (0, 2e-3) if row["kind"] == "validation" else (2e-4, 0)
            assert row[name] == pytest.approx(wanted[name], rel=rel, abs=absolute), (row["step"], name)
    assert run.read_status()["best"] == pytest.approx(other.read_status()["best"], abs=2e-3)


@pytest.mark.slow
def test_the_same_curve_as_one_process(tmp_path, dataset, alone):
    run = Run.create(tmp_path / "run", tiny(*SETTINGS), [dataset])
    process = launch(4, "-m", "pap_core", "train", "--resume", run.folder, "--cpu", log=tmp_path / "log")
    output = told(process, tmp_path / "log")
    assert run.read_status()["state"] == "finished"
    assert_same_curve(run, alone)

    # one of them writes, and one of them speaks
    assert output.count("finished:") == 1
    assert len(list((run.folder / "tensorboard").iterdir())) == 1
    assert len(list((run.folder / "samples").iterdir())) == 2
    names = {path.relative_to(run.folder) for path in run.folder.rglob("*") if path.is_file()}
    others = {path.relative_to(alone.folder) for path in alone.folder.rglob("*") if path.is_file()}
    events = {path for path in names | others if path.parts[0] == "tensorboard"}
    assert names - events == others - events


@pytest.mark.slow
def test_a_run_of_two_processes_goes_on_in_one(tmp_path, dataset, alone):
    run = Run.create(tmp_path / "run", tiny(*SETTINGS), [dataset])
    log = tmp_path / "log"
    process = launch(2, "-m", "pap_core", "train", "--resume", run.folder, "--cpu", log=log)
    wait_for(lambda: bool(run.read_metrics()), process)
    run.ask_to_stop()
    told(process, log)
    assert run.read_status()["state"] == "stopped"
    assert 16 <= run.read_status()["step"] < STEPS
    assert train(run, cpu=True)["state"] == "finished"
    assert_same_curve(run, alone)


@pytest.mark.slow
def test_two_machines(tmp_path, dataset, alone):
    """Two launchers that meet by an address, as on two machines that see the same folders."""
    run = Run.create(tmp_path / "run", tiny(*SETTINGS), [dataset])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"--rdzv-endpoint=localhost:{probe.getsockname()[1]}"
    with_address = "--nnodes=2", "--rdzv-backend=c10d", place, "--rdzv-id=pap"
    command = "-m", "pap_core", "train", "--resume", run.folder, "--cpu"
    logs = [tmp_path / "first", tmp_path / "second"]
    launchers = [launch(1, *command, log=log, rendezvous=with_address) for log in logs]
    outputs = [told(process, log) for process, log in zip(launchers, logs, strict=True)]
    assert sum(output.count("finished:") for output in outputs) == 1
    assert_same_curve(run, alone)


COUNTING = """
import sys
from pathlib import Path
import numpy as np
from pap_core.data.dataset import load
from pap_core.training.processes import leave
from pap_core.training.trainer import Trainer
from pap_core.training.validation import counts_of
from tests.helpers.training.small_runs import tiny

crops = load([Path(sys.argv[1])], "train")
trainer = Trainer(tiny("batch=4"), crops, cpu=True)
for count in map(int, sys.argv[3:]):
    some = crops.subset(np.arange(66) < count)
    found = counts_of(trainer.generator, some, trainer.autocast, trainer.accelerator)
    rows = [[found[name][kind] for kind in ("tp", "fp", "fn", "tn")] for name in ("nucleus", "cytoplasm")]
    np.save(f"{sys.argv[2]}_{count}_{trainer.accelerator.process_index}.npy", rows)
trainer.accelerator.end_training()
leave(0)
"""


@pytest.mark.slow
def test_validation_counts_every_crop_once(tmp_path, dataset):
    """Neither 7 crops nor 1 can be shared evenly; with 1, one of the processes has none."""
    script, log = tmp_path / "counting.py", tmp_path / "log"
    script.write_text(COUNTING)
    told(launch(2, script, dataset, tmp_path / "counts", 7, 1, log=log), log)
    crops = load([dataset], "train")
    trainer = Trainer(tiny("batch=4"), crops, cpu=True)
    for count in (7, 1):
        some = crops.subset(np.arange(66) < count)
        alone = counts_of(trainer.generator, some, trainer.autocast)
        expected = np.array([list(alone[name].values()) for name in ("nucleus", "cytoplasm")])
        known = (some.labels != IGNORE).sum(dim=(1, 2)).numpy()
        for process in range(2):
            found = np.load(tmp_path / f"counts_{count}_{process}.npy")
            assert np.array_equal(found.sum(axis=1), [known, known])  # each pixel of each crop once
            assert np.abs(found - expected).max() <= 4  # other batches, other roundings


@pytest.mark.slow
def test_a_batch_that_cannot_be_shared_is_told_in_one_sentence(tmp_path, dataset):
    run = Run.create(tmp_path / "run", tiny(*SETTINGS, "batch=3"), [dataset])
    log = tmp_path / "log"
    process = launch(2, "-m", "pap_core", "train", "--resume", run.folder, "--cpu", log=log)
    assert process.wait(timeout=120) == 1
    message = (
        "a batch of 3 cannot be shared evenly by 2 processes; set batch to a multiple of 2, or start fewer"
    )
    lines = [line for line in log.read_text().splitlines() if message in line]
    assert len(lines) == 1
    status = run.read_status()
    assert status["state"] == "failed"
    assert message in status["error"]


class TestShares:
    def test_the_shares_are_the_batch(self):
        assert [list(share_out(8, process, 4)) for process in range(4)] == [[0, 1], [2, 3], [4, 5], [6, 7]]
        for batch, processes in ((3, 2), (1, 2), (4, 8)):
            with pytest.raises(InputError, match=rf"batch of {batch} .* by {processes} processes"):
                share_out(batch, 0, processes)

    def test_together_the_processes_go_the_way_of_one(self):
        """61 crops in batches of 4: an epoch of crops ends in the midst of a batch."""
        whole = list(Draws(Uniform(61, 5), 8, 148))
        shares = [list(Draws(Uniform(61, 5), 8, 148, 4, share_out(4, process, 2))) for process in range(2)]
        assert [len(one) for one in shares] == [70, 70]
        assert len(Draws(Uniform(61, 5), 8, 148, 4, range(2))) == 70
        together = [
            pair
            for step in range(math.ceil(140 / 4))
            for share in shares
            for pair in share[2 * step : 2 * step + 2]
        ]
        assert together == whole


def test_metrics_hold_no_numbers_but_finite_ones(alone):
    for line in (alone.folder / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(name))
