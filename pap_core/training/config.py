"""What a training run is: one frozen value, stored with the run and with every checkpoint."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pap_core.errors import InputError
from pap_core.settings import bounds, jitter
from pap_core.settings.jitter import JitterConfig
from pap_core.settings.networks import (
    DISCRIMINATOR_RANGES,
    GENERATOR_CHOICES,
    GENERATOR_RANGES,
    DiscriminatorConfig,
    GeneratorConfig,
)

RANGES: dict[str, bounds.Range] = {
    "l1_weight": (0.0, 1e6),
    "cross_entropy": (0.0, 1e6),
    "dice": (0.0, 1e6),
    "border": (0, 64),
    "epochs": (1, 1_000_000),
    "batch": (1, 4096),
    "learning_rate": (1e-9, 1.0),
    "beta1": (0.0, 0.9999),
    "beta2": (0.0, 0.999999),
    "warmup": (0, 1_000_000),
    "decay": (0.0, 1.0),
    "keep": (0.0, 0.99),
    "average": (0.0, 0.999999),
    "validation": (0.001, 0.99),
    "seed": (0, 2**31 - 1),
    "samples": (0, 64),
}
CHOICES = {"objective": ("pix2pix", "l1", "star"), "precision": ("bf16", "fp32")}
# of all settings, those of the parts by their whole names
EVERY_RANGE = RANGES | {
    f"{part}.{name}": one
    for part, own in (
        ("generator", GENERATOR_RANGES),
        ("discriminator", DISCRIMINATOR_RANGES),
        ("jitter", jitter.RANGES),
    )
    for name, one in own.items()
}
EVERY_CHOICE = CHOICES | {f"generator.{name}": words for name, words in GENERATOR_CHOICES.items()}
_NO_SETTINGS = ("preset",)  # the name of what the others began as


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run, but for the data and the machine."""

    preset: str = "paper"
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    discriminator: DiscriminatorConfig = field(default_factory=DiscriminatorConfig)
    jitter: JitterConfig = field(default_factory=JitterConfig)
    pretrained: bool = False  # start a ready encoder from ImageNet weights

    objective: str = "pix2pix"  # "l1" leaves the adversary out; "star" is of the star-convex network alone
    l1_weight: float = 100.0  # λ
    cross_entropy: float = 0.0  # weight of the cross-entropy on class logits; needs the palette head
    dice: float = 0.0  # weight of the Dice term; needs the palette head
    border: int = 2  # px of black border in the target; a palette head has no black, so 0 there

    epochs: int = 200
    batch: int = 1
    learning_rate: float = 2e-4  # Adam, both networks
    beta1: float = 0.5
    beta2: float = 0.999
    warmup: int = 0  # steps over which the learning rate rises to its value
    decay: float = 0.0  # last share of the epochs over which the learning rate runs down to 0
    frozen_norms: bool = False  # leave the generator's batch norm statistics as those it starts from
    keep: float = 0.0  # share of the weights it starts from in what is kept; needs frozen norms
    average: float = 0.0  # decay of the moving average of the generator's weights, 0 for none
    precision: str = "bf16"  # autocast, where the device is quick at it; "fp32" for none
    validation: float = 0.1  # share of the training side held out, by smear or slide
    seed: int = 0
    samples: int = 4  # validation crops drawn as pictures each epoch

    def __post_init__(self):
        wrong = bounds.faults("", self, RANGES, CHOICES)
        for part in (self.generator, self.discriminator, self.jitter):
            wrong += part.faults()
        wrong = wrong or self._contradictions()  # which only what is in range can be asked for
        if wrong:
            raise InputError(f"training configuration: {'; '.join(wrong)}.")

    def _contradictions(self) -> list[str]:
        """Say which settings exclude each other."""
        wrong = []
        if (self.objective == "star") != (self.generator.network == "star"):
            wrong.append("objective 'star' and generator.network 'star' go together")
        if self.objective == "star" and (self.cross_entropy or self.dice):
            wrong.append("objective 'star' has terms of its own, set cross_entropy and dice to 0")
        if self.objective == "l1" and not (self.l1_weight or self.cross_entropy or self.dice):
            wrong.append("objective 'l1' needs a weight above 0: of l1_weight, cross_entropy or dice")
        if self.generator.encoder != "pix2pix" and (self.generator.levels, self.generator.last) != (
            5,
            "transposed",
        ):
            wrong.append("a ready encoder needs generator.levels = 5 and generator.last = 'transposed'")
        if self.generator.network == "fpn" and self.generator.width % 16:
            wrong.append(
                "network fpn normalises channels in groups: generator.width must be a multiple of 16"
            )
        ready = self.generator.encoder if self.generator.network == "unet" else self.generator.network
        if self.pretrained and ready not in ("efficientnet_lite0", "fpn"):
            wrong.append(f"there are no ImageNet weights for {ready}, set pretrained to false")
        if self.jitter.zoom[0] > self.jitter.zoom[1]:
            wrong.append("jitter.zoom is the least factor, then the greatest: exchange them")
        if self.keep and not self.frozen_norms:
            wrong.append("keep needs frozen_norms, for the mean of two statistics is that of no weights")
        palette = self.generator.head == "palette"
        if (self.cross_entropy or self.dice) and not palette:
            wrong.append("cross_entropy and dice need generator.head = 'palette'")
        if palette and self.border:
            wrong.append("a palette head cannot paint a border, set border to 0")
        return wrong


PRESETS: dict[str, TrainConfig] = {
    # the paper, SPEC section 4
    "paper": TrainConfig(),
    # Isola et al. 2017: 8 levels, 4 × 4 kernels, 70 × 70 PatchGAN
    "isola": TrainConfig(
        preset="isola",
        generator=GeneratorConfig(levels=8, kernel=4, last="transposed"),
        discriminator=DiscriminatorConfig(layers=4, kernel=4),
    ),
    # the one that ships: a ready encoder, class logits as colours, stain and camera jitter
    "compact": TrainConfig(
        preset="compact",
        generator=GeneratorConfig(
            encoder="efficientnet_lite0",
            levels=5,
            width=32,
            kernel=4,
            last="transposed",
            head="palette",
            dropout=0.2,
        ),
        discriminator=DiscriminatorConfig(layers=4, width=16, kernel=4),
        jitter=JitterConfig(zoom=(0.6, 1.5), shift=0.25, colour=1.0, blur=2.0, noise=10.0),
        pretrained=True,
        cross_entropy=100.0,
        dice=100.0,
        border=0,
        epochs=26,
        batch=8,
        learning_rate=1e-3,
        warmup=100,
        decay=0.7,
        average=0.998,
    ),
    # for tests and a first look: learns phantoms in a minute on a CPU
    "tiny": TrainConfig(
        preset="tiny",
        generator=GeneratorConfig(levels=5, width=8, kernel=4, head="palette"),
        discriminator=DiscriminatorConfig(layers=3, width=8, kernel=4),
        cross_entropy=100.0,
        dice=100.0,
        border=0,
        epochs=12,
        batch=2,
        learning_rate=2e-3,
        decay=0.5,
        average=0.95,
    ),
}


def to_dict(config: TrainConfig) -> dict:
    """Return a configuration as plain values, for JSON."""
    return dataclasses.asdict(config)


def from_dict(values: dict) -> TrainConfig:
    """Rebuild a configuration from plain values.

    Raises:
        InputError: a field is unknown.
    """
    try:
        return TrainConfig(
            **values
            | {
                "generator": GeneratorConfig(**values["generator"]),
                "discriminator": DiscriminatorConfig(**values["discriminator"]),
                "jitter": JitterConfig(**values["jitter"] | {"zoom": tuple(values["jitter"]["zoom"])}),
            }
        )
    except (KeyError, TypeError) as error:
        raise InputError(f"training configuration: {error}; was it written by another version?") from None


def flat(config: TrainConfig) -> dict[str, Any]:
    """Return every setting by its name.

    >>> flat(PRESETS["tiny"])["generator.width"]
    8
    """
    values: dict[str, Any] = {}
    for name, value in to_dict(config).items():
        if isinstance(value, dict):
            values |= {f"{name}.{part}": one for part, one in value.items()}
        elif name not in _NO_SETTINGS:
            values[name] = value
    return values


def changed(config: TrainConfig, values: Mapping[str, Any]) -> TrainConfig:
    """Return a configuration with some settings changed.

    Args:
        config: where to start, usually a preset.
        values: of settings by their names, as `flat` returns them.

    Raises:
        InputError: a value is out of its range, or settings exclude each other.
    """
    found = to_dict(config)
    for name, value in values.items():
        part, _, last = name.rpartition(".")
        (found[part] if part else found)[last] = value
    return from_dict(found)


def override(config: TrainConfig, settings: Sequence[str]) -> TrainConfig:
    """Return a configuration with some settings changed, as they are written in a command.

    Args:
        config: where to start, usually a preset.
        settings: each ``name=value`` or ``part.name=value``, the value as in JSON or a bare word.

    Raises:
        InputError: no such setting, a value of another type, or settings that exclude each other.

    >>> override(PRESETS["tiny"], ["epochs=2", "generator.width=4"]).generator.width
    4
    """
    before, values = flat(config), {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in before:
            raise InputError(
                f"--set {setting:.60}: no setting {name!r:.60}; expected one of {', '.join(before)}."
            )
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):  # no JSON, a number of thousands of digits, nested without end
            value = text
        wanted = type(before[name])
        if wanted is float and type(value) is int:
            with suppress(OverflowError):  # as large as that it is in no range either
                value = float(value)
        if wanted is tuple and isinstance(value, list):
            value = tuple(value)
        if type(value) is not wanted:
            raise InputError(
                f"--set {setting:.60}: found {text!r:.60}, expected a value like {before[name]!r}."
            )
        values[name] = value
    return changed(config, values)
