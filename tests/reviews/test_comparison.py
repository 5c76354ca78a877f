"""What a correction changed, in figures."""

import numpy as np
import pytest

from pap_core.outlines import Outlines
from pap_core.reviews.comparison import areas, metrics


def test_measures_of_a_correction() -> None:
    def box(left: int, right: int) -> np.ndarray:
        return np.array([(left, 10), (right, 10), (right, 29), (left, 29)]) + 0.5

    before = Outlines((box(0, 39),), (box(10, 19),))
    after = Outlines((box(0, 39),), (box(15, 24),))
    assert areas(before, (40, 40)) == {"nucleus_area": 200, "cytoplasm_area": 600, "nc_ratio": 1 / 3}
    found = metrics(before, after, (40, 40))
    assert found.loc["nucleus", "jaccard"] == pytest.approx(100 / 300)
    assert found.loc["nucleus", "sensitivity"] == found.loc["nucleus", "precision"] == 0.5
    assert found.loc["cytoplasm", "jaccard"] == pytest.approx(500 / 700)
    assert (metrics(before, before, (40, 40)) == 1).all(axis=None)
    bare = Outlines((box(10, 19),), (box(10, 19),))
    assert np.isnan(areas(bare, (40, 40))["nc_ratio"])
    assert np.isnan(metrics(bare, bare, (40, 40)).loc["cytoplasm", "jaccard"])
