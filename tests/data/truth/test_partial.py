"""Truths that tell a part each say together what all of them allow."""

import itertools

import numpy as np
import pytest

from pap_core.data.truth.partial import only_told, united
from pap_core.labels import IGNORE, NOT_NUCLEUS, NUCLEUS, OF_CELL

MAY_BE = {0: {0}, 1: {1}, 2: {2}, NOT_NUCLEUS: {0, 1}, OF_CELL: {1, 2}, IGNORE: {0, 1, 2}}


@pytest.mark.parametrize(("one", "other"), list(itertools.product(MAY_BE, repeat=2)))
def test_a_pixel_may_be_what_both_allow(one: int, other: int) -> None:
    allowed = MAY_BE[one] & MAY_BE[other]
    told = [code for code, classes in MAY_BE.items() if classes == allowed]
    expected = told[0] if told else NUCLEUS if NUCLEUS in (one, other) else IGNORE
    assert united([np.array([[one]], np.uint8), np.array([[other]], np.uint8)]).item() == expected


def test_one_alone_is_as_it_is() -> None:
    codes = np.array([list(MAY_BE)], dtype=np.uint8)
    assert np.array_equal(united([codes]), codes)


@pytest.mark.parametrize(
    ("drawn", "told"),
    [
        ([0, 2, 0, 255], [NOT_NUCLEUS, 2, NOT_NUCLEUS, 255]),
        ([0, 1, 0, 255], [IGNORE, OF_CELL, IGNORE, 255]),
        ([0, 1, 2, 255], [0, 1, 2, 255]),
        ([0, OF_CELL, 2, 0], [0, OF_CELL, 2, 0]),
    ],
    ids=["nuclei", "cells", "both", "cells with and without"],
)
def test_outlines_of_one_part_leave_the_other_open(drawn: list[int], told: list[int]) -> None:
    assert only_told(np.array([drawn], dtype=np.uint8)).tolist() == [told]
