"""Agreement between reviewers, against scikit-learn and against figures worked out by hand."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, jaccard_score

from pap_core.evaluation.intervals import interval
from pap_core.outlines import Outlines
from pap_core.reviewing.agreement import COLUMNS, agreement, cohens_kappa
from pap_core.reviews.records import VERDICTS, Decision
from tests.helpers.reviews.drawn_reviews import SIDE, decided, drawn_cell, outlines

SHAPE = (SIDE, SIDE)


@pytest.mark.parametrize("seed", range(20))
def test_kappa_is_scikit_learns(seed):
    chance = np.random.default_rng(seed)
    known = VERDICTS[: chance.integers(1, 4)]
    first = chance.choice(known, chance.integers(1, 60))
    second = np.where(chance.random(len(first)) < 0.5, first, chance.choice(known, len(first)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn warns of what is undefined
        expected = cohen_kappa_score(first, second)
    assert cohens_kappa(list(first), list(second)) == pytest.approx(expected, nan_ok=True)


def test_kappa_where_it_is_defined_and_where_not():
    assert cohens_kappa(["accepted", "rejected"], ["accepted", "rejected"]) == 1
    assert cohens_kappa(["accepted", "rejected"], ["rejected", "accepted"]) == -1
    assert cohens_kappa(["accepted", "accepted"], ["rejected", "rejected"]) == 0
    assert np.isnan(cohens_kappa([], []))
    assert np.isnan(cohens_kappa(["accepted"] * 3, ["accepted"] * 3))
    assert np.isnan(cohens_kappa(["accepted"], ["rejected"]))  # by the formula 0, whatever the two decide
    with pytest.raises(ValueError, match="2 decisions beside 1"):
        cohens_kappa(["accepted"] * 2, ["accepted"])


def judged(reviewer: str, number: int, radius: float, verdict: str = "corrected") -> Decision:
    reason = "other" if verdict == "rejected" else ""
    return decided(drawn_cell(number), reviewer, verdict, after=outlines(radius), reason=reason)


def jaccard(radius: float, other: float, part: str) -> float:
    a, b = (outlines(one).label(SHAPE) for one in (radius, other))
    smallest = 2 if part == "nucleus" else 1
    return jaccard_score(a.ravel() >= smallest, b.ravel() >= smallest)


def test_each_pair_is_compared_on_what_both_decided_last():
    decisions = [
        judged("Bo", 1, 10),
        judged("Ada", 1, 11),  # is taken back
        judged("Ada", 2, 30),
        judged("Ada", 3, 30, "rejected"),
        judged("Ada", 4, 30),
        judged("Bo", 2, 20),
        judged("Bo", 3, 30),
        judged("Cy", 4, 30),
        judged("Cy", 9, 30),
        judged("Ada", 1, 20, "accepted"),
    ]
    shapes = {drawn_cell(number).id: SHAPE for number in (1, 2, 3, 4, 9)}
    groups = {drawn_cell(number).id: group for number, group in ((1, "a"), (2, "b"), (3, "b"), (4, "c"))}
    found = agreement(decisions, shapes, groups)
    assert list(found.columns) == list(COLUMNS)
    assert list(zip(found["first"], found["second"], strict=True)) == [("Ada", "Bo"), ("Ada", "Cy")]

    both = found.iloc[0]
    assert (both["cells"], both["outlined"]) == (3, 2)
    assert both["kappa"] == cohen_kappa_score(
        ["accepted", "corrected", "rejected"], ["corrected", "corrected", "corrected"]
    )
    for part in ("nucleus", "cell"):
        values = [jaccard(20, 10, part), jaccard(30, 20, part)]
        assert both[part] == pytest.approx(np.mean(values))
        assert (both[f"{part}_low"], both[f"{part}_high"]) == pytest.approx(interval(values, ["a", "b"]))

    alone = found.iloc[1]
    assert (alone["cells"], alone["nucleus"], alone["cell"]) == (1, 1, 1)
    assert np.isnan(alone[["kappa", "nucleus_low", "cell_high"]].astype(float)).all()


def test_where_kappa_says_nothing_it_is_said_why():
    shapes = {drawn_cell(number).id: SHAPE for number in (1, 2)}
    verdicts = {"one": ("accepted",), "same": ("accepted", "accepted"), "varied": ("accepted", "rejected")}

    def compared(first: str, second: str) -> dict:
        decisions = [
            judged(name, number, 30, verdict)
            for name, given in (("Ada", first), ("Bo", second))
            for number, verdict in enumerate(verdicts[given], start=1)
        ]
        (row,) = agreement(decisions, shapes).to_dict("records")
        return row

    row = compared("one", "one")
    assert np.isnan(row["kappa"])
    assert row["remark"].startswith("No kappa: one cell")
    row = compared("same", "same")
    assert np.isnan(row["kappa"])
    assert row["remark"].startswith("No kappa: both gave")
    row = compared("varied", "same")
    assert row["kappa"] == 0
    assert "Bo gave every cell the same verdict" in row["remark"]
    row = compared("varied", "varied")
    assert (row["kappa"], row["remark"]) == (1, "")


def test_an_undefined_index_is_left_out():
    bare = Outlines(outlines(30).cell, ())
    decisions = [
        replace(judged(reviewer, number, 30), after=bare if number == 1 else outlines(30 - 10 * turn))
        for number in (1, 2)
        for turn, reviewer in enumerate(("Ada", "Bo"))
    ]
    shapes = {drawn_cell(number).id: SHAPE for number in (1, 2)}
    (row,) = agreement(decisions, shapes).to_dict("records")
    assert row["nucleus"] == pytest.approx(jaccard(30, 20, "nucleus"))  # neither drew one in the first
    assert row["cell"] == pytest.approx((1 + jaccard(30, 20, "cell")) / 2)
    assert row["outlined"] == 2
    (row,) = agreement(decisions[:2], shapes).to_dict("records")
    assert np.isnan(row["nucleus"])


def test_without_two_on_one_cell_there_is_nothing_to_compare():
    for decisions in ([], [judged("Ada", 1, 30)], [judged("Ada", 1, 30), judged("Bo", 2, 30)]):
        found = agreement(decisions, {})
        assert found.empty
        assert list(found.columns) == list(COLUMNS)
