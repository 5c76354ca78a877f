"""The losses of both networks, assembled from the objective's terms: to train, and to count the costs."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, cast

import torch

from pap_core.labels import IGNORE
from pap_core.model import objective
from pap_core.model.discriminator import Discriminator
from pap_core.model.generator import ColourNetwork
from pap_core.model.targets import draw_targets
from pap_core.training.config import TrainConfig

if TYPE_CHECKING:
    from pap_core.model.star_convex import StarConvex


@dataclass(frozen=True)
class Batch:
    """The examples of an update, or a micro-batch of them."""

    images: torch.Tensor  # (N, 3, S, S) float in [-1, 1]
    labels: torch.Tensor  # (N, S, S) uint8 label maps
    target: (
        torch.Tensor
    )  # (N, 3, S, S) float in [-1, 1], the labels' colours, white where the class is not known
    known: torch.Tensor  # scalar: pixels of the whole batch of which anything is known
    weight: float = 1.0  # share of the whole batch's examples

    @classmethod
    def of(cls, images: torch.Tensor, labels: torch.Tensor, border: int) -> "Batch":
        """Draw the target with a border of so many px, and lay all out as convolutions like it."""
        images, target = (
            pixels.contiguous(memory_format=torch.channels_last)
            for pixels in (images, objective.hide_unknown(draw_targets(labels, border), labels))
        )
        return cls(images, labels, target, (labels != IGNORE).sum().float())

    def micro_batch(self, rows: slice, weight: float) -> "Batch":
        """Return some of the examples."""
        own = {name: getattr(self, name)[rows] for name in ("images", "labels", "target")}
        return replace(self, **own, weight=weight)


class Output(NamedTuple):
    """What the generator makes of a batch."""

    raw: torch.Tensor  # the last layer's
    colours: torch.Tensor  # (N, 3, S, S) in [-1, 1], white where the class is not known


class Losses:
    """Both networks' losses with the weights of a configuration."""

    def __init__(
        self,
        config: TrainConfig,
        generator: ColourNetwork,
        discriminator: Discriminator,
        autocast: Callable[[], AbstractContextManager],
        prepare: Callable[[torch.nn.Module], torch.nn.Module] = lambda network: network,
    ):
        """
        Args:
            config: of the run.
            generator: to be trained.
            discriminator: to be trained against it.
            autocast: makes the context in which networks run forward.
            prepare: wraps a network so that backward averages its gradients over processes.
        """
        self.config, self.autocast = config, autocast
        self.generator, self.discriminator = generator, discriminator
        self._trained_generator, self._trained_discriminator = prepare(generator), prepare(discriminator)

    def forward(self, batch: Batch) -> Output:
        """Run the generator."""
        with self.autocast():
            raw = self._trained_generator(batch.images)
        if self.config.objective == "star":  # whose colours are drawn, and nothing is trained by them
            return Output(raw, raw)
        return Output(raw, objective.hide_unknown(self.generator.colours(raw), batch.labels))

    def of_discriminator(self, batch: Batch, output: Output) -> torch.Tensor:
        """Return the discriminator's loss, of pairs with the target and with the output."""
        with self.autocast():  # around both: the weights are cast once
            real, fake = (
                self._trained_discriminator(batch.images, colours)
                for colours in (batch.target, output.colours.detach())
            )
        return batch.weight * objective.discriminator_loss(real, fake)

    def of_generator(self, batch: Batch, output: Output) -> dict[str, torch.Tensor]:
        """Return each term of the generator's loss, and as "generator" their weighted sum, to be minimised.

        The discriminator judges as it is now, and gets no gradients.
        """
        config, share = self.config, batch.weight
        terms: dict[str, tuple[float, torch.Tensor]] = {}  # with their weights
        if config.objective == "star":
            own = cast("StarConvex", self.generator).terms(output.raw, batch.labels)
            terms = {name: (1.0, share * term) for name, term in own.items()}
        elif config.l1_weight:
            terms["l1"] = config.l1_weight, share * objective.l1(output.colours, batch.target)
        if config.cross_entropy:  # of the whole batch's pixels: micro-batches know different numbers of them
            term = objective.cross_entropy(output.raw, batch.labels, batch.known)
            terms["cross_entropy"] = config.cross_entropy, term
        if config.dice:
            terms["dice"] = config.dice, share * objective.dice(output.raw, batch.labels)
        if config.objective == "pix2pix":
            with _frozen(self.discriminator), self.autocast():
                logits = self.discriminator(batch.images, output.colours)
            terms["adversarial"] = 1.0, share * objective.adversarial(logits, real=True)
        total = cast(torch.Tensor, sum(weight * term for weight, term in terms.values()))
        return {name: term for name, (_, term) in terms.items()} | {"generator": total}


@contextmanager
def _frozen(network: torch.nn.Module) -> Iterator[None]:
    """Keep gradients from a network's weights; what runs through it has them still."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)
