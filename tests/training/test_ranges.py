"""Every setting is one that trains, or is refused before there is a run, to the very ends of its range."""

from operator import attrgetter
from pathlib import Path

import pytest
import torch

from pap_core.errors import InputError
from pap_core.model.checkpoint import write_config, write_weights
from pap_core.model.networks import build
from pap_core.training import loop, work
from pap_core.training.config import EVERY_RANGE, PRESETS
from pap_core.training.run import Run
from tests.helpers.training.small_runs import tiny

SMALL = ("generator.width=2", "discriminator.width=2")
PALETTE = ("generator.head=palette", "border=0")
# what a setting asks of the others
NEEDS = {
    "cross_entropy": PALETTE,
    "dice": PALETTE,
    "keep": ("frozen_norms=true",),
    # 4096 crops take their time
    "batch": ("generator.width=1", "discriminator.width=1", "jitter.blur=0", "jitter.noise=0"),
}
# of the drawn crops, which are smaller than those of a microscope, or of this machine
REFUSED = {
    "generator.levels=8": "do not go through these networks",
    "discriminator.layers=8": "do not go through these networks",
    "validation=0.001": "too few to hold one out",
    "validation=0.99": "would all be held out",
}
SOME = 4  # steps
LONG = "batch=4096"  # a step of it takes as long as thousands of others
HEAVY = ("generator.width=1024", "discriminator.width=1024")  # begun, and not trained


def ends() -> list[tuple[str, str]]:
    """Return each end of each range as a setting."""
    found = []
    for name, range_ in EVERY_RANGE.items():
        whole = isinstance(attrgetter(name)(PRESETS["tiny"]), int)
        for one in range_:
            value = int(one) if whole else float(one)
            found.append((name, f"{name}={[value, value] if name == 'jitter.zoom' else value}"))
    return found


def begin(folder: Path, dataset: Path, settings: tuple[str, ...]) -> Run:
    """Begin a run from a checkpoint, where the settings are of that."""
    config = tiny(*SMALL, *settings)
    if not config.frozen_norms:
        return Run.create(folder, config, [dataset])
    torch.manual_seed(0)
    write_config(folder.parent / "start", config.generator, {})
    write_weights(folder.parent / "start", build(config.generator))
    return Run.create(folder, config, [dataset], folder.parent / "start")


def refused(folder: Path, dataset: Path, settings: tuple[str, ...]) -> str:
    """Begin a run, and return with what sentence it was refused, "" where it was not."""
    try:
        begin(folder, dataset, settings)
    except InputError as error:
        return str(error)
    return ""


def trained(run: Run) -> str:
    """Take `SOME` steps and tell how that ended."""
    try:
        return work.work(run, cpu=True, progress=lambda row: run.ask_to_stop())["state"]
    except InputError as error:
        return str(error)


@pytest.mark.slow
@pytest.mark.usefixtures("space")
@pytest.mark.parametrize(("name", "setting"), ends(), ids=lambda value: value)
def test_the_ends_of_every_range(
    name: str, setting: str, drawn_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "LOG_EVERY", 1 if setting == LONG else SOME)
    settings = (*NEEDS.get(name, ()), setting)
    if setting in REFUSED:
        with pytest.raises(InputError, match=REFUSED[setting]):
            begin(tmp_path / "run", drawn_dataset, settings)
        assert not (tmp_path / "run").exists()
        return
    if setting in HEAVY:
        told = refused(tmp_path / "run", drawn_dataset, settings)
        assert "and this machine has" in told or not told
        assert (tmp_path / "run").exists() == (not told)
        return
    run = begin(tmp_path / "run", drawn_dataset, settings)
    ended = trained(run)
    assert ended in ("stopped", "finished") or "not finite" in ended or "out of memory" in ended


@pytest.mark.usefixtures("space")
@pytest.mark.parametrize(
    "settings",
    [
        ("samples=0",),
        ("jitter.blur=0.05",),  # less than the least sigma drawn otherwise
        pytest.param(("batch=200",), marks=pytest.mark.slow),  # more than there are crops
        ("warmup=5000",),  # longer than the run
        pytest.param(("generator.levels=6", "generator.last=transposed", "batch=1"), marks=pytest.mark.slow),
        ("objective=l1", "l1_weight=0", *PALETTE, "dice=1"),
        pytest.param(("precision=bf16", "border=64"), marks=pytest.mark.slow),
    ],
    ids=lambda settings: settings[0],
)
def test_what_is_odd_but_can_be_meant_trains(
    settings: tuple[str, ...], drawn_dataset: Path, tmp_path: Path
) -> None:
    run = begin(tmp_path / "run", drawn_dataset, ("epochs=1", *settings))
    assert work.work(run, cpu=True)["state"] == "finished"
    assert [row["kind"] for row in run.read_metrics()][-1] == "validation"
    assert len(list((run.folder / "samples").iterdir())) == (settings != ("samples=0",))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (("generator.levels=6", "batch=1"), "1 crops of 64 px do not go through these networks"),
        (("discriminator.layers=7",), "2 crops of 64 px do not go through these networks"),
        (("generator.levels=7",), "choose fewer levels or layers"),
        (("generator.width=1024", "generator.kernel=16"), "GB; choose a smaller"),
    ],
)
@pytest.mark.usefixtures("space")
def test_what_cannot_train_leaves_no_run(
    settings: tuple[str, ...], sentence: str, drawn_dataset: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence):
        begin(tmp_path / "run", drawn_dataset, settings)
    assert not (tmp_path / "run").exists()
    assert begin(tmp_path / "run", drawn_dataset, ()).folder.is_dir()
