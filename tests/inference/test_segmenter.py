"""Inference: sizes are kept, bytes repeat, tiles blend, memory is bounded."""

import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import torch

from pap_core import tiling
from pap_core.errors import InputError
from pap_core.inference import segmenter as inference
from pap_core.inference.segmenter import OVERLAP, Segmenter, fit_scale, resize
from pap_core.labels import PALETTE, decode
from pap_core.model.checkpoint import Checkpoint
from pap_core.model.generator import Generator
from pap_core.nuclei import without_specks
from pap_core.settings.networks import GeneratorConfig
from pap_core.tiling import SIZE

SIZES = [(1, 1), (1, 7), (40, 300), (300, 40), (255, 257), (256, 256), (257, 256), (411, 513)]


def make_segmenter(config: GeneratorConfig, generator: torch.nn.Module | None = None) -> Segmenter:
    torch.manual_seed(0)
    generator = generator or Generator(config)
    return Segmenter(Checkpoint(Path("nowhere"), generator.eval(), {}, "0" * 16), "cpu")


@pytest.fixture(scope="module", params=["colour", "palette"])
def segmenter(request) -> Segmenter:
    return make_segmenter(GeneratorConfig(levels=2, width=4, kernel=4, head=request.param))


class Local(torch.nn.Module):
    """Stands in for a generator: each pixel by itself says its class, dark ones nucleus."""

    def __init__(self, head: str = "colour"):
        super().__init__()
        self.config = GeneratorConfig(head=head)
        self.seen: list[tuple[int, ...]] = []

    def generate(self, image: torch.Tensor) -> torch.Tensor:
        self.seen.append(tuple(image.shape))
        kind = (image[:, 0] < 0.5).long() + (image[:, 0] < -0.5)
        return (torch.tensor(PALETTE)[kind].permute(0, 3, 1, 2).float() / 127.5) - 1


@pytest.fixture
def local() -> Segmenter:
    return make_segmenter(GeneratorConfig(), Local())


def picture(shape: tuple[int, int], seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def blocks(shape: tuple[int, int], side: int = 16) -> np.ndarray:
    """A picture of flat blocks in three greys, and so the label that `Local` sees."""
    grid = np.random.default_rng(1).integers(0, 3, [-(-length // side) for length in shape])
    return np.kron(grid, np.ones((side, side), int))[: shape[0], : shape[1]].astype(np.uint8)


GREYS = np.array([[230] * 3, [130] * 3, [20] * 3], dtype=np.uint8)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("kind", inference.KINDS)
def test_the_size_is_kept(segmenter, shape, kind):
    image = picture(shape)
    scale = fit_scale(image) if kind == "crop" else 1.0
    found = segmenter.segment(image, kind, scale)
    assert found.label.shape == shape
    assert found.label.dtype == found.colours.dtype == np.uint8
    assert found.colours.shape == (*shape, 3)
    assert set(np.unique(found.label)) <= {0, 1, 2}
    assert np.array_equal(found.label, without_specks(decode(found.colours), scale, kind == "crop"))
    assert (found.kind, found.scale) == (kind, scale)


@pytest.mark.parametrize("scale", [0.013, 0.5, 0.77, 1.9])
def test_the_size_is_kept_at_any_scale(segmenter, scale):
    for shape in ((1, 1), (40, 301), (133, 77)):
        assert segmenter.segment(picture(shape), "smear", scale).label.shape == shape


@pytest.mark.parametrize("kind", inference.KINDS)
def test_the_same_picture_gives_the_same_bytes(segmenter, kind):
    image = picture((300, 340))
    first = segmenter.segment(image, kind, 1.0)
    segmenter.segment(picture((100, 100), 1), kind, 1.0)
    segmenter.uncertainty(image, kind, 1.0, samples=2)
    again = segmenter.segment(image.copy(), kind, 1.0)
    assert np.array_equal(first.colours, again.colours)


def test_the_picture_is_not_changed(segmenter):
    image = picture((300, 200))
    before = image.copy()
    for kind in inference.KINDS:
        segmenter.segment(image, kind, 1.0)
    assert np.array_equal(image, before)


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (255, 257), (256, 256), (700, 450)])
def test_tiles_come_together_where_they_were_cut(local, shape):
    truth = blocks(shape)
    found = local.segment(GREYS[truth], "smear", 1.0)
    assert np.array_equal(decode(found.colours), truth)


@pytest.mark.parametrize("shape", [(64, 64), (40, 300), (511, 500)])
def test_a_crop_is_laid_back_where_it_was(local, shape):
    truth = blocks(shape, 32)
    found = local.segment(GREYS[truth], "crop", fit_scale(truth))
    assert (decode(found.colours) == truth).mean() > 0.9  # but for what resizing blurs


def test_a_scaled_smear_is_laid_back_where_it_was(local):
    truth = blocks((420, 530), 32)
    for scale in (0.5, 2.0):
        assert (decode(local.segment(GREYS[truth], "smear", scale).colours) == truth).mean() > 0.9


@pytest.mark.parametrize("shape", [(100, 100), (300, 700), (1000, 256)])
def test_tiles_of_a_constant_picture_show_no_seam(shape):
    segmenter = make_segmenter(GeneratorConfig(), Constant())
    found = segmenter.segment(np.full((*shape, 3), 200, np.uint8), "smear", 1.0)
    assert np.unique(found.colours.reshape(-1, 3), axis=0).tolist() == [[191, 64, 140]]


class Constant(Local):
    def generate(self, image: torch.Tensor) -> torch.Tensor:
        return torch.tensor([0.5, -0.5, 0.1]).view(1, 3, 1, 1).expand_as(image)


class Numbered(Local):
    """Paints each tile in a grey of its own."""

    def generate(self, image: torch.Tensor) -> torch.Tensor:
        levels = torch.arange(len(image)) % 2 * 2.0 - 1
        return levels.view(-1, 1, 1, 1).expand_as(image)


def test_tiles_fade_into_each_other():
    segmenter = make_segmenter(GeneratorConfig(), Numbered())
    width = 2 * SIZE - OVERLAP  # two tiles
    row = segmenter.segment(np.zeros((SIZE, width, 3), np.uint8), "smear", 1.0).colours[SIZE // 2, :, 0]
    step = np.abs(np.diff(row.astype(int)))
    assert row[0] == 0
    assert row[-1] == 255
    assert (np.diff(row.astype(int)) >= 0).all()
    assert step.max() < 8  # a seam would be 255
    assert np.flatnonzero(step).min() >= SIZE - OVERLAP - 1
    assert np.flatnonzero(step).max() <= SIZE


@pytest.mark.parametrize("length", [1, 255, 256, 257, 352, 416, 417, 1536, 2048])
def test_tiles_cover_and_overlap(length):
    places = tiling.places(length, SIZE, OVERLAP)
    assert places[0] == 0
    assert places == sorted(set(places))
    if length > SIZE:
        assert places[-1] + SIZE == length
        assert max(np.diff(places)) <= SIZE - OVERLAP
    else:
        assert places == [0]


def test_what_the_network_sees(local):
    local.segment(picture((300, 200)), "crop", 1.0)
    assert local.generator.seen == [(1, 3, SIZE, SIZE)]
    local.generator.seen.clear()
    local.segment(picture((10, 20)), "smear", 1.0)  # smaller than a tile
    assert local.generator.seen == [(1, 3, SIZE, SIZE)]
    local.generator.seen.clear()
    local.segment(picture((256, 2500)), "smear", 1.0)
    assert {shape[1:] for shape in local.generator.seen} == {(3, SIZE, SIZE)}
    assert max(shape[0] for shape in local.generator.seen) <= 8  # a batch is bounded


def test_a_palette_head_sees_four_mirror_images_of_a_crop():
    """So what it says of a mirrored picture is the mirror image of what it says of the picture."""
    segmenter = make_segmenter(GeneratorConfig(levels=2, width=4, kernel=4, head="palette"))
    image = picture((SIZE, SIZE))
    colours = segmenter.generate(image[None])[0].astype(int)
    for turn in (np.s_[::-1], np.s_[:, ::-1], np.s_[::-1, ::-1]):
        turned = segmenter.generate(np.ascontiguousarray(image[turn])[None])[0]
        assert np.abs(turned[turn].astype(int) - colours).max() <= 1
    paint = make_segmenter(GeneratorConfig(levels=2, width=4, kernel=4))
    assert len(paint.mirrors) == 1


def test_many_crops_at_once_are_as_one_by_one(segmenter):
    squares = np.stack([picture((SIZE, SIZE), seed) for seed in range(9)])  # more than a batch
    together = segmenter.generate(squares).astype(int)
    for square, colours in zip(squares[[0, 7, 8]], together[[0, 7, 8]], strict=True):
        assert np.abs(segmenter.generate(square[None])[0].astype(int) - colours).max() <= 1


@pytest.mark.parametrize("kind", inference.KINDS)
def test_uncertainty(segmenter, kind):
    image = picture((120, 300))
    before = {name: value.clone() for name, value in segmenter.generator.state_dict().items()}
    torch.manual_seed(1)
    spread = segmenter.uncertainty(image, kind, 1.0, samples=4)
    torch.manual_seed(2)  # what else has been drawn does not matter
    assert spread.shape == (120, 300)
    assert spread.dtype == np.float32
    assert 0 <= spread.min() < spread.max() <= 0.5
    assert np.array_equal(spread, segmenter.uncertainty(image, kind, 1.0, samples=4))
    assert not any(module.training for module in segmenter.generator.modules())
    for name, value in segmenter.generator.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_without_dropout_there_is_no_uncertainty():
    segmenter = make_segmenter(GeneratorConfig(levels=2, width=4, kernel=4, dropout=0.0))
    assert segmenter.uncertainty(picture((64, 64)), "crop", 4.0, samples=3).max() < 1e-3


def test_uncertainty_leaves_the_random_state_and_other_threads_alone():
    segmenter = make_segmenter(GeneratorConfig(levels=2, width=4, kernel=4))
    image = picture((200, 200))
    expected = segmenter.segment(image, "crop", 1.28).colours
    torch.manual_seed(5)
    following = torch.rand(3)
    torch.manual_seed(5)
    sampling = threading.Thread(target=segmenter.uncertainty, args=(image, "crop", 1.28, 12))
    sampling.start()
    others = []
    while sampling.is_alive():
        others.append(segmenter.segment(image, "crop", 1.28).colours)
    assert others
    assert all(np.array_equal(colours, expected) for colours in others)
    assert torch.equal(torch.rand(3), following)


def test_a_scale_that_makes_too_much_of_a_picture_is_refused(local):
    with pytest.raises(InputError, match=r"1000 × 800 pixels would become 10000 × 8000.*50 megapixels"):
        local.segment(np.zeros((800, 1000, 3), np.uint8), "smear", 10.0)
    assert local.generator.seen == []


def test_resize():
    image = picture((30, 50))
    assert resize(image, 1.0) is image
    assert resize(image, 2.0).shape == (60, 100, 3)
    assert resize(image, 0.001).shape == (1, 1, 3)
    assert fit_scale(image) == SIZE / 50


def test_memory_does_not_grow_with_the_height_of_a_smear(local):
    """But for pixels in and out, 3 bytes each: a sum of the whole in floats would take 16 more."""

    def peak(height: int) -> int:
        image = np.zeros((height, 512, 3), dtype=np.uint8)
        tracemalloc.start()
        try:
            local._smear(image, 1.0)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    low, high = peak(2048), peak(6144)
    assert high - low < 10 * (6144 - 2048) * 512
