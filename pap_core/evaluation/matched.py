"""What a match of single nuclei or cells adds up to: counts and areas, of one picture or of several."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Matched:
    """The objects of one picture, or of several added up; what there is nothing to say of is NaN."""

    predicted: int  # objects
    true: int  # objects
    pairs: int
    iou: float  # summed over the pairs
    intersection: int  # px, as AJI adds it up
    union: int  # px, as AJI adds it up
    distances: tuple[float, ...] = ()  # px, between the outlines of all pairs

    @property
    def precision(self) -> float:
        return _ratio(self.pairs, self.predicted)

    @property
    def recall(self) -> float:
        return _ratio(self.pairs, self.true)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.pairs, self.predicted + self.true)

    @property
    def count_error(self) -> float:
        """How many too many, less than 0 for too few, as a share of those there are."""
        return _ratio(self.predicted - self.true, self.true)

    @property
    def aji(self) -> float:
        """The aggregated Jaccard index (Kumar et al., IEEE Trans. Med. Imaging 36, 2017)."""
        return _ratio(self.intersection, self.union)

    @property
    def segmentation_quality(self) -> float:
        return _ratio(self.iou, self.pairs)

    @property
    def panoptic_quality(self) -> float:
        """Segmentation quality times F1 (Kirillov et al., CVPR 2019)."""
        return _ratio(2 * self.iou, self.predicted + self.true)

    @property
    def boundary_mean(self) -> float:
        """Mean distance between the outlines of pairs, px."""
        return float(np.mean(self.distances)) if self.distances else np.nan

    @property
    def boundary_95(self) -> float:
        """95th percentile of the distances between the outlines of pairs, px."""
        return float(np.percentile(self.distances, 95)) if self.distances else np.nan


def together(several: list[Matched]) -> Matched:
    """Add up the objects of several pictures."""
    return Matched(
        predicted=sum(one.predicted for one in several),
        true=sum(one.true for one in several),
        pairs=sum(one.pairs for one in several),
        iou=sum(one.iou for one in several),
        intersection=sum(one.intersection for one in several),
        union=sum(one.union for one in several),
        distances=tuple(distance for one in several for distance in one.distances),
    )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
