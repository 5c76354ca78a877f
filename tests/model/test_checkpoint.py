"""Checkpoint folders: what is written is read back, and nothing damaged or foreign gets in."""

import hashlib
import json
import os
import pickle
import random
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from pap_core.errors import InputError
from pap_core.files import write_whole
from pap_core.model import checkpoint
from pap_core.model.catalogue import CONFIG, SHIPPED, WEIGHTS
from pap_core.model.checkpoint import copy, read, write_config, write_weights
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig
from tests.helpers.warm import Script

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


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("place", [0.3, 0.5, 0.7, 0.9999])
def test_a_flipped_bit_is_refused(folder, place):
    content = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(flipped(content, int(place * 8 * len(content))))
    with pytest.raises(InputError, match="cannot be loaded"):
        read(folder)


def without_digest(folder: Path) -> None:
    """Make a checkpoint as earlier versions wrote it."""
    config = json.loads((folder / CONFIG).read_text())
    del config["digest"]
    config.pop("replaces", None)  # of a process that was killed
    (folder / CONFIG).write_text(json.dumps(config))


def test_a_checkpoint_of_before_digests_were_kept_is_loaded(folder):
    digest = read(folder).digest
    without_digest(folder)
    assert read(folder).digest == digest


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kept", [True, False])
def test_weights_that_are_no_finite_numbers_are_refused(tmp_path, value, kept):
    generator = Generator(CONFIGS["colour"])
    generator.last[-1].bias.data[1] = value
    write_config(tmp_path, CONFIGS["colour"], {})
    write_weights(tmp_path, generator)
    if not kept:
        without_digest(tmp_path)
    with pytest.raises(InputError, match=r"weight last\.1\.bias is not finite"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("levels", 2**31, "levels is 2147483648, expected 1 to 8"),
        ("levels", 0, "expected 1 to 8"),
        ("levels", True, "levels is True, expected a whole number"),
        ("levels", 2.0, "levels is 2.0, expected a whole number"),
        ("levels", "2", "expected a whole number"),
        ("levels", None, "expected a whole number"),
        ("width", 2000, "expected 1 to 1024"),
        ("width", -4, "expected 1 to 1024"),
        ("kernel", 5, "expected it even"),
        ("kernel", 10**9, "expected 2 to 16"),
        ("dropout", float("nan"), "dropout is nan, expected 0 to 1"),
        ("dropout", -0.1, "expected 0 to 1"),
        ("encoder", "other", "expected one of pix2pix, efficientnet_lite0"),
        ("encoder", ["pix2pix"], "expected one of pix2pix, efficientnet_lite0"),
        ("network", "other", "expected one of unet, fpn"),
        ("head", "other", "expected one of colour, palette"),
        ("last", {}, "expected one of convolution, transposed"),
    ],
)
def test_settings_that_nobody_can_build_are_refused(folder, name, value, told):
    config = json.loads((folder / CONFIG).read_text())
    config["generator"][name] = value
    (folder / CONFIG).write_text(json.dumps(config))
    with pytest.raises(InputError, match=told):
        read(folder)


READS = """
import resource, sys
from pathlib import Path
from pap_core.errors import InputError
from pap_core.model.checkpoint import read

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    read(Path(sys.argv[1]))
except InputError as error:
    print(error, file=sys.stderr)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_no_memory_is_taken_for_a_network_that_the_weights_are_not_of(folder):
    """Of these settings a network has 80 GB of weights, the file has a few kB."""
    write_config(folder, GeneratorConfig(levels=8, width=1024, kernel=16), {})
    with Script(READS, str(folder)) as one:
        taken, said = one.stdout.read(), one.stderr.read()
    assert "weight encoder.0.0.weight is F32 [4, 3, 4, 4], F32 [1024, 3, 16, 16] by config.json" in said
    assert int(taken) < 200_000  # kB


def test_weights_of_another_kind_of_number_are_refused(folder):
    weights = load_file(folder / WEIGHTS)
    save_file({name: value.double() for name, value in weights.items()}, folder / WEIGHTS)
    without_digest(folder)
    with pytest.raises(InputError, match=r"is F64 .*, F32 .* by config"):
        read(folder)


REPLACES = """
import sys
from pathlib import Path
import torch
from pap_core import files
from pap_core.model.checkpoint import read, write_weights

folder = Path(sys.argv[1])
generator = read(folder).generator
for number in range(100_000):
    for weight in generator.parameters():
        weight.data.fill_(number)
    write_weights(folder, generator)
    print(number, flush=True)
"""


@pytest.mark.parametrize("of_before", [pytest.param(False, marks=pytest.mark.slow), True])
def test_killed_while_weights_are_replaced_a_checkpoint_is_left_that_can_be_read(folder, of_before):
    """Read all the while, as a page would that watches a run."""
    chance = random.Random(0)
    for _ in range(3):
        if of_before:
            without_digest(folder)
        with Script(REPLACES, str(folder)) as one:
            for _ in range(chance.randrange(1, 20)):
                assert one.stdout.readline()
                read(folder)
            time.sleep(chance.uniform(0, 0.02))
            one.kill()
        read(folder)


def killed_at(write: int, folder: Path, generator: Generator) -> None:
    """Replace weights in a process that ends before so many files are written."""
    written = iter(range(write))

    def dying(path: Path, content: bytes) -> None:
        if next(written, None) is None:
            raise KeyboardInterrupt
        write_whole(path, content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "write_whole", dying)
        with pytest.raises(KeyboardInterrupt):
            write_weights(folder, generator)


@pytest.mark.parametrize("write", [0, 1, 2])
def test_killed_between_the_files_a_checkpoint_is_left_that_can_be_read(folder, write):
    """Twice in a row, so that what lies there is not what was written last."""
    before = read(folder).digest
    for seed in (1, 2):
        torch.manual_seed(seed)
        killed_at(write, folder, Generator(CONFIGS["colour"]))
        assert (read(folder).digest == before) == (write < 2)
    write_weights(folder, Generator(CONFIGS["colour"]))
    found = read(folder)
    assert found.digest != before
    assert (found.config["digest"], "replaces" in found.config) == (found.digest, False)


def test_a_copy_holds_the_same_weights_and_their_digest_alone(folder, tmp_path):
    killed_at(1, folder, Generator(CONFIGS["colour"]))
    found = read(folder)
    assert "replaces" in found.config
    (tmp_path / "copy").mkdir()
    copy(found, tmp_path / "copy")
    copied = read(tmp_path / "copy")
    assert copied.digest == copied.config["digest"] == found.digest
    assert "replaces" not in copied.config
    write_weights(folder, Generator(CONFIGS["colour"]))
    with pytest.raises(InputError, match="was replaced just now"):
        copy(found, tmp_path / "copy")


def test_shipped_checkpoints_say_their_digest():
    for folder in (path.parent for path in SHIPPED.glob(f"*/{WEIGHTS}")):
        assert json.loads((folder / CONFIG).read_text())["digest"] == read(folder).digest


def test_config_is_what_the_reader_expects(folder):
    content = json.loads((folder / CONFIG).read_text())
    assert content["format"] == checkpoint.FORMAT
    assert content["generator"]["levels"] == 2
