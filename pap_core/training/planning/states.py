"""What the networks of a run weigh, and whether its crops go through them: told by shapes, in no time."""

from dataclasses import dataclass

from pap_core.errors import InputError
from pap_core.training.config import TrainConfig

_NUMBER = 4  # bytes of a weight, a gradient or a moment


@dataclass(frozen=True)
class States:
    """The weights of both networks, and what training keeps of each."""

    generator: int  # parameters
    discriminator: int  # parameters
    bytes: int  # of weights, gradients, Adam's two moments, and the moving average


def states(config: TrainConfig, size: int = 256) -> States:
    """Run both networks forward, with tensors that have shapes and no content.

    Args:
        config: of the run.
        size: side of a crop, px.

    Raises:
        InputError: crops of that size do not go through the networks.
    """
    import torch

    from pap_core.model.discriminator import Discriminator
    from pap_core.model.networks import build

    try:
        with torch.device("meta"), torch.no_grad():
            generator, discriminator = build(config.generator), Discriminator(config.discriminator)
            images = torch.empty(config.batch, 3, size, size)
            generator(images)
            if config.objective == "pix2pix":
                discriminator(images, images)
    except (RuntimeError, ValueError) as error:  # the latter of a batch norm that has one value to go by
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(
            f"training configuration: {config.batch} crops of {size} px do not go through these networks "
            f"({reason}); choose fewer levels or layers, or a larger batch."
        ) from None
    own, other = (sum(one.numel() for one in net.parameters()) for net in (generator, discriminator))
    copies = 4 + bool(config.average)  # weight, gradient, two moments, the average
    trained = 4 if config.objective == "pix2pix" else 1
    return States(own, other, _NUMBER * (own * copies + other * trained))
