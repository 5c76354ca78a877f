"""A checkpoint to try the pages with, which needs no training: the darker, the more it is a nucleus."""

from pathlib import Path

from pap_core.model.checkpoint import write_config, write_weights
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig

CONFIG = GeneratorConfig(levels=3, width=2, kernel=4, last="transposed", head="palette")
BACKGROUND, CYTOPLASM, NUCLEUS = range(3)


def threshold_network(cytoplasm: float = 0.55, nucleus: float = 1.1) -> Generator:
    """Return a generator of weights set by hand: it takes pixels for what their darkness says.

    Args:
        cytoplasm: from what darkness on, 0 for white to 2 for black, a pixel is cytoplasm.
        nucleus: from what darkness on it is nucleus.
    """
    network = Generator(CONFIG)
    for values in network.state_dict().values():
        values.zero_()
    first, last = network.encoder[0][-1], network.last
    first.weight.data[0] = -1 / first.weight[0].numel()  # one channel: the mean darkness of a few pixels
    first.bias.data[0] = 1
    skip = last.weight.shape[0] - CONFIG.width  # where the last layer sees that channel
    steep = 20.0
    for label, rise, threshold in ((CYTOPLASM, 1, cytoplasm), (NUCLEUS, 3, (cytoplasm + 2 * nucleus) / 3)):
        last.weight.data[skip, label] = rise * steep / 4  # each pixel is reached from four places
        last.bias.data[label] = -rise * steep * threshold
    return network


def write_checkpoint(folder: Path, network: Generator) -> Path:
    """Write a checkpoint folder."""
    write_config(folder, network.config, {})
    write_weights(folder, network)
    return folder
