"""What a fine-tuned run keeps of the checkpoint it started from."""

from pathlib import Path

import pytest
import torch

from pap_core.errors import InputError
from pap_core.model.checkpoint import read, write_config, write_weights
from pap_core.model.generator import Generator
from pap_core.training.config import PRESETS, override
from pap_core.training.keeping import FINE_TUNING
from pap_core.training.loop import train
from pap_core.training.run import Run
from tests.helpers.training.small_runs import tiny

SETTINGS = ("frozen_norms=true", "keep=0.5", "epochs=1", "average=0.0")


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A checkpoint to start from."""
    torch.manual_seed(1)
    folder = tmp_path / "start"
    write_config(folder, tiny().generator, {})
    write_weights(folder, Generator(tiny().generator))
    return folder


def test_the_kept_checkpoints_lie_between_the_start_and_what_was_learnt(
    start: Path, drawn_dataset: Path, tmp_path: Path
) -> None:
    run = Run.create(tmp_path / "run", tiny(*SETTINGS), [drawn_dataset], start)
    assert train(run, cpu=True)["state"] == "finished"
    learnt = run.load_last()["generator"]
    before = read(start).generator.state_dict()
    for name in ("best", "last"):
        kept = read(run.folder / "checkpoints" / name).generator.state_dict()
        for part, value in kept.items():
            if value.is_floating_point():
                torch.testing.assert_close(value, (before[part] + learnt[part]) / 2)
    moved = [name for name in before if not torch.equal(before[name], learnt[name])]
    assert any(name.startswith("last.") for name in moved)


@pytest.mark.parametrize("settings", [SETTINGS[:1], SETTINGS])
def test_without_a_checkpoint_to_start_from_there_is_nothing_to_keep(
    drawn_dataset: Path, tmp_path: Path, settings: tuple[str, ...]
) -> None:
    with pytest.raises(InputError, match="of a checkpoint that a run starts from; name one"):
        Run.create(tmp_path / "run", tiny(*settings), [drawn_dataset])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("preset", PRESETS)
def test_the_settings_to_mend_with_fit_every_network(preset: str) -> None:
    settings = [
        f"{name}={list(value) if isinstance(value, tuple) else value}" for name, value in FINE_TUNING.items()
    ]
    changed = override(PRESETS[preset], [one.replace("True", "true") for one in settings])
    assert (changed.frozen_norms, changed.keep, changed.jitter.zoom) == (True, 0.5, (0.7, 1.4))
