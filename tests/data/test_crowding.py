"""Crowding: neighbours darken as light through two cells does, stay aside, and leave labels alone."""

import numpy as np
import pandas as pd
import pytest
import torch

from pap_core.data.crowding import MOST, crowd
from pap_core.data.dataset import Crops, JitteredCrops
from pap_core.data.jitter import Jitter
from pap_core.labels import CYTOPLASM, IGNORE, NUCLEUS
from pap_core.settings.jitter import JitterConfig

SIDE = 96
GLASS, BODY, CORE = (230, 225, 220), (115, 150, 176), (46, 45, 88)
STILL = {"rotation": 0.0, "flip": False, "zoom": (1.0, 1.0), "shift": 0.0}


def cell(radius: float = 42, glass: tuple[int, int, int] = GLASS) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw a round cell in flat colours and its label map."""
    rows, columns = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    distance = np.hypot(rows, columns)
    label = np.where(distance < radius / 3, NUCLEUS, np.where(distance < radius, CYTOPLASM, 0))
    share = np.array([np.ones(3), np.divide(BODY, GLASS), np.divide(CORE, GLASS)])  # of light let through
    image = (share[label] * glass).round()
    return torch.from_numpy(image).permute(2, 0, 1).to(torch.uint8), torch.from_numpy(label.astype(np.uint8))


@pytest.mark.parametrize("seed", range(9))
def test_each_channel_passes_what_the_neighbour_lets_through(seed):
    """On empty glass a neighbour looks as in its own picture, whatever the light was there."""
    torch.manual_seed(seed)
    empty = torch.tensor(GLASS, dtype=torch.uint8)[:, None, None].expand(3, SIDE, SIDE)
    seen = crowd(empty, [cell(glass=(180, 190, 200))]).permute(1, 2, 0).reshape(-1, 3).numpy().astype(int)
    body = np.abs(seen - BODY).max(axis=1) <= 3
    core = np.abs(seen - CORE).max(axis=1) <= 3
    glass = (seen == GLASS).all(axis=1)
    assert body.any()
    assert glass.any()
    assert (body | core | glass).mean() > 0.85  # the rest is the soft edge


def test_where_cells_overlap_their_lights_multiply():
    torch.manual_seed(3)
    neighbour = cell()
    on_glass = crowd(torch.tensor(GLASS, dtype=torch.uint8)[:, None, None].expand(3, SIDE, SIDE), [neighbour])
    torch.manual_seed(3)
    image, _ = cell(40)
    both = crowd(image, [neighbour])
    glass = torch.tensor(GLASS)[:, None, None]
    expected = image.float() * on_glass / glass
    assert (both.float() - expected).abs().max() < 2
    assert (both.float() < image.float() - 20).any()
    assert (both <= image).all()


def test_the_middle_of_the_cell_stays_free():
    """Neighbours lie beside a cell, so the nucleus asked for is in sight, whatever is drawn."""
    hidden, middle = 0, slice(SIDE // 2 - 4, SIDE // 2 + 4)
    for seed in range(100):
        torch.manual_seed(seed)
        image, _ = cell()
        changed = crowd(image, [cell()])
        hidden += not torch.equal(changed[:, middle, middle], image[:, middle, middle])
    assert hidden < 10


def test_a_neighbour_without_background_is_left_out():
    image, label = cell()
    assert torch.equal(crowd(image, [(image, torch.full_like(label, IGNORE))]), image)


def crops(mode: str) -> Crops:
    drawn = [cell(40 + number) for number in range(6)]
    images, labels = (torch.stack(part) for part in zip(*drawn, strict=True))
    return Crops(pd.DataFrame({"mode": [mode] * 6}), images, labels)


def test_only_single_cells_get_neighbours_and_their_labels_stay():
    crowded = JitterConfig(**STILL, crowding=1.0)
    single, windows = (JitteredCrops(crops(mode), Jitter(crowded), seed=0) for mode in ("fit", "window"))
    plain = JitteredCrops(crops("fit"), Jitter(JitterConfig(**STILL)), seed=0)
    changed = 0
    for index in range(6):
        image, label = plain[index, index]
        assert torch.equal(windows[index, index][0], image)
        assert torch.equal(single[index, index][1], label)
        changed += not torch.equal(single[index, index][0], image)
        assert torch.equal(single[index, index][0], single[index, index][0])  # the same draw, the same crowd
    assert changed >= 5


def test_the_chance_decides_how_many(monkeypatch):
    seen = []
    monkeypatch.setattr("pap_core.data.jitter.crowd", lambda image, others: seen.append(len(others)) or image)
    examples = JitteredCrops(crops("fit"), Jitter(JitterConfig(**STILL, crowding=0.5)), seed=0)
    for draw in range(400):
        examples[draw % 6, draw]
    counts = np.bincount([*seen, *[0] * (400 - len(seen))], minlength=MOST + 1) / 400
    np.testing.assert_allclose(counts, [0.5, 0.25, 0.125, 0.125], atol=0.07)
