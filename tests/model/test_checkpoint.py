"""Checkpoint folders: what is written is read back, and nothing damaged or foreign gets in."""

import hashlib
import json
import os
import pickle
from pathlib import Path

import pytest
import torch

from pap_core.errors import InputError
from pap_core.model import checkpoint
from pap_core.model.catalogue import CONFIG, WEIGHTS
from pap_core.model.checkpoint import read, write_config, write_weights
from pap_core.model.generator import Generator, GeneratorConfig

CONFIGS = {
    "colour": GeneratorConfig(levels=2, width=4, kernel=4),
    "palette": GeneratorConfig(levels=2, width=4, kernel=4, head="palette", last="transposed"),
}


def write(folder: Path, config: GeneratorConfig = CONFIGS["colour"], seed: int = 0) -> Generator:
    torch.manual_seed(seed)
    generator = Generator(config)
    generator(torch.rand(2, 3, 16, 16))  # moves the running means
    write_config(folder, config, {"config": {"preset": "own"}})
    write_weights(folder, generator)
    return generator.eval()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "one")
    return tmp_path / "one"


@pytest.mark.parametrize("name", CONFIGS)
def test_round_trip(tmp_path, name):
    generator = write(tmp_path, CONFIGS[name])
    found = read(tmp_path)
    image = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(found.generator.generate(image), generator.generate(image))
    assert not found.generator.training
    assert found.generator.config == CONFIGS[name]
    assert found.config["training"] == {"config": {"preset": "own"}}
    assert found.folder == tmp_path
    assert found.digest == hashlib.sha256((tmp_path / WEIGHTS).read_bytes()).hexdigest()[:16]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([CONFIG, WEIGHTS])


def test_digest_tells_weights_apart(tmp_path, folder):
    write(tmp_path / "same")
    write(tmp_path / "other", seed=1)
    assert read(folder).digest == read(tmp_path / "same").digest
    assert read(folder).digest != read(tmp_path / "other").digest


def test_weights_laid_out_otherwise_are_the_same_bytes(tmp_path):
    generator = write(tmp_path)
    before = (tmp_path / WEIGHTS).read_bytes()
    write_weights(tmp_path, generator.to(memory_format=torch.channels_last))
    assert (tmp_path / WEIGHTS).read_bytes() == before


@pytest.mark.parametrize("missing", [CONFIG, WEIGHTS])
def test_a_missing_file_is_named(folder, missing):
    (folder / missing).unlink()
    with pytest.raises(InputError, match=f"{folder}.*{missing} is missing"):
        read(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (WEIGHTS, b""),
        (WEIGHTS, b"not weights"),
        (WEIGHTS, bytes(range(256)) * 40),
        (CONFIG, b""),
        (CONFIG, b"{"),
        (CONFIG, b"[]"),
        (CONFIG, b"\xff\xfe\x00"),
        (CONFIG, b"{}"),
        (CONFIG, b'{"generator": {"depth": 7}}'),
        (CONFIG, b'{"generator": 7}'),
        (CONFIG, b'{"generator": {"levels": 0}}'),
    ],
)
def test_a_damaged_file_is_refused(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match="cannot be loaded"):
        read(folder)


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.999])
def test_weights_cut_short_are_refused(folder, share):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match="cannot be loaded"):
        read(folder)


@pytest.mark.parametrize(
    "other",
    [
        GeneratorConfig(levels=3, width=4, kernel=4),
        GeneratorConfig(levels=2, width=8, kernel=4),
        GeneratorConfig(levels=2, width=4, kernel=6),
        GeneratorConfig(levels=2, width=4, kernel=4, last="transposed"),
    ],
    ids=["levels", "width", "kernel", "last"],
)
def test_the_configuration_of_another_network_is_refused(folder, other):
    write_config(folder, other, {})
    with pytest.raises(InputError, match="cannot be loaded"):
        read(folder)


class Trap:
    """Makes a folder when unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("by_torch", [True, False])
def test_no_pickle_is_ever_loaded(tmp_path, folder, by_torch):
    trap, mark = Trap(tmp_path / "sprung"), tmp_path / "sprung"
    pickle.loads(pickle.dumps(trap))
    assert mark.exists()  # the trap works
    mark.rmdir()
    if by_torch:
        torch.save({"weight": trap}, folder / WEIGHTS)
    else:
        (folder / WEIGHTS).write_bytes(pickle.dumps(trap))
    with pytest.raises(InputError, match="cannot be loaded"):
        read(folder)
    assert not mark.exists()


def test_weights_are_replaced_whole(folder, monkeypatch):
    """A full disk leaves the old weights as they were, and nothing beside them."""
    before = (folder / WEIGHTS).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_weights(folder, Generator(CONFIGS["colour"]))
    assert (folder / WEIGHTS).read_bytes() == before
    assert len(list(folder.iterdir())) == 2


def test_config_is_what_the_reader_expects(folder):
    content = json.loads((folder / CONFIG).read_text())
    assert content["format"] == checkpoint.FORMAT
    assert content["generator"]["levels"] == 2
