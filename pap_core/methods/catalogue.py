"""The methods by name: what each is, what is cited, what was simplified."""

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pap_core.errors import InputError
from pap_core.extras import missing, need
from pap_core.files import read_json
from pap_core.methods import combination
from pap_core.methods.method import FILE, About, Method, Saved
from pap_core.methods.network import Network
from pap_core.settings.networks import NEEDS, GeneratorConfig
from pap_core.training.config import PRESETS

if TYPE_CHECKING:
    from pap_core.training.config import TrainConfig

_CLEANED = (
    "The parts are named by darkness and by the picture's frame, and cleaned by morphology; what the cited "
    "works add for cervical cells is left out."
)
_RECIPE = "Trained from scratch by this package's loop, with the jitter and the optimiser of `compact`."

ABOUT: dict[str, About] = {
    one.name: one
    for one in (
        About(
            "k-means",
            "K-means",
            "J. MacQueen, Some methods for classification and analysis of multivariate observations, 1967",
            f"Three clusters of smoothed Lab colours. {_CLEANED}",
            "K-means",
        ),
        About(
            "mean-shift",
            "Mean-shift",
            "D. Comaniciu, P. Meer, Mean shift: a robust approach toward feature space analysis, PAMI 2002",
            f"On every fourth pixel's smoothed Lab colour, without position. {_CLEANED}",
            "Mean-shift",
        ),
        About(
            "otsu",
            "Otsu",
            "N. Otsu, A threshold selection method from gray-level histograms, IEEE SMC 1979",
            f"Two thresholds on the lightness of the whole crop. {_CLEANED}",
            "Otsu",
        ),
        About(
            "superpixel-cnn",
            "Superpixels and CNN",
            "R. Achanta et al., SLIC superpixels compared to state-of-the-art superpixel methods, PAMI 2012",
            "The network is trained on all pixels, and its answers are added up within each superpixel; the "
            f"cited works give it a patch for each. {_RECIPE}",
            "Superpixel and CNN",
        ),
        About(
            "patch-cnn",
            "Patch CNN",
            "Y. LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE 1998",
            "Patches of 37 px whose middles lie 4 px apart, all at once as a convolution; scores are "
            f"interpolated between the middles. {_RECIPE}",
            "CNN",
        ),
        About(
            "convnet",
            "ConvNet",
            "K. Simonyan, A. Zisserman, Very deep convolutional networks, ICLR 2015",
            f"A classifier of patches of 79 px, 13 layers deep; else as the patch CNN. {_RECIPE}",
            "ConvNet",
        ),
        About(
            "bi-path",
            "Bi-path network",
            "C. Yu et al., BiSeNet: bilateral segmentation network, ECCV 2018",
            "The coarse path is a plain stack of convolutions, its attention one gate; no auxiliary losses. "
            f"{_RECIPE}",
            "Bi-path",
        ),
        About(
            "u-net",
            "U-Net",
            "O. Ronneberger, P. Fischer, T. Brox, U-Net, MICCAI 2015",
            "The generator of `compact`, ImageNet weights included, with cross-entropy and Dice in place of "
            "adversary and L1.",
            "U-Net",
        ),
        About(
            "l1",
            "L1 alone",
            "P. Isola et al., Image-to-image translation with conditional adversarial networks, CVPR 2017",
            "The generator of `compact`, ImageNet weights included, with the L1 of colours as its only term.",
        ),
        About(
            "efficientnet-fpn",
            "EfficientNet with FPN",
            "M. Tan, Q. Le, EfficientNet, ICML 2019; T.-Y. Lin et al., Feature pyramid networks, CVPR 2017",
            "EfficientNet-Lite0 with its ImageNet weights; the pyramid of segmentation_models_pytorch; this "
            "package's loop.",
            "EfficientNet with FPN",
        ),
        About(
            "efficientnet-fpn-scratch",
            "EfficientNet with FPN, from scratch",
            "M. Tan, Q. Le, EfficientNet, ICML 2019; T.-Y. Lin et al., Feature pyramid networks, CVPR 2017",
            f"The same without ImageNet weights. {_RECIPE}",
        ),
        About(
            "star-convex",
            "Star-convex polygons",
            "U. Schmidt et al., Cell detection with star-convex polygons, MICCAI 2018; for cervical cells "
            "Y. Zhao et al., Bioengineering 10(1) 47, 2023",
            "StarDist's network on torch with its package's geometry, without the attention and the adaptive "
            f"choice of Zhao et al.; cells that touch are one shape; rays weigh a tenth. {_RECIPE}",
            "Star-convex polygons",
        ),
        About(
            "fcn-8",
            "FCN-8",
            "J. Long, E. Shelhamer, T. Darrell, Fully convolutional networks, CVPR 2015",
            f"VGG-16's layers at half its width with batch norm, trained at once. {_RECIPE}",
        ),
        About(
            "fcn-16",
            "FCN-16",
            "J. Long, E. Shelhamer, T. Darrell, Fully convolutional networks, CVPR 2015",
            f"VGG-16's layers at half its width with batch norm, trained at once. {_RECIPE}",
        ),
        About(
            "staple",
            "Ensemble by STAPLE",
            "S. Warfield, K. Zou, W. Wells, Simultaneous truth and performance level estimation, TMI 2004",
            "The members are the superpixel CNN, FCN-8 and FCN-16 of this table.",
            "Ensemble (superpixel, FCN8, FCN16) by STAPLE",
        ),
        About(
            "pix2pix-paper",
            "Pix2Pix, the paper's",
            "F. J. Castro Cortés et al., Rev. Mex. Ing. Biomédica 46(2), 2025",
            "The preset `paper`, with as many epochs as the time allows instead of 200.",
            "Pix2Pix",
        ),
        About(
            "pix2pix-compact",
            "Pix2Pix, compact",
            "P. Isola et al., Image-to-image translation with conditional adversarial networks, CVPR 2017",
            "The preset `compact`: ImageNet weights, class logits as colours, GAN and L1 beside "
            "cross-entropy and Dice.",
            "Pix2Pix",
        ),
        About(
            "mean-of-three",
            "Mean of three",
            "L. Hansen, P. Salamon, Neural network ensembles, PAMI 1990",
            "The mean of the class probabilities of compact Pix2Pix, U-Net and EfficientNet with FPN.",
        ),
    )
}
NAMES = tuple(ABOUT)
UNTRAINED = ("k-means", "mean-shift", "otsu")
MEMBERS = {
    "staple": ("superpixel-cnn", "fcn-8", "fcn-16"),
    "mean-of-three": ("pix2pix-compact", "u-net", "efficientnet-fpn"),
}
_NEEDS = {  # packages by method, see `pap_core.extras`; a combination needs those of its members, too
    "k-means": ("sklearn",),
    "mean-shift": ("sklearn",),
    "efficientnet-fpn": NEEDS["fpn"],
    "efficientnet-fpn-scratch": NEEDS["fpn"],
    "star-convex": NEEDS["star"],
    "staple": ("SimpleITK",),
}


def unavailable(name: str) -> str:
    """Say what to install before a method can be used; "" where it can."""
    return missing(_needs(name))


def available() -> list[str]:
    """Return the names of the methods that can be used as things are installed."""
    return [name for name in NAMES if not unavailable(name)]


def make(name: str) -> Method:
    """Return a method, not fitted yet.

    Raises:
        InputError: there is none of that name, or a package that it needs is missing.
    """
    if name not in ABOUT:
        raise InputError(f"{name}: no such method; choose of {', '.join(NAMES)}.")
    need(ABOUT[name].title, _needs(name))
    return _MAKERS[name](ABOUT[name])


def load(folder: Path) -> Method:
    """Return a method that was saved.

    Raises:
        InputError: the folder holds none, or a damaged one.
    """
    try:
        name = read_json(folder / FILE, Saved, "save it again")["name"]
    except (FileNotFoundError, InputError):
        raise InputError(
            f"{folder / FILE}: missing or damaged, expected a method that was saved; save it again."
        ) from None
    method = make(name)
    method.restore(folder)
    return method


def _needs(name: str) -> list[str]:
    names = (name, *MEMBERS.get(name, ()))
    return list(dict.fromkeys(module for one in names for module in _NEEDS.get(one, ())))


def _clustering(parts: str, about: About) -> Method:
    from pap_core.methods import clustering

    return clustering.Clustering(about, getattr(clustering, parts))


def _network(configured: "Callable[[], TrainConfig]", about: About) -> Method:
    return Network(about, dataclasses.replace(configured(), preset=about.name))


def _superpixels(about: About) -> Method:
    from pap_core.methods.superpixels import Superpixels

    return Superpixels(about, dataclasses.replace(_plain("patches", 24), preset=about.name))


def _combination(combine: str, about: About) -> Method:
    members = [make(name) for name in MEMBERS[about.name]]
    return combination.Combination(about, members, getattr(combination, combine))


def _preset(name: str, **changes) -> "TrainConfig":
    return dataclasses.replace(PRESETS[name], **changes)


def _plain(network: str, width: int, dropout: float = 0.2, **changes) -> "TrainConfig":
    """A network with class logits as colours, learnt by cross-entropy."""
    generator = GeneratorConfig(network=network, width=width, head="palette", dropout=dropout)
    terms = {"objective": "l1", "l1_weight": 0.0, "cross_entropy": 100.0, "dice": 0.0, "pretrained": False}
    return _preset("compact", generator=generator, **terms | changes)


_MAKERS: dict[str, Callable[[About], Method]] = {
    "k-means": partial(_clustering, "k_means"),
    "mean-shift": partial(_clustering, "mean_shift"),
    "otsu": partial(_clustering, "otsu"),
    "superpixel-cnn": _superpixels,
    "patch-cnn": partial(_network, partial(_plain, "patches", 32)),
    "convnet": partial(_network, partial(_plain, "convnet", 32)),
    "bi-path": partial(_network, partial(_plain, "bi_path", 32)),
    "u-net": partial(_network, partial(_preset, "compact", objective="l1", l1_weight=0.0)),
    "l1": partial(_network, partial(_preset, "compact", objective="l1", cross_entropy=0.0, dice=0.0)),
    "efficientnet-fpn": partial(_network, partial(_plain, "fpn", 32, dice=100.0, pretrained=True)),
    "efficientnet-fpn-scratch": partial(_network, partial(_plain, "fpn", 32, dice=100.0)),
    "star-convex": partial(
        _network, partial(_plain, "star", 32, dropout=0.0, objective="star", cross_entropy=0.0)
    ),
    "fcn-8": partial(_network, partial(_plain, "fcn8", 32)),
    "fcn-16": partial(_network, partial(_plain, "fcn16", 32)),
    "staple": partial(_combination, "staple"),
    "pix2pix-paper": partial(_network, partial(_preset, "paper")),
    "pix2pix-compact": partial(_network, partial(_preset, "compact")),
    "mean-of-three": partial(_combination, "mean"),
}
