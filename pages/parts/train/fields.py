"""Every setting of a run as an input: what it is called, what it does, what it may be."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pap_core.training.config import EVERY_CHOICE, EVERY_RANGE


@dataclass(frozen=True)
class Field:
    """How a setting is shown; how far it goes stands in the configuration."""

    label: str
    help: str
    step: float | None = None


FIELDS = {
    "epochs": Field("Epochs", "How many times the network sees all training crops"),
    "batch": Field("Batch", "Crops per step. More need more memory; 1 is the paper's"),
    "generator.width": Field(
        "Width", "Channels of the generator's first level; half as many need a quarter of the arithmetic"
    ),
    "l1_weight": Field(
        "λ of L1", "Weight of the difference of colours beside the adversary's word; the paper's is 100"
    ),
    "objective": Field(
        "Objective",
        "pix2pix: with the adversary. l1: without it. star: the terms of star-convex polygons",
    ),
    "seed": Field("Training seed", "Of weights, order, jitter and dropout: the same gives the same run"),
    "precision": Field(
        "Precision",
        "bf16: forward passes in half the bytes, where the machine is quick at that; a processor without "
        "AVX-512 is not. fp32: all in full",
    ),
    "jitter.rotation": Field("Rotation (°)", "Either way, at random"),
    "jitter.flip": Field("Flips", "Mirror crops, one time in two each way"),
    "jitter.zoom": Field("Zoom", "Least and greatest factor on the size of the cell", step=0.05),
    "jitter.shift": Field("Shift", "Random crop, as a share of the side", step=0.01),
    "jitter.colour": Field("Colour", "Strength of brightness, contrast, hue and stain changes", step=0.1),
    "jitter.blur": Field("Blur (px)", "Largest sigma of a Gaussian blur", step=0.5),
    "jitter.noise": Field("Noise (grey levels)", "Largest sigma of camera noise", step=1.0),
    "jitter.crowding": Field(
        "Crowding", "Chance of another cell beside a fitted one, then of a second and a third", step=0.05
    ),
    "generator.network": Field(
        "Network",
        "unet: the generator that the settings beside this describe. The others are those of the Compare "
        "page, and take width and dropout from here; star needs the objective star",
    ),
    "generator.encoder": Field(
        "Encoder",
        "pix2pix: the paper's. efficientnet_lite0: a ready one, which needs 5 levels and a transposed end",
    ),
    "generator.levels": Field("Levels", "Steps by which the encoder halves a crop"),
    "generator.kernel": Field("Kernel (px)", "Of the generator's convolutions; even", step=2),
    "generator.last": Field(
        "Last block",
        "convolution: after as many decoder blocks as levels. transposed: instead of the last of them",
    ),
    "generator.head": Field(
        "Head",
        "colour: paints colours, as the paper does. palette: mixes the class colours by probabilities",
    ),
    "generator.dropout": Field("Dropout", "Share switched off in the decoder's first blocks", step=0.05),
    "discriminator.layers": Field(
        "Discriminator's layers", "More of them see a larger part of the crop at once"
    ),
    "discriminator.width": Field("Discriminator's width", "Channels of its first layer"),
    "discriminator.kernel": Field("Discriminator's kernel (px)", "Even", step=2),
    "pretrained": Field("ImageNet weights", "Start a ready encoder from what it learned of photographs"),
    "cross_entropy": Field("Cross-entropy", "Its weight on the class probabilities; needs the palette head"),
    "dice": Field("Dice", "Weight of the Dice term; needs the palette head"),
    "border": Field("Border (px)", "Black border in the target; 0 for a palette head, which has no black"),
    "learning_rate": Field("Learning rate", "Adam's, of both networks"),
    "beta1": Field("β₁", "Adam's, for the mean of the gradient", step=0.05),
    "beta2": Field("β₂", "Adam's, for the mean of its square", step=0.001),
    "warmup": Field("Warm-up (steps)", "Over which the learning rate rises to its value"),
    "decay": Field("Decay", "Last share of the epochs, over which the learning rate falls to 0", step=0.05),
    "frozen_norms": Field(
        "Frozen norms",
        "Leave the batch norm statistics as the checkpoint has them that the run starts from, so that little "
        "is forgotten",
    ),
    "keep": Field(
        "Keep",
        "Share of the weights started from in what is kept: what was known before stays, at the price of "
        "some of what is new. Needs frozen norms",
        step=0.05,
    ),
    "average": Field(
        "Average", "Decay of the moving average of the weights that is kept; 0 for none", step=0.001
    ),
    "validation": Field(
        "Validation share", "Of the training side, whole smears, held out to choose the best epoch", step=0.05
    ),
    "samples": Field("Samples", "Validation crops drawn as pictures each epoch"),
}
MAIN = ("epochs", "batch", "generator.width", "l1_weight", "objective", "seed", "precision")


def inputs(
    names: Sequence[str], defaults: dict[str, Any], key: str, fixed: Sequence[str] = ()
) -> dict[str, Any]:
    """Show settings as inputs, beside each other as many as there is room for.

    Args:
        names: of the settings.
        defaults: their values to begin with.
        key: sets this form's inputs apart from those of another.
        fixed: names of those that cannot be changed here.

    Returns:
        Their values now.
    """
    with st.grid("auto", min_column_width=150, gap="small"):
        return {name: _input(name, defaults[name], f"{key}_{name}", name in fixed) for name in names}


def _input(name: str, default: Any, key: str, fixed: bool) -> Any:
    field = FIELDS.get(name) or Field(name, f"`{name}` of the configuration")
    choices = EVERY_CHOICE.get(name)
    # told, and not enforced by the input: that would keep the last value within it, and start a run with that
    within = " From {:g} to {:g}.".format(*EVERY_RANGE[name]) if name in EVERY_RANGE else ""
    common = {"key": key, "help": field.help + within, "disabled": fixed, "persist_state": "session"}
    if choices:
        return st.selectbox(field.label, choices, choices.index(default), **common)
    if isinstance(default, bool):
        return st.toggle(field.label, default, **common)
    if isinstance(default, int):
        return st.number_input(field.label, None, None, default, int(field.step or 1), **common)
    if isinstance(default, float):
        return _number(field, default, common)
    if isinstance(default, tuple):
        with st.container(horizontal=True, gap="xsmall"):
            ends = ("least", "greatest")
            return tuple(
                _number(
                    dataclasses.replace(field, label=f"{field.label}, {end}"),
                    one,
                    common | {"key": f"{key}_{end}"},
                )
                for end, one in zip(ends, default, strict=True)
            )
    return type(default)(st.text_input(field.label, default, **common))


def _number(field: Field, default: float, common: dict) -> float:
    step = field.step or 10.0 ** math.floor(math.log10(default or 1.0))
    return st.number_input(field.label, None, None, default, step, format="%g", **common)
