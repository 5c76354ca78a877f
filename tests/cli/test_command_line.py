"""The command line from sources to predictions, in this process and as a person would run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from pap_core.__main__ import main
from pap_core.images import read_image, write_png
from pap_core.labels import colour_map
from pap_core.measurement import measure
from pap_core.model.checkpoint import read
from pap_core.training.run import Run
from tests.helpers.building import cut_here

PROJECT = Path(__file__).parents[2]
COMMANDS = (
    "phantom",
    "build",
    "pseudo-label",
    "train",
    "average",
    "evaluate",
    "compare",
    "publish",
    "reviews",
    "predict",
)
SETTINGS = ("epochs=1", "generator.width=4", "discriminator.width=4", "validation=0.2", "precision=fp32")
SMALL = [part for setting in SETTINGS for part in ("--set", setting)]


def last_json(capsys: pytest.CaptureFixture) -> object:
    return json.loads(capsys.readouterr().out)


@pytest.fixture(scope="module")
def trained(phantom_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a training of a few steps."""
    folder = tmp_path_factory.mktemp("command") / "run"
    command = ["train", str(phantom_dataset), "--preset", "tiny", "--cpu", "--run-folder", str(folder)]
    assert main([*command, *SMALL]) == 0
    return folder


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a crop, a smear, a broken file and a text."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    random = np.random.default_rng(0)
    write_png(folder / "crop.png", random.integers(0, 256, (61, 83, 3), dtype=np.uint8))
    write_png(folder / "smear.png", random.integers(0, 256, (300, 410, 3), dtype=np.uint8))
    content = (folder / "smear.png").read_bytes()
    (folder / "broken.png").write_bytes(content[: len(content) // 2])
    (folder / "notes.txt").write_text("no picture")
    return folder


class TestUsage:
    @pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
    def test_help(self, command, capsys):
        with pytest.raises(SystemExit) as ended:
            main([*command, "--help"])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert "usage: python -m pap_core" in said
        if not command:
            assert all(name in said for name in COMMANDS)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            ([], "COMMAND"),
            (["segment"], "invalid choice: 'segment'"),
            (["train", "somewhere", "--preset", "huge"], "invalid choice: 'huge'"),
            (["predict", "--output", "out"], "IMAGE_OR_FOLDER"),
            (["predict", "a.png", "--output", "out", "--scale", "0"], "auto or a number"),
            (["predict", "a.png", "--output", "out", "--scale", "nan"], "auto or a number"),
            (["predict", "a.png", "--output", "out", "--scale", "large"], "large"),
            (["build", "a", "b", "--mode", "zoom"], "invalid choice: 'zoom'"),
            (["evaluate", "a", "b", "--protocol", "loose"], "invalid choice: 'loose'"),
        ],
    )
    def test_wrong_usage_is_refused(self, arguments, said, capsys):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert said in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["train"], "no data set named"),
            (["train", "nowhere"], "nowhere: no dataset.json found"),
            (["train", "nowhere", "--set", "epoch=3"], "no setting 'epoch'"),
            (["train", "--resume", "nowhere"], "nowhere: no readable config.json"),
            (["train", "nowhere", "--resume", "somewhere"], "run's own data"),
            (["train", "--set", "epochs=3", "--resume", "somewhere"], "run's own data"),
            (["phantom", "out", "--smears", "0"], "0 smears asked for"),
            (["phantom", "out", "--seed", "-4"], "seed -4: expected 0 or more"),
            (["build", "nowhere", "out"], "nowhere"),
            (["evaluate", "nowhere", "somewhere"], "nowhere: no checkpoint found"),
            (["predict", "a.png", "--output", "out", "--checkpoint", "nowhere"], "nowhere: no checkpoint"),
            (["predict", ".", "--output", "out"], "no picture in this folder"),
        ],
    )
    def test_what_cannot_be_used_is_told_in_one_line(self, arguments, said, capsys, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert main(arguments) == 1
        lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("pap_core: ")]
        assert len(lines) == 1
        assert said in lines[0]
        assert list(tmp_path.iterdir()) == []


class TestTrain:
    def test_leaves_a_run(self, trained):
        status = Run(trained).read_status()
        assert status["state"] == "finished"
        config, _ = Run(trained).read_config()
        assert (config.preset, config.generator.width, config.validation) == ("tiny", 4, 0.2)
        assert read(trained / "checkpoints" / "best").generator.config.width == 4

    def test_resume_of_a_finished_run(self, trained, capsys):
        assert main(["train", "--resume", str(trained), "--cpu", "--json"]) == 0
        assert last_json(capsys) == Run(trained).read_status()

    def test_default_folder_is_in_the_workspace(self, phantom_dataset, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
        diverging = ("learning_rate=1", "beta1=0.9999", "beta2=0")
        settings = [*SMALL, *(part for setting in diverging for part in ("--set", setting))]
        status = main(["train", str(phantom_dataset), "--preset", "tiny", "--cpu", *settings])
        (folder,) = (tmp_path / "runs").iterdir()
        assert folder.name.endswith("-tiny")
        said = capsys.readouterr()
        assert f"run folder: {folder}" in said.err
        assert status == 1  # the weights are no numbers, which is told in a line
        assert f"pap_core: {folder}: a weight is not finite" in said.err
        assert Run(folder).read_status()["state"] == "failed"

    def test_a_folder_in_use_is_refused(self, trained, phantom_dataset, capsys):
        command = ["train", str(phantom_dataset), "--preset", "tiny", "--cpu", "--run-folder", str(trained)]
        assert main(command) == 1
        assert "not empty" in capsys.readouterr().err


def test_build(phantom_source, tmp_path, capsys, monkeypatch):
    cut_here(monkeypatch)
    command = ["build", str(phantom_source), str(tmp_path / "out"), "--mode", "fit"]
    assert main([*command, "--json"]) == 0
    described = last_json(capsys)
    assert described == json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert (described["mode"], described["split"], described["border"]) == ("fit", "grouped", 2)
    assert described["crops"] > 0
    assert main(command) == 0
    assert str(described["crops"]) in capsys.readouterr().out


def test_evaluate(trained, phantom_dataset, tmp_path, capsys):
    command = ["evaluate", str(trained), str(phantom_dataset), "--output", str(tmp_path / "out")]
    assert main([*command, "--json"]) == 0
    summary = last_json(capsys)
    assert summary == json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["checkpoint"]["digest"] == read(trained / "checkpoints" / "best").digest
    assert main([*command, "--protocol", "channel-200"]) == 0
    said = capsys.readouterr().out
    assert "channel-200" in said
    assert "nucleus" in said


class TestPredict:
    def run(self, trained: Path, pictures: Path, out: Path, *options: str) -> int:
        command = ["predict", str(pictures), "--output", str(out), "--checkpoint", str(trained)]
        return main([*command, *options])

    def test_a_folder_with_a_broken_file(self, trained, pictures, tmp_path, capsys):
        out = tmp_path / "out"
        assert self.run(trained, pictures, out) == 1
        said = capsys.readouterr()
        (line,) = [line for line in said.err.splitlines() if line.startswith("pap_core: ")]
        assert str(pictures / "broken.png") in line
        assert "damaged or cut short" in line
        assert len(said.out.splitlines()) == 3
        assert said.out.splitlines()[-1] == f"Results: {out}"
        kinds = ("label", "map", "overlay", "nuclei", "cells")
        expected = {f"{stem}_{kind}.png" for stem in ("crop", "smear") for kind in kinds}
        assert {path.name for path in out.iterdir()} == expected | {"cells.csv"}

    def test_without_more_than_a_picture_results_come_to_a_folder_here(
        self, pictures, tmp_path, capsys, monkeypatch
    ):
        """With the shipped checkpoint."""
        monkeypatch.delenv("PAP_CHECKPOINT", raising=False)
        monkeypatch.chdir(tmp_path)
        assert main(["predict", str(pictures / "crop.png")]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == "Results: found"
        assert (tmp_path / "found" / "crop_label.png").exists()

    def test_what_is_written(self, trained, pictures, tmp_path, capsys):
        (pictures / "broken.png").unlink()
        out = tmp_path / "out"
        assert self.run(trained, pictures, out, "--json") == 0
        told = {Path(one["path"]).name: one for one in last_json(capsys)}
        cells = pd.read_csv(out / "cells.csv")
        for name, shape in (("crop", (61, 83)), ("smear", (300, 410))):
            image, label = read_image(pictures / f"{name}.png"), read_image(out / f"{name}_label.png")
            assert label.shape[:2] == shape
            assert (label[..., 0] == label[..., 1]).all()
            label = label[..., 0]
            assert set(np.unique(label)) <= {0, 1, 2}
            assert np.array_equal(read_image(out / f"{name}_map.png"), colour_map(label))
            assert read_image(out / f"{name}_overlay.png").shape == (*shape, 3)
            one = told[f"{name}.png"]
            assert one["error"] is None
            own = cells[cells["file"] == f"{name}.png"]
            assert len(own) == one["cells"] == len(measure(image, label, one["scale"])[0])
        digest = read(trained / "checkpoints" / "best").digest
        assert set(cells["checkpoint"].astype(str)) <= {digest}

    def test_the_same_bytes_again(self, trained, pictures, tmp_path):
        for name in ("first", "second"):
            self.run(trained, pictures, tmp_path / name, "--scale", "1")
        first, second = (
            {p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("first", "second")
        )
        assert first == second
        assert len(first) == 11

    def test_uncertainty_and_scale(self, trained, pictures, tmp_path, capsys):
        crop = pictures / "crop.png"
        assert self.run(trained, crop, tmp_path / "out", "--scale", "2", "--uncertainty", "--json") == 0
        (told,) = last_json(capsys)
        assert (told["kind"], told["scale"]) == ("smear", 2.0)
        assert read_image(tmp_path / "out" / "crop_uncertainty.png").shape == (61, 83, 3)

    def test_a_scale_that_makes_too_much_of_it_is_told(self, trained, pictures, tmp_path, capsys):
        assert self.run(trained, pictures / "smear.png", tmp_path / "out", "--scale", "50") == 1
        said = capsys.readouterr().err
        assert "more than 50 megapixels" in said
        assert "smear.png" in said  # which of them

    def test_a_missing_file_is_told_and_the_others_are_done(self, trained, pictures, tmp_path, capsys):
        command = ["predict", str(pictures / "gone.png"), str(pictures / "crop.png")]
        assert main([*command, "--output", str(tmp_path / "out"), "--checkpoint", str(trained)]) == 1
        assert "gone.png: there is no such file" in capsys.readouterr().err
        assert (tmp_path / "out" / "crop_label.png").exists()

    def test_a_picture_is_never_written_over(self, trained, tmp_path, capsys):
        """A folder of pictures and their label maps, predicted into itself."""
        for name in ("a.png", "a_label.png"):
            write_png(tmp_path / name, np.full((40, 40, 3), 200, np.uint8))
        before = (tmp_path / "a_label.png").read_bytes()
        assert self.run(trained, tmp_path, tmp_path) == 1
        assert "a_label.png: the results of" in capsys.readouterr().err
        assert (tmp_path / "a_label.png").read_bytes() == before
        assert len(list(tmp_path.iterdir())) == 2

    def test_a_file_where_the_output_should_go(self, trained, pictures, tmp_path, capsys):
        (tmp_path / "out").write_text("")
        assert self.run(trained, pictures / "crop.png", tmp_path / "out") == 1
        assert "could not be written" in capsys.readouterr().err

    def test_nothing_but_broken_files(self, trained, pictures, tmp_path, capsys):
        assert self.run(trained, pictures / "broken.png", tmp_path / "out", "--json") == 1
        (told,) = last_json(capsys)
        assert "damaged" in told["error"]

    @pytest.mark.slow
    def test_as_a_program_of_its_own(self, trained, pictures, tmp_path):
        """Another process with its own threads writes the same bytes."""
        out = tmp_path / "program"
        found = run("predict", pictures, "--output", out, "--checkpoint", trained)
        assert found.returncode == 1
        assert "broken.png" in found.stderr
        assert "Traceback" not in found.stderr
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self.run(trained, pictures, tmp_path / "here")
        torch.set_num_threads(threads)
        for path in (tmp_path / "here").iterdir():
            assert (out / path.name).read_bytes() == path.read_bytes(), path.name


def run(*arguments: object) -> subprocess.CompletedProcess:
    """Run a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pap_core", *map(str, arguments)],
        cwd=PROJECT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
def test_the_whole_way_as_a_person_goes_it(tmp_path):
    source, dataset, folder = tmp_path / "source", tmp_path / "dataset", tmp_path / "run"

    def succeed(*arguments: object) -> str:
        found = run(*arguments)
        assert found.returncode == 0, found.stderr
        return found.stdout

    succeed("phantom", source, "--smears", 12, "--seed", 3)
    assert "crops" in succeed("build", source, dataset, "--mode", "window")
    succeed("train", dataset, "--preset", "tiny", "--run-folder", folder, "--cpu")
    rows = Run(folder).read_metrics()
    losses = [row["l1"] for row in rows if row["kind"] == "step"]
    assert losses[-1] < 0.6 * losses[0]
    out = tmp_path / "evaluation"
    summary = json.loads(succeed("evaluate", folder, dataset, "--output", out, "--json"))
    assert summary["checkpoint"]["digest"] == read(folder / "checkpoints" / "best").digest
    found = {name: part["jaccard"]["mean"] for name, part in summary["protocols"]["strict"].items()}
    assert found["nucleus"] > 0.1
    assert found["cytoplasm"] > 0.5
    smear = sorted(source.rglob("001.bmp"))[0]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n")
    found = run("predict", smear, broken, "--output", tmp_path / "found", "--checkpoint", folder)
    assert found.returncode == 1
    assert str(broken) in found.stderr
    assert read_image(tmp_path / "found" / "001_label.png").shape == read_image(smear).shape
    assert {"file", "x", "y", "nucleus_area", "nc_ratio"} <= set(
        pd.read_csv(tmp_path / "found" / "cells.csv")
    )
