"""The objective against torch's and scikit-learn's own, and plain loops."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from pap_core.labels import IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL, PALETTE, decode
from pap_core.model import objective
from pap_core.model.discriminator import Discriminator
from pap_core.model.generator import Generator, to_pixels
from pap_core.model.targets import draw_targets
from pap_core.settings.networks import GeneratorConfig
from pap_core.training.config import PRESETS

MAY_BE = {0: {0}, 1: {1}, 2: {2}, NOT_NUCLEUS: {0, 1}, OF_CELL: {1, 2}, IGNORE: {0, 1, 2}}  # classes, by code

bce = torch.nn.BCEWithLogitsLoss()


@pytest.fixture(params=range(3))
def random(request) -> torch.Generator:
    return torch.Generator().manual_seed(request.param)


def draw_labels(random: torch.Generator, shape: tuple[int, ...], ignored: bool = True) -> torch.Tensor:
    values = torch.tensor(list(MAY_BE) if ignored else [0, 1, 2], dtype=torch.uint8)
    return values[torch.randint(len(values), shape, generator=random)]


@pytest.mark.parametrize("spread", [0.1, 3.0, 200.0])
def test_log_losses(random, spread):
    real, fake = spread * torch.randn(2, 2, 1, 5, 5, generator=random)
    for logits in (real, fake):
        assert torch.allclose(objective.adversarial(logits, True), bce(logits, torch.ones_like(logits)))
        assert torch.allclose(objective.adversarial(logits, False), bce(logits, torch.zeros_like(logits)))
    both = bce(real, torch.ones_like(real)) + bce(fake, torch.zeros_like(fake))
    assert torch.allclose(objective.discriminator_loss(real, fake), both / 2)


def test_an_undecided_discriminator_pays_the_log_of_two():
    nothing = torch.zeros(1, 1, 3, 3)
    assert objective.discriminator_loss(nothing, nothing).item() == pytest.approx(math.log(2))


def test_the_generators_loss_does_not_saturate():
    """Where the discriminator is sure, log(1 - D) is flat and -log D is steep."""
    sure = torch.full((1, 1, 2, 2), -20.0, requires_grad=True)
    objective.adversarial(sure, real=True).backward()
    assert sure.grad.sum().item() == pytest.approx(-1)


def test_log_losses_of_half_precision_are_taken_in_full():
    logits = torch.tensor([[-90.0, 90.0]], dtype=torch.bfloat16)
    assert objective.adversarial(logits, True).dtype == torch.float32
    assert objective.adversarial(logits, True).item() == pytest.approx(45)


def test_l1(random):
    output, target = torch.rand(2, 2, 3, 4, 5, generator=random) * 2 - 1
    expected = np.abs(output.numpy() - target.numpy()).mean()
    assert objective.l1(output, target).item() == pytest.approx(expected)


def test_nothing_is_learnt_from_what_is_not_known(random):
    """Colours are those of a class, so that they say nothing where two are possible; probabilities do."""
    labels = draw_labels(random, (2, 32, 32))
    unknown, open_ = ((labels > code)[:, None].expand(-1, 3, -1, -1) for code in (NUCLEUS, IGNORE - 1))
    raw = torch.randn(2, 3, 32, 32, generator=random, requires_grad=True)
    target = objective.hide_unknown(draw_targets(labels, 2), labels)
    output = objective.hide_unknown(torch.tanh(raw), labels)
    assert (output[unknown] == 1).all()
    assert (target[unknown] == 1).all()  # white as well: the discriminator sees no difference
    discriminator = Discriminator(PRESETS["tiny"].discriminator)
    verdict = objective.adversarial(discriminator(torch.zeros_like(output), output), real=True)
    for loss, hidden in (
        (objective.l1(output, target), unknown),
        (verdict, unknown),
        (objective.cross_entropy(raw, labels), open_),
        (objective.dice(raw, labels), open_),
    ):
        (gradient,) = torch.autograd.grad(loss, raw, retain_graph=True)
        assert (gradient[hidden] == 0).all()
        assert (gradient[~hidden] != 0).float().mean() > 0.9


def test_what_stands_under_ignored_pixels_does_not_count(random):
    labels = draw_labels(random, (2, 8, 8))
    logits = torch.randn(2, 3, 8, 8, generator=random)
    changed = torch.where(
        (labels == IGNORE)[:, None], 9 * torch.randn(logits.shape, generator=random), logits
    )
    assert torch.equal(objective.cross_entropy(logits, labels), objective.cross_entropy(changed, labels))
    assert torch.equal(objective.dice(logits, labels), objective.dice(changed, labels))


def test_cross_entropy_is_of_the_summed_probability(random):
    labels = draw_labels(random, (2, 6, 7))
    logits = torch.randn(2, 3, 6, 7, generator=random)
    probabilities = logits.softmax(dim=1).permute(0, 2, 3, 1)[labels != IGNORE].numpy()
    codes = labels[labels != IGNORE].tolist()
    terms = [
        -math.log(sum(one[kind] for kind in MAY_BE[code]))
        for one, code in zip(probabilities, codes, strict=True)
    ]
    assert objective.cross_entropy(logits, labels).item() == pytest.approx(np.mean(terms), rel=1e-5)


def test_cross_entropy_of_known_classes_is_torchs_own(random):
    labels = draw_labels(random, (2, 6, 7), ignored=False)
    logits = torch.randn(2, 3, 6, 7, generator=random, requires_grad=True)
    mine, its = (
        objective.cross_entropy(logits, labels),
        torch.nn.functional.cross_entropy(logits, labels.long()),
    )
    assert mine.item() == pytest.approx(its.item(), rel=1e-6)
    gradients = [torch.autograd.grad(one, logits)[0] for one in (mine, its)]
    assert torch.allclose(*gradients, atol=1e-8)


def test_cross_entropy_agrees_with_scikit_learn(random):
    labels = draw_labels(random, (2, 6, 7))
    labels[labels > NUCLEUS] = IGNORE
    logits = torch.randn(2, 3, 6, 7, generator=random)
    known = (labels != IGNORE).numpy()
    probabilities = logits.softmax(dim=1).permute(0, 2, 3, 1).numpy()[known]
    expected = log_loss(labels.numpy()[known], probabilities, labels=[0, 1, 2])
    assert objective.cross_entropy(logits, labels).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("ignored", [True, False])
def test_dice_agrees_with_a_plain_loop(random, ignored):
    labels = draw_labels(random, (3, 6, 7), ignored)
    labels[0][labels[0] == 2] = 0  # a class that one image lacks
    logits = 2 * torch.randn(3, 3, 6, 7, generator=random)
    probabilities = logits.softmax(dim=1).numpy()
    indices = []
    for image in range(3):
        for kind in range(3):
            overlap = total = 0.0
            for row in range(6):
                for column in range(7):
                    may_be = MAY_BE[labels[image, row, column].item()]
                    if kind in may_be and len(may_be) > 1:
                        continue
                    truth = float(kind in may_be)
                    predicted = probabilities[image, kind, row, column]
                    overlap += truth * predicted
                    total += truth + predicted
            indices.append((2 * overlap + 1) / (total + 1))
    assert objective.dice(logits, labels).item() == pytest.approx(1 - np.mean(indices), rel=1e-5)


def test_a_perfect_output_costs_nothing(random):
    labels = draw_labels(random, (2, 16, 16), ignored=False)
    logits = 100 * torch.nn.functional.one_hot(labels.long(), 3).permute(0, 3, 1, 2).float()
    assert objective.dice(logits, labels).item() == pytest.approx(0, abs=1e-6)
    assert objective.cross_entropy(logits, labels).item() == pytest.approx(0, abs=1e-6)
    target = draw_targets(labels, 2)
    assert objective.l1(target, target).item() == 0


def test_the_most_probable_class_is_the_nearest_colour(random):
    """Palette head: the map and the classes are one thing."""
    generator = Generator(GeneratorConfig(levels=1, width=2, kernel=2, head="palette"))
    logits = 3 * torch.randn(4, 3, 64, 64, generator=random)
    top = logits.softmax(dim=1).topk(2, dim=1).values
    clear = (top[:, 0] - top[:, 1] > 0.02).numpy()  # a tie within the rounding to grey levels has no winner
    assert clear.mean() > 0.9
    read = decode(to_pixels(generator.colours(logits)))
    assert np.array_equal(read[clear], logits.argmax(dim=1).numpy()[clear])


def test_class_colours_are_equally_far_apart():
    distances = {np.linalg.norm(PALETTE[a] - PALETTE[b].astype(float)) for a, b in ((0, 1), (0, 2), (1, 2))}
    assert len(distances) == 1


@pytest.mark.parametrize(
    "network",
    [
        Generator(GeneratorConfig(levels=5, width=16, kernel=4)),
        Generator(GeneratorConfig(levels=4, width=32, kernel=4, last="transposed")),
        Discriminator(PRESETS["isola"].discriminator),
    ],
    ids=["convolution", "transposed", "discriminator"],
)
def test_weights_start_from_a_normal_of_two_hundredths(network):
    torch.manual_seed(0)
    network.apply(objective.initialise)
    for name, module in network.named_modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            few = 4 / math.sqrt(module.weight.numel())
            assert module.weight.mean().item() == pytest.approx(0, abs=0.02 * few), name
            assert module.weight.std().item() == pytest.approx(0.02, rel=few), name
            assert module.bias is None or not module.bias.any(), name
        elif isinstance(module, torch.nn.BatchNorm2d):
            few = 4 / math.sqrt(module.weight.numel())
            assert module.weight.mean().item() == pytest.approx(1, abs=0.02 * few), name
            assert not module.bias.any(), name
