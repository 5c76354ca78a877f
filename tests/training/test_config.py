"""The presets are the published settings, and a setting that cannot be meant is refused."""

import dataclasses
import json

import pytest

from pap_core.errors import InputError
from pap_core.training.config import PRESETS, TrainConfig, from_dict, override, to_dict


def test_the_papers_preset():
    """SPEC, section 4."""
    paper = PRESETS["paper"]
    assert (paper.generator.levels, paper.generator.width, paper.generator.kernel) == (7, 64, 6)
    assert (paper.generator.last, paper.generator.head, paper.generator.dropout) == (
        "convolution",
        "colour",
        0.5,
    )
    assert (paper.discriminator.layers, paper.discriminator.width, paper.discriminator.kernel) == (6, 64, 6)
    assert (paper.objective, paper.l1_weight) == ("pix2pix", 100)
    assert (paper.cross_entropy, paper.dice, paper.average) == (0, 0, 0)
    assert (paper.epochs, paper.batch) == (200, 1)
    assert (paper.learning_rate, paper.beta1, paper.beta2) == (2e-4, 0.5, 0.999)
    assert (paper.warmup, paper.decay) == (0, 0)  # a constant rate
    assert (paper.border, paper.pretrained) == (2, False)
    jitter = paper.jitter
    assert jitter.rotation > 0
    assert jitter.flip
    assert jitter.zoom[0] < 1 < jitter.zoom[1]
    assert jitter.shift > 0
    assert (jitter.colour, jitter.blur, jitter.noise) == (0, 0, 0)  # the paper has none of them


def test_isolas_preset():
    isola = PRESETS["isola"]
    assert (isola.generator.levels, isola.generator.kernel, isola.generator.last) == (8, 4, "transposed")
    assert (isola.discriminator.layers, isola.discriminator.kernel) == (4, 4)
    changed = {"preset": "paper", "generator": PRESETS["paper"].generator}
    changed["discriminator"] = PRESETS["paper"].discriminator
    assert dataclasses.replace(isola, **changed) == PRESETS["paper"]  # all else as the paper


@pytest.mark.parametrize("name", PRESETS)
def test_round_trip(name):
    config = PRESETS[name]
    assert config.preset == name
    assert from_dict(to_dict(config)) == config
    again = from_dict(json.loads(json.dumps(to_dict(config))))  # JSON has no tuples
    assert again == config
    assert isinstance(again.jitter.zoom, tuple)
    hash(again)  # frozen through and through


@pytest.mark.parametrize(
    "change",
    [
        {"colour_space": "lab"},
        {"generator": {"depth": 7}},
        {"jitter": {"rotation": 3}},  # without zoom
        {"objective": "wgan"},
        {"generator": 3},
        {"epochs": "7"},
        {"epochs": 7.0},
        {"batch": True},
        {"pretrained": 1},
        {"preset": None},
        {"objective": ["l1"]},
        {"learning_rate": None},
        {"jitter": to_dict(PRESETS["paper"])["jitter"] | {"zoom": "ab"}},
        {"jitter": to_dict(PRESETS["paper"])["jitter"] | {"flip": 1}},
        {"discriminator": to_dict(PRESETS["paper"])["discriminator"] | {"layers": 99}},
    ],
)
def test_what_another_version_or_a_hand_wrote_is_refused(change):
    with pytest.raises(InputError, match="training configuration"):
        from_dict(to_dict(PRESETS["paper"]) | change)


def test_a_missing_part_is_refused():
    values = to_dict(PRESETS["paper"])
    del values["discriminator"]
    with pytest.raises(InputError, match="discriminator"):
        from_dict(values)


@pytest.mark.parametrize(
    ("setting", "read", "value"),
    [
        ("epochs=7", lambda config: config.epochs, 7),
        ("l1_weight=10", lambda config: config.l1_weight, 10.0),
        ("learning_rate=1e-3", lambda config: config.learning_rate, 1e-3),
        ("objective=l1", lambda config: config.objective, "l1"),
        ('objective="l1"', lambda config: config.objective, "l1"),
        ("precision=fp32", lambda config: config.precision, "fp32"),
        ("generator.width=32", lambda config: config.generator.width, 32),
        ("generator.kernel=4", lambda config: config.generator.kernel, 4),
        ("generator.levels=6", lambda config: config.generator.levels, 6),
        ("discriminator.layers=4", lambda config: config.discriminator.layers, 4),
        ("jitter.flip=false", lambda config: config.jitter.flip, False),
        ("jitter.zoom=[0.9, 1.1]", lambda config: config.jitter.zoom, (0.9, 1.1)),
        ("batch=4", lambda config: config.batch, 4),
        ("decay=0.5", lambda config: config.decay, 0.5),
        ("average=0.99", lambda config: config.average, 0.99),
    ],
)
def test_override(setting, read, value):
    changed = override(PRESETS["paper"], [setting])
    assert read(changed) == value
    assert type(read(changed)) is type(value)
    assert changed != PRESETS["paper"]
    back = to_dict(PRESETS["paper"])
    name, _, last = setting.partition("=")[0].rpartition(".")
    (back[name] if name else back)[last] = value
    assert to_dict(changed) == back  # nothing else has moved


def test_later_settings_win_and_none_changes_nothing():
    assert override(PRESETS["tiny"], []) == PRESETS["tiny"]
    assert override(PRESETS["tiny"], ["epochs=2", "epochs=3"]).epochs == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (["epoch=3"], r"no setting 'epoch'; expected one of .*generator\.width.*epochs"),
        (["generator.depth=3"], "no setting 'generator.depth'"),
        (["optimiser.beta=3"], "no setting 'optimiser.beta'"),
        (["generator=3"], "no setting 'generator'"),
        (["epochs.more=3"], "no setting 'epochs.more'"),
        (["preset.r=3"], "no setting 'preset.r'"),
        ([""], "no setting ''"),
        (["epochs=many"], "found 'many', expected a value like 200"),
        (["epochs=1.5"], "found '1.5'"),
        (["epochs"], "found ''"),
        (["epochs=true"], "found 'true'"),
        (["jitter.flip=1"], "found '1', expected a value like True"),
        (["objective=wgan"], "objective is 'wgan', expected one of pix2pix, l1, star"),
        (["precision=fp8"], "precision is 'fp8', expected one of bf16, fp32"),
        (["epochs=0"], "epochs is 0, expected 1 to 1000000"),
        (["batch=0"], "batch is 0, expected 1 to 4096"),
        (["decay=1.5"], "decay is 1.5, expected 0 to 1"),
        (["average=1.0"], "average is 1.0, expected 0 to 0.999999"),
        (["validation=0.0"], "validation is 0.0, expected 0.001 to 0.99"),
        (["keep=1.0", "frozen_norms=true"], "keep is 1.0, expected 0 to 0.99"),
        (["keep=0.5"], "keep needs frozen_norms"),
        (["dice=1.0"], "palette"),
        (["cross_entropy=1.0"], "palette"),
        (["generator.head=palette"], "border"),
        (["generator.head=softmax"], "generator.head is 'softmax'"),
        (["generator.encoder=resnet"], "generator.encoder is 'resnet'"),
        (["generator.last=dense"], "generator.last is 'dense'"),
        (["generator.encoder=efficientnet_lite0"], "levels = 5"),
        (["generator.kernel=5"], "even"),
        (["generator.levels=9"], "generator.levels is 9, expected 1 to 8"),
        (["generator.levels=0"], "generator.levels is 0, expected 1 to 8"),
        (["discriminator.kernel=3"], "even"),
        (["pretrained=true"], "ImageNet"),
        (["jitter.zoom=[1.0]"], "expected 2 numbers"),
        (["jitter.zoom=[0.0, 1.0]"], "expected 2 numbers, each 0.1 to 10"),
        (["jitter.zoom=[1.2, 0.9]"], "least factor, then the greatest"),
        (["jitter.zoom=[NaN, 1.0]"], "expected 2 numbers, each 0.1 to 10"),
        (["learning_rate=-1"], "learning_rate is -1.0, expected 1e-09 to 1"),
        (["learning_rate=NaN"], "learning_rate is nan, expected 1e-09 to 1"),
        (["beta1=2"], "beta1 is 2.0, expected 0 to 0.9999"),
        (["l1_weight=1e999"], "l1_weight is inf"),
        (["l1_weight=Infinity"], "l1_weight is inf"),
        ([f"l1_weight={'9' * 400}"], "expected a value like 100.0"),
        ([f"seed={'9' * 5000}"], "expected a value like 0"),
        (["seed=-1"], "seed is -1, expected 0 to 2147483647"),
        (["samples=[[[["], "expected a value like 4"),
        ([f"samples={'[' * 100_000}"], "expected a value like 4"),
        (["objective=l1", "l1_weight=0"], "needs a weight above 0"),
        (
            ["objective=star", "generator.network=star", "generator.head=palette", "border=0", "dice=1"],
            "terms of its own",
        ),
        (["jitter.zoom=0.5"], "found '0.5'"),
    ],
)
def test_what_cannot_be_meant_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        override(PRESETS["paper"], settings)


def test_all_that_is_wrong_is_told_at_once():
    with pytest.raises(InputError, match=r"objective.*epochs.*precision"):
        TrainConfig(objective="gan", precision="int8", epochs=0)
