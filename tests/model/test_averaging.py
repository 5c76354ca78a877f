"""The mean of checkpoints, and what is refused."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pap_core.__main__ import main
from pap_core.model.catalogue import CONFIG, WEIGHTS
from pap_core.model.checkpoint import read, write_config, write_weights
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig

CONFIG_OF = GeneratorConfig(levels=2, width=4, kernel=4)


def write(folder: Path, seed: int, config: GeneratorConfig = CONFIG_OF) -> Path:
    torch.manual_seed(seed)
    generator = Generator(config)
    generator(torch.rand(2, 3, 16, 16))  # moves the running means, and counts
    write_config(folder, config, {"config": {"preset": f"of {seed}"}, "datasets": []})
    write_weights(folder, generator)
    return folder


def test_each_weight_is_the_mean_and_the_others_are_named(tmp_path: Path, capsys) -> None:
    folders = [write(tmp_path / str(seed), seed) for seed in range(3)]
    out = tmp_path / "new" / "mean"
    assert main(["average", *map(str, folders), "--output", str(out)]) == 0
    found = read(out)
    assert found.digest in capsys.readouterr().out
    states = [load_file(folder / WEIGHTS) for folder in folders]
    for name, value in load_file(out / WEIGHTS).items():
        if value.is_floating_point():
            torch.testing.assert_close(value, sum(state[name] for state in states) / 3)
        else:
            assert torch.equal(value, states[-1][name])
    training = found.config["training"]
    assert training["config"] == {"preset": "of 2"}
    assert [one["digest"] for one in training["mean_of"]] == [read(one).digest for one in folders[:2]]
    assert [one["training"]["config"]["preset"] for one in training["mean_of"]] == ["of 0", "of 1"]
    assert sorted(path.name for path in out.iterdir()) == sorted([CONFIG, WEIGHTS])


def test_of_a_checkpoint_and_itself_it_is_the_same(tmp_path: Path) -> None:
    one = str(write(tmp_path / "one", 1))
    assert main(["average", one, one, "--output", str(tmp_path / "mean")]) == 0
    assert read(tmp_path / "mean").digest == read(tmp_path / "one").digest


def test_what_has_no_mean_is_refused(tmp_path: Path, capsys) -> None:
    one, other = str(write(tmp_path / "one", 1)), str(write(tmp_path / "two", 2))
    wide = str(write(tmp_path / "wide", 3, GeneratorConfig(levels=2, width=8, kernel=4)))
    for names, out, said in (
        ([one], "mean", "name two or more"),
        ([one, wide], "mean", "built otherwise"),
        ([one, other], "two", "is there already"),
        ([one, "nowhere"], "mean", "no checkpoint found"),
    ):
        assert main(["average", *names, "--output", str(tmp_path / out)]) == 1
        assert said in capsys.readouterr().err
        assert not (tmp_path / "mean").exists()


@pytest.mark.parametrize("existing", ["file", "link"])
def test_what_lies_in_its_place_stays(tmp_path: Path, existing: str, capsys) -> None:
    one = str(write(tmp_path / "one", 1))
    place = tmp_path / "mean"
    if existing == "file":
        place.write_text("mine")
    else:
        place.symlink_to(tmp_path / "one")
    assert main(["average", one, one, "--output", str(place)]) == 1
    assert "is there already" in capsys.readouterr().err
    assert place.is_symlink() or place.read_text() == "mine"
