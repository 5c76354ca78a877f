"""What a run will cost: parameters and arithmetic as the paper's, memory, and a pace that was measured."""

import dataclasses
import json
import time
from pathlib import Path

import pytest
import torch

from pap_core.errors import InputError
from pap_core.jobs.call import call
from pap_core.model import objective
from pap_core.training.config import PRESETS, override
from pap_core.training.planning import peak
from pap_core.training.planning.arithmetic import counter
from pap_core.training.planning.estimate import comparable, costs, measure
from pap_core.training.precision import computed_in
from pap_core.training.trainer import Trainer
from tests.helpers.training.small_runs import tiny

MULTIPLIED = 33.1e9  # multiplications of the paper's generator for a crop, forward
PARAMETERS = 109.9e6, 25.1e6


@pytest.fixture(scope="module")
def paper():
    return costs(PRESETS["paper"])


def test_the_papers_networks_have_its_parameters(paper) -> None:
    assert paper.states.generator == pytest.approx(PARAMETERS[0], rel=1e-3)
    assert paper.states.discriminator == pytest.approx(PARAMETERS[1], rel=1e-3)
    assert paper.states.bytes == 16 * (paper.states.generator + paper.states.discriminator)


def test_the_arithmetic_is_that_of_the_layers(paper) -> None:
    alone = costs(override(PRESETS["paper"], ["objective=l1"]))
    assert alone.flops == pytest.approx(3 * 2 * MULTIPLIED, rel=0.01)  # backward takes twice the forward
    assert alone.flops < paper.flops < 2 * alone.flops


@pytest.mark.parametrize("groups", [1, 4, 32])
@pytest.mark.parametrize(("kind", "stride"), [("Conv2d", 1), ("Conv2d", 2), ("ConvTranspose2d", 2)])
def test_backward_takes_twice_the_forward_in_groups_too(kind: str, stride: int, groups: int) -> None:
    layer = getattr(torch.nn, kind)(32, 64, 4, stride, 1, groups=groups)
    inputs = torch.zeros(2, 32, 16, 16, requires_grad=True)
    with counter() as forward:
        outputs = layer(inputs)
    with counter() as backward:
        outputs.sum().backward()
    smaller = min(inputs[0, 0].numel(), outputs[0, 0].numel())
    assert forward.get_total_flops() == 2 * 2 * 32 * 64 // groups * 4 * 4 * smaller
    assert backward.get_total_flops() == 2 * forward.get_total_flops()


def test_without_an_adversary_its_weights_lie_idle(paper) -> None:
    alone = costs(override(PRESETS["paper"], ["objective=l1", "average=0.9"]))
    assert alone.states.bytes == 20 * alone.states.generator + 4 * alone.states.discriminator
    assert alone.activations < paper.activations


def test_activations_grow_with_the_batch_and_with_precision() -> None:
    few, many, full = (
        costs(override(PRESETS["tiny"], [setting])).activations
        for setting in ("batch=2", "batch=8", "precision=fp32")
    )
    assert many == pytest.approx(4 * few, rel=0.1)
    if computed_in("bf16", "cpu") == "bf16":
        assert few < full < 2.2 * few
    else:
        assert few == full


def test_what_is_kept_is_what_a_real_step_keeps(drawn_crops) -> None:
    config = tiny("precision=bf16", "objective=l1")
    trainer = Trainer(config, drawn_crops, cpu=True)
    weights = {one.untyped_storage().data_ptr() for one in trainer.generator.parameters()}
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    images = drawn_crops.images[:2].float() / 127.5 - 1
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        with trainer.autocast():
            raw = trainer.generator(images)
        loss = objective.l1(trainer.generator.colours(raw), images)
    assert loss.requires_grad  # all that was kept is still there
    assert costs(config, 64).activations == pytest.approx(sum(kept.values()), rel=0.02)


def test_crops_too_small_for_the_networks_are_refused() -> None:
    with pytest.raises(InputError, match="crops of 8 px do not go through these networks"):
        costs(PRESETS["tiny"], 8)


def test_counting_leaves_random_numbers_alone() -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    costs(PRESETS["tiny"])
    assert torch.equal(torch.rand(4), expected)


def test_configurations_of_one_pace_are_one() -> None:
    first = override(PRESETS["tiny"], ["epochs=3", "learning_rate=0.1", "seed=9", "l1_weight=7", "dice=5"])
    assert comparable(first) == comparable(PRESETS["tiny"])
    assert comparable(override(PRESETS["tiny"], ["batch=3"])) != comparable(PRESETS["tiny"])
    assert comparable(override(PRESETS["tiny"], ["jitter.blur=2.0"])) != comparable(PRESETS["tiny"])


@pytest.mark.slow
def test_the_pace_is_measured_with_real_steps(
    drawn_dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAP_WORKSPACE", str(tmp_path))
    began = time.monotonic()
    pace = measure(tiny(), [drawn_dataset])
    assert time.monotonic() - began < 120
    assert pace.crops_per_second > 1
    assert 100e6 < pace.memory < 20e9
    ((machine, before),) = peak.read().items()
    assert machine.endswith(f"torch {torch.__version__}, fp32")
    assert peak.measure("fp32") >= before  # a slower measure never takes the place of a better one
    assert peak.read()[machine] >= before


@pytest.mark.slow
def test_a_data_set_that_is_gone_is_told_in_a_sentence(drawn_dataset: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"gone: no dataset\.json found"):
        measure(tiny(), [tmp_path / "gone"])


@pytest.mark.slow
def test_work_that_takes_too_long_or_dies_is_told_in_a_sentence() -> None:
    with pytest.raises(InputError, match=r"not done after 0 s, so it was ended"):
        call("pap_core.training.planning.estimate", {}, 0.01)
    with pytest.raises(InputError, match=r"ended without an answer \(KeyError: 'config'\)"):
        call("pap_core.training.planning.estimate", {}, 60)


def test_every_setting_is_a_plain_value() -> None:
    for preset in PRESETS.values():
        json.dumps(dataclasses.asdict(comparable(preset)))
