"""Every network that can be trained here, by its name in the configuration."""

from pap_core.extras import need
from pap_core.model.bi_path import BiPath
from pap_core.model.fully_convolutional import FullyConvolutional
from pap_core.model.generator import ColourNetwork, Generator
from pap_core.model.patches import PatchClassifier
from pap_core.settings.networks import NEEDS, NETWORKS, GeneratorConfig

__all__ = ["NETWORKS", "build"]


def build(config: GeneratorConfig) -> ColourNetwork:
    """Return the network that a configuration describes, its weights drawn at random.

    Raises:
        InputError: a package that it needs is missing.
    """
    need(f"network {config.network!r}", NEEDS.get(config.network, ()))
    # each with its own libraries, some of which take seconds to import
    if config.network == "fpn":
        from pap_core.model.feature_pyramid import FeaturePyramid

        return FeaturePyramid(config)
    if config.network in ("fcn8", "fcn16"):
        return FullyConvolutional(config)
    if config.network == "bi_path":
        return BiPath(config)
    if config.network in ("patches", "convnet"):
        return PatchClassifier(config)
    if config.network == "star":
        from pap_core.model.star_convex import StarConvex

        return StarConvex(config)
    return Generator(config)
