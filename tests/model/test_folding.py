"""Folding: no norm is left, and nothing else has changed."""

import pytest
import torch
from torch import nn

from pap_core.model.folding import fold
from pap_core.model.generator import Generator
from pap_core.settings.networks import GeneratorConfig

CONFIGS = {
    "paper": GeneratorConfig(levels=4, width=4, kernel=8),
    "isola": GeneratorConfig(levels=8, width=4, kernel=4, last="transposed"),
    "compact": GeneratorConfig(
        encoder="efficientnet_lite0", levels=5, width=8, kernel=4, last="transposed", head="palette"
    ),
}


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_the_output_stays_and_the_norms_go(config: GeneratorConfig) -> None:
    torch.manual_seed(3)
    network = Generator(config)
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):  # one that has not seen a thing hardly does any
            nn.init.uniform_(norm.weight, 0.5, 2)
            nn.init.normal_(norm.bias)
            nn.init.normal_(norm.running_mean)
            nn.init.uniform_(norm.running_var, 0.5, 2)
    network.eval()
    image = torch.rand(1, 3, 256, 256) * 2 - 1
    with torch.inference_mode():
        before = network(image)
        folded = fold(network)
        after = folded(image)
        again = network(image)
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    assert not any(isinstance(module, nn.BatchNorm2d) for module in folded.modules())
    torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4 * float(before.abs().max()))
    assert torch.equal(again, before)  # a copy was folded
