"""Star-convex polygons: what is to be learnt of a label map, and what is drawn from it."""

import warnings

import numpy as np
import pytest
import torch
from skimage.draw import ellipse

from pap_core.extras import missing
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS
from pap_core.methods.catalogue import make
from pap_core.model import star_convex
from pap_core.settings.networks import NEEDS

pytestmark = pytest.mark.skipif(bool(missing(NEEDS["star"])), reason=missing(NEEDS["star"]))

SIDE = 128


def cell() -> np.ndarray:
    label = np.full((SIDE, SIDE), BACKGROUND, dtype=np.uint8)
    label[ellipse(60, 66, 50, 40)] = CYTOPLASM
    label[ellipse(58, 70, 14, 18)] = NUCLEUS
    return label


def test_what_is_drawn_from_the_targets_themselves_is_the_cell_again():
    probability, rays, _ = star_convex._targets(cell())
    certain = probability.clip(1e-6, 1 - 1e-6)
    raw = np.concatenate([np.log(certain / (1 - certain))[:, None], rays], axis=1)
    drawn = star_convex._drawn(raw)
    for value in (CYTOPLASM, NUCLEUS):
        both, either = (drawn == value) & (cell() == value), (drawn == value) | (cell() == value)
        assert both.sum() / either.sum() > 0.9


@pytest.mark.parametrize("centre", [None, NUCLEUS], ids=["cytoplasm alone", "with a nucleus"])
def test_a_cell_that_fills_the_picture_is_as_stardist_has_it_and_warns_of_nothing(centre: int | None):
    from stardist import edt_prob

    label = np.full((SIDE, SIDE), CYTOPLASM, dtype=np.uint8)
    if centre is not None:
        label[ellipse(64, 64, 20, 20)] = centre
    with pytest.warns(UserWarning, match="constant label image"):
        expected = edt_prob(np.ones((SIDE, SIDE), dtype=np.uint16))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probability, _, _ = star_convex._targets(label)
    step = star_convex.GRID
    assert np.array_equal(probability[0], expected[::step, ::step])
    assert probability[0].max() == pytest.approx(1, abs=0.05)
    assert (probability[1].max() > 0) == (centre is not None)


def test_what_is_unknown_is_not_learnt():
    config = make("star-convex").config.generator
    torch.manual_seed(0)
    network = star_convex.StarConvex(config)
    raw = torch.randn(1, 2, 1 + star_convex.RAYS, SIDE // star_convex.GRID, SIDE // star_convex.GRID)
    raw.requires_grad_()
    label = cell()
    label[:, :40] = IGNORE
    sum(network.terms(raw, torch.from_numpy(label)[None]).values()).backward()
    unknown = 40 // star_convex.GRID
    assert not raw.grad[..., :unknown].any()
    assert raw.grad[..., unknown:].any()
