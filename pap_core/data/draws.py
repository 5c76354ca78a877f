"""Which crop comes when in a training run: an endless order, a function of the seed alone."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch.utils.data import Sampler

from pap_core.errors import InputError


def mix(seed: int, number: int) -> int:
    """Make one seed of two numbers (the finaliser of SplitMix64), so that neighbours share nothing."""
    value = (seed * 0x9E3779B97F4A7C15 + number + 1) % 2**64
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return (value ^ (value >> 31)) % 2**63


class Uniform:
    """An epoch goes once through all crops, in an order of its own."""

    def __init__(self, crops: int, seed: int):
        self.crops, self.seed = crops, seed

    def epoch(self, number: int) -> Sequence[int]:
        """Return the crops of an epoch, counted from 0."""
        return _shuffled(self.crops, mix(self.seed, number)).tolist()


class Weighted:
    """The draws of an epoch are shared by the data sets as their weights say.

    Each data set goes through its own crops again and again, in a new order each time, so that all of them
    are drawn equally often however many draws an epoch has for them.
    """

    def __init__(self, folders: Sequence[str], weights: Mapping[str, float], seed: int):
        """
        Args:
            folders: the data set of each crop.
            weights: of each data set, above 0.
            seed: of the order.

        Raises:
            InputError: a weight is so small beside the others that no draw of an epoch falls to it.
        """
        self.crops, self.seed = len(folders), seed
        names, sources = np.asarray(folders), list(dict.fromkeys(folders))
        self.of_each = [np.flatnonzero(names == name) for name in sources]
        given = np.array([weights[name] for name in sources], dtype=float)
        ends = np.round(np.cumsum(given / given.sum()) * self.crops).astype(int)
        self.counts = np.diff(ends, prepend=0)  # draws of an epoch, less than one from the exact share
        for name in np.asarray(sources)[self.counts == 0]:
            raise InputError(
                f"{name}: with weight {weights[name]:g} none of the {self.crops:,} draws of an epoch falls "
                "to it; give it a larger one, or leave the data set out."
            )

    def epoch(self, number: int) -> Sequence[int]:
        """Return the crops of an epoch, counted from 0."""
        drawn = [self._of(place, count * number, count) for place, count in enumerate(map(int, self.counts))]
        order = _shuffled(self.crops, mix(self.seed, number))
        return np.concatenate(drawn)[order.numpy()].tolist()

    def _of(self, place: int, first: int, count: int) -> np.ndarray:
        """Return `count` crops of a data set, from the `first` one of its endless order on."""
        own = self.of_each[place]
        seed = mix(self.seed + 3, place)
        rounds = range(first // len(own), -(-(first + count) // len(own)))
        orders = [own[_shuffled(len(own), mix(seed, one)).numpy()] for one in rounds]
        begun = first % len(own)
        return np.concatenate([own[:0], *orders])[begun : begun + count]


class Draws(Sampler):
    """A run's examples, from any draw on.

    Yields ``(index, draw)``. Several processes take each a share of every batch, so that together they go the
    same way as one.
    """

    def __init__(
        self, order: Uniform | Weighted, start: int, stop: int, batch: int = 1, share: range = range(1)
    ):
        """
        Args:
            order: of the crops.
            start: the first draw.
            stop: the draw after the last.
            batch: draws that belong together, from draw 0 on.
            share: which of each batch to yield.
        """
        self.order, self.start, self.stop = order, start, stop
        self.batch, self.share = batch, share

    def __len__(self) -> int:
        return (self.stop - self.start) // self.batch * len(self.share)

    def __iter__(self):
        epoch, order, crops = -1, None, self.order.crops
        for draw in range(self.start, self.stop):
            if draw % self.batch not in self.share:
                continue
            if draw // crops != epoch:
                epoch = draw // crops
                order = self.order.epoch(epoch)
            yield order[draw % crops], draw


def _shuffled(count: int, seed: int) -> torch.Tensor:
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))
