"""The objective: conditional GAN with L1 (the paper, equations 1 to 4), and its options."""

from functools import reduce
from operator import or_

import torch
import torch.nn.functional as F

from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, MAY_BE, NUCLEUS

WHITE = 1.0


def initialise(module: torch.nn.Module) -> None:
    """Draw convolution weights from N(0, 0.02) and batch-norm scales from N(1, 0.02), as Isola et al. do."""
    if isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
        torch.nn.init.normal_(module.weight, 0.0, 0.02)
        if module.bias is not None:
            torch.nn.init.zeros_(module.bias)
    elif isinstance(module, torch.nn.BatchNorm2d):
        torch.nn.init.normal_(module.weight, 1.0, 0.02)
        torch.nn.init.zeros_(module.bias)


def possible(labels: torch.Tensor) -> torch.Tensor:
    """Return which classes each pixel may be, as far as its label tells: ``(N, 3, H, W)`` bool.

    Args:
        labels: ``(N, H, W)`` uint8 label maps, partial ones too.
    """
    of = {code: labels == code for code in MAY_BE}
    may_be = [
        reduce(or_, (of[code] for code, classes in MAY_BE.items() if one in classes))
        for one in (BACKGROUND, CYTOPLASM, NUCLEUS)
    ]
    return torch.stack(may_be, dim=1)


def hide_unknown(colours: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Paint pixels whose class is not known white, in target and output alike, so that no term can see them.

    Args:
        colours: ``(N, 3, H, W)`` in [-1, 1].
        labels: ``(N, H, W)`` uint8.
    """
    return colours.masked_fill((labels > NUCLEUS).unsqueeze(1), WHITE)


def adversarial(logits: torch.Tensor, real: bool) -> torch.Tensor:
    """Log loss of patch logits against the verdict `real`, the mean over patches.

    With ``real=True`` on generated pairs it is the generator's non-saturating loss.
    """
    logits = logits.float()
    return F.softplus(-logits).mean() if real else F.softplus(logits).mean()


def discriminator_loss(real_logits: torch.Tensor, fake_logits: torch.Tensor) -> torch.Tensor:
    """The discriminator's log loss, halved to slow it against the generator."""
    return (adversarial(real_logits, True) + adversarial(fake_logits, False)) / 2


def l1(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Mean absolute difference of colours in [-1, 1]."""
    return F.l1_loss(output.float(), target)


def cross_entropy(
    logits: torch.Tensor, labels: torch.Tensor, known: torch.Tensor | None = None
) -> torch.Tensor:
    """Mean marginal cross-entropy over the pixels of which anything is known.

    The loss of a pixel is -log of the summed probability of the classes that it may be.

    Args:
        logits: ``(N, 3, H, W)`` of the classes.
        labels: ``(N, H, W)`` uint8.
        known: how many pixels it is the mean over, where these are some of a batch's examples: its parts know
            different numbers of pixels, perhaps none, and their terms add up to the batch's.
    """
    if known is None:
        known = (labels != IGNORE).sum()
    logarithms = logits.float().log_softmax(dim=1).masked_fill(~possible(labels), -torch.inf)
    return -logarithms.logsumexp(dim=1).masked_fill(labels == IGNORE, 0.0).sum() / known


def dice(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """One minus the soft Dice index, the mean over images and classes.

    A class counts where a pixel is known to be of it, or known not to be. One that an image lacks counts by
    how much of it is predicted there.
    """
    may_be = possible(labels)
    truth = may_be & (may_be.sum(dim=1, keepdim=True) == 1)
    probabilities = logits.float().softmax(dim=1) * (truth | ~may_be)
    overlap = (probabilities * truth).sum(dim=(2, 3))
    total = probabilities.sum(dim=(2, 3)) + truth.sum(dim=(2, 3))
    return 1 - ((2 * overlap + 1) / (total + 1)).mean()
