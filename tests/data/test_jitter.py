"""Jitter: image and label bend together, a label is never interpolated, the draw's seed decides."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import ndimage

from pap_core.data.dataset import Crops, JitteredCrops
from pap_core.data.jitter import Bend, Jitter
from pap_core.labels import IGNORE, NUCLEUS, PALETTE
from pap_core.model.targets import draw_targets
from pap_core.settings.jitter import JitterConfig
from pap_core.training.config import PRESETS

SIDE = 96
STRONG = PRESETS["compact"].jitter
PLAIN = JitterConfig(zoom=(0.6, 1.5), shift=0.25)  # as strong in shape, none in look
GREYS = {0: 0, 1: 1, 2: 2, IGNORE: 3}  # row of the colours an image shows each label value in
COLOURS = np.vstack([PALETTE, [[0, 255, 0]]]).astype(np.uint8)


def draw_label(seed: int, side: int = SIDE) -> torch.Tensor:
    """Draw overlapping blobs of all four values that no mirror maps onto themselves."""
    random = np.random.default_rng(seed)
    label = np.zeros((side, side), dtype=np.uint8)
    rows, columns = np.mgrid[:side, :side]
    for value in (1, 1, 2, 2, IGNORE):
        x, y, radius = *random.uniform(0.1, 0.9, 2) * side, random.uniform(0.1, 0.25) * side
        label[(columns - x) ** 2 + (rows - y) ** 2 < radius**2] = value
    return torch.from_numpy(label)


def show(label: torch.Tensor) -> torch.Tensor:
    """Paint a label in flat colours, ``(3, S, S)`` uint8."""
    rows = torch.zeros(256, dtype=torch.long)
    rows[list(GREYS)] = torch.tensor(list(GREYS.values()))
    return torch.from_numpy(COLOURS)[rows[label.long()]].permute(2, 0, 1).contiguous()


def away_from_edges(label: torch.Tensor) -> np.ndarray:
    values = label.numpy()
    return ndimage.maximum_filter(values, 5) == ndimage.minimum_filter(values, 5)


@pytest.mark.parametrize("config", [PLAIN, STRONG, JitterConfig()], ids=["plain", "strong", "paper"])
@pytest.mark.parametrize("seed", range(5))
def test_shapes_and_ranges(config, seed):
    label = draw_label(seed)
    torch.manual_seed(seed)
    image, bent = Jitter(config)(show(label), label)
    assert image.shape == (3, SIDE, SIDE)
    assert image.dtype == torch.float32
    assert -1 <= image.min() < image.max() <= 1
    assert bent.shape == (SIDE, SIDE)
    assert bent.dtype == torch.uint8
    assert type(image) is type(bent) is torch.Tensor


@pytest.mark.parametrize("seed", range(20))
def test_a_label_is_never_interpolated(seed):
    label = draw_label(seed)
    torch.manual_seed(seed)
    _, bent = Jitter(STRONG)(show(label), label)
    assert set(bent.unique().tolist()) <= set(label.unique().tolist())
    # two far values side by side: a mixture would be something else
    stripes = torch.zeros(SIDE, SIDE, dtype=torch.uint8)
    stripes[::2] = IGNORE
    assert set(Jitter(STRONG)(show(stripes), stripes)[1].unique().tolist()) <= {0, IGNORE}


@pytest.mark.parametrize("seed", range(20))
def test_image_and_label_bend_together(seed):
    label = draw_label(seed)
    torch.manual_seed(seed)
    image, bent = Jitter(PLAIN)(show(label), label)
    pixels = ((image + 1) * 127.5).permute(1, 2, 0).numpy()
    nearest = np.linalg.norm(pixels[:, :, None] - COLOURS.astype(float), axis=-1).argmin(axis=-1)
    shown = np.array(list(GREYS))[nearest]
    inside = away_from_edges(bent)
    assert inside.mean() > 0.3
    assert (shown == bent.numpy())[inside].mean() > 0.99
    assert (shown == bent.numpy()).mean() > 0.9


def test_the_border_drawn_after_the_jitter_is_crisp():
    label = draw_label(1)
    torch.manual_seed(0)
    _, bent = Jitter(STRONG)(show(label), label)
    known = bent.flatten() <= NUCLEUS  # the rest, from beyond the picture, is grey
    colours = {tuple(pixel) for pixel in draw_targets(bent[None])[0].flatten(1).T[known].tolist()}
    assert colours <= {(1, 1, 1), (1, -1, -1), (-1, -1, 1), (-1, -1, -1)}


def test_no_jitter_is_none():
    label = draw_label(0)
    still = JitterConfig(rotation=0, flip=False, zoom=(1, 1), shift=0)
    image, bent = Jitter(still)(show(label), label)
    assert torch.equal(bent, label)
    assert torch.equal(((image + 1) * 127.5).round().to(torch.uint8), show(label))


def test_the_look_changes_the_image_alone():
    label = draw_label(0)
    look = JitterConfig(rotation=0, flip=False, zoom=(1, 1), shift=0, colour=1, blur=2, noise=10)
    torch.manual_seed(0)
    seen = [Jitter(look)(show(label), label) for _ in range(4)]
    assert all(torch.equal(bent, label) for _, bent in seen)
    assert not any(torch.equal(seen[0][0], image) for image, _ in seen[1:])


def test_zoom_turn_and_shift_stay_within_their_ranges():
    bend = Bend(rotation=30, zoom=(0.8, 1.25), shift=0.1)
    torch.manual_seed(0)
    maps = torch.cat([bend.draw() for _ in range(500)])
    inverse = maps[:, :, :2].det().abs().sqrt()
    zoom, turn, shift = 1 / inverse, torch.atan2(maps[:, 1, 0], maps[:, 0, 0]), maps[:, :, 2] / 2
    for values, low, high in (
        (zoom, 0.8, 1.25),
        (turn, -math.radians(30), math.radians(30)),
        (shift, -0.1, 0.1),
    ):
        assert low - 1e-6 <= values.min() <= low + 0.02 * (high - low)
        assert high - 0.02 * (high - low) <= values.max() <= high + 1e-6
    assert (zoom > 1).float().mean().item() == pytest.approx(0.5, abs=0.1)  # in as often as out


@pytest.mark.parametrize("factor", [0.6, 0.8, 1.25, 1.5])
def test_zoom_is_the_factor_on_the_size_of_the_cell(factor):
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    disc = ((rows - SIDE / 2) ** 2 + (columns - SIDE / 2) ** 2 < 12**2).astype(np.uint8)
    config = JitterConfig(rotation=0, flip=False, zoom=(factor, factor), shift=0)
    label = torch.from_numpy(disc)
    _, bent = Jitter(config)(show(label), label)
    middle = bent[SIDE // 2]
    assert middle.sum().item() == pytest.approx(24 * factor, abs=2)


def test_flips_come_one_time_in_two_each():
    label = torch.zeros(8, 8, dtype=torch.uint8)
    label[0, 0] = 2  # its corner tells the flips
    jitter = Jitter(JitterConfig(rotation=0, flip=True, zoom=(1, 1), shift=0))
    torch.manual_seed(0)
    corners = torch.stack([jitter(show(label), label)[1].nonzero()[0] for _ in range(200)])
    for axis in (0, 1):
        assert (corners[:, axis] == 7).float().mean().item() == pytest.approx(0.5, abs=0.12)
    assert len(corners.unique(dim=0)) == 4


@pytest.fixture(scope="module")
def crops() -> Crops:
    labels = torch.stack([draw_label(seed, 32) for seed in range(5)])
    return Crops(
        pd.DataFrame({"mode": ["window"] * 5}), torch.stack([show(label) for label in labels]), labels
    )


def test_the_same_draw_gives_the_same_example(crops):
    first, second = (JitteredCrops(crops, Jitter(STRONG), seed=3) for _ in range(2))
    torch.manual_seed(1)
    expected = [first[index, draw] for index, draw in ((0, 0), (1, 1), (0, 7))]
    torch.manual_seed(2)  # what else has been drawn does not matter, nor the order
    found = [second[index, draw] for index, draw in ((0, 7), (1, 1), (0, 0))][::-1]
    for (image, label), (other_image, other_label) in zip(expected, found, strict=True):
        assert torch.equal(image, other_image)
        assert torch.equal(label, other_label)


def test_another_draw_or_seed_gives_another_example(crops):
    examples = JitteredCrops(crops, Jitter(STRONG), seed=3)
    image, _ = examples[0, 0]
    for other in (examples[0, 1], examples[0, 5], JitteredCrops(crops, Jitter(STRONG), seed=4)[0, 0]):
        assert not torch.equal(image, other[0])


def test_drawing_leaves_the_global_random_state_alone(crops):
    torch.manual_seed(0)
    expected = torch.rand(3)
    torch.manual_seed(0)
    JitteredCrops(crops, Jitter(STRONG), seed=3)[0, 0]
    assert torch.equal(torch.rand(3), expected)
