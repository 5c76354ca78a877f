"""Methods that combine what others say."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import numpy as np

from pap_core.labels import PALETTE, decode
from pap_core.methods.method import About, Method, Progress

Combine = Callable[[np.ndarray], np.ndarray]  # (M, S, S, 3) uint8 colour maps to one, (S, S, 3)

_UNDECIDED = 255


class Combination(Method):
    """Asks its members, and combines their colour maps."""

    trained: ClassVar[bool] = True

    def __init__(self, about: About, members: Sequence[Method], combine: Combine):
        super().__init__(about)
        self.members, self._combine = list(members), combine

    def plan(self, folders: Sequence[Path], place: Path, minutes: float) -> None:
        """Plan the members, each for as long; see `Method.plan`."""
        for member in self.members:
            member.plan(folders, place, minutes)

    def fit(
        self, folders: Sequence[Path], place: Path, minutes: float, progress: Progress | None = None
    ) -> bool:
        """Fit the members, each for as long, where that is not done yet; see `Method.fit`."""
        return all(member.fit(folders, place, minutes, progress) for member in self.members)

    @property
    def parameters(self) -> int:
        """How many numbers the members have learnt."""
        return sum(member.parameters for member in self.members)

    @property
    def digest(self) -> str:
        """What tells it from any other: its members' digests."""
        said = [self.about.name, *(member.digest for member in self.members)]
        return hashlib.sha256(" ".join(said).encode()).hexdigest()[:16]

    def _colours(self, images: np.ndarray) -> np.ndarray:
        said = np.stack([member.generate(images) for member in self.members], axis=1)
        return np.stack([self._combine(of_one) for of_one in said])

    def save(self, folder: Path) -> None:
        """See `Method.save`; each member in a folder within."""
        super().save(folder)
        for member in self.members:
            member.save(folder / member.about.name)

    def restore(self, folder: Path) -> None:
        """Take what `save` wrote."""
        for member in self.members:
            member.restore(folder / member.about.name)


def staple(colours: np.ndarray) -> np.ndarray:
    """Return the colours of the classes that STAPLE holds true (Warfield, Zou and Wells 2004).

    It weighs each member by how well it agrees with the truth that all of them imply. What stays undecided
    is as the first member says.

    Args:
        colours: ``(M, S, S, 3)`` uint8.
    """
    import SimpleITK  # an extra, which other combinations do without

    labels = [decode(one) for one in colours]
    if all(np.array_equal(labels[0], one) for one in labels[1:]):
        return PALETTE[labels[0]]
    pictures = [SimpleITK.GetImageFromArray(one) for one in labels]
    found = SimpleITK.GetArrayFromImage(SimpleITK.MultiLabelSTAPLE(pictures, _UNDECIDED))
    return PALETTE[np.where(found == _UNDECIDED, labels[0], found)]


def mean(colours: np.ndarray) -> np.ndarray:
    """Return the mean of colour maps: of networks with a palette head, the mean of class probabilities."""
    return colours.mean(axis=0).round().astype(np.uint8)
