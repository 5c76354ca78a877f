"""Packages that only a part of the program needs, the extras: which are missing, and what to install."""

from collections.abc import Sequence
from importlib.util import find_spec

from pap_core.errors import InputError

PACKAGES = {  # by what is imported; see the extras in pyproject.toml
    "segmentation_models_pytorch": "segmentation-models-pytorch",
    "sklearn": "scikit-learn",
    "SimpleITK": "SimpleITK",
    "stardist": "stardist",
}


def missing(modules: Sequence[str]) -> str:
    """Say which packages are missing and how to install them; "" where all are there.

    >>> missing(["json"])
    ''
    """
    packages = [PACKAGES[module] for module in modules if find_spec(module) is None]
    if not packages:
        return ""
    one = len(packages) == 1
    return (
        f"the package{'' if one else 's'} {' and '.join(packages)} {'is' if one else 'are'} not installed; "
        f"run pip install {' '.join(packages)}"
    )


def need(what: str, modules: Sequence[str]) -> None:
    """See that packages are there.

    Args:
        what: needs them, for the message.
        modules: of `PACKAGES`.

    Raises:
        InputError: one is missing.
    """
    if said := missing(modules):
        raise InputError(f"{what}: {said}.")
