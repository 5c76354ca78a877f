from collections import Counter

import pytest

from pap_core.data.draws import Draws, Uniform, Weighted, mix
from pap_core.errors import InputError

FOLDERS = ["few"] * 4 + ["many"] * 60 + ["some"] * 16
WEIGHTED = (FOLDERS, {"few": 3.0, "many": 3.0, "some": 2.0})


@pytest.mark.parametrize("crops", [1, 3, 7, 10])
def test_each_epoch_goes_once_through_all_crops(crops):
    epochs = 4
    drawn = list(Draws(Uniform(crops, 5), 0, epochs * crops))
    assert [draw for _, draw in drawn] == list(range(epochs * crops))
    orders = [[index for index, _ in drawn[epoch * crops : (epoch + 1) * crops]] for epoch in range(epochs)]
    assert all(sorted(order) == list(range(crops)) for order in orders)
    if crops >= 7:
        assert len({tuple(order) for order in orders}) == epochs


@pytest.mark.parametrize(
    "order", [Uniform(7, 5), Weighted(list("aaabbbb"), {"a": 2, "b": 1}, 5)], ids=["uniform", "weighted"]
)
@pytest.mark.parametrize("start", [0, 1, 6, 7, 8, 20, 27])
def test_a_start_in_the_middle_gives_the_tail(order, start):
    whole = list(Draws(order, 0, 28))
    rest = Draws(order, start, 28)
    assert list(rest) == whole[start:]
    assert len(rest) == 28 - start
    assert list(rest) == list(rest)  # may be gone through again


@pytest.mark.parametrize("order", [lambda seed: Uniform(80, seed), lambda seed: Weighted(*WEIGHTED, seed)])
def test_orders_differ_by_seed(order):
    assert list(Draws(order(0), 0, 80)) != list(Draws(order(1), 0, 80))


def test_mixed_seeds_are_apart():
    seeds = {mix(seed, number) for seed in range(-2, 50) for number in range(200)}
    assert len(seeds) == 52 * 200


def test_data_sets_share_each_epoch_by_their_weights():
    order = Weighted(*WEIGHTED, seed=5)
    for epoch in range(6):
        drawn = Counter(FOLDERS[index] for index in order.epoch(epoch))
        assert drawn == {"few": 30, "many": 30, "some": 20}


def test_all_crops_of_a_data_set_are_drawn_equally_often():
    """30 draws of 4 crops, and 30 of 60, do not end with a round of them, nor an epoch with a batch."""
    order = Weighted(*WEIGHTED, seed=5)
    drawn = Counter(index for index, _ in Draws(order, 0, 6 * 80))
    assert sorted(drawn) == list(range(80))
    of = {name: [drawn[i] for i, one in enumerate(FOLDERS) if one == name] for name in set(FOLDERS)}
    assert of["few"] == [45] * 4
    assert of["many"] == [3] * 60
    assert set(of["some"]) == {7, 8}  # 120 draws of 16


def test_each_round_has_an_order_of_its_own():
    order = Weighted(*WEIGHTED, seed=5)
    epochs = [order.epoch(number) for number in range(4)]
    assert len({tuple(epoch) for epoch in epochs}) == 4
    many = [{index for index in epoch if FOLDERS[index] == "many"} for epoch in epochs]
    assert not many[0] & many[1]
    assert many[0] | many[1] == many[2] | many[3]


def test_shares_are_whole_and_an_epoch_is_as_long_as_without_weights():
    order = Weighted(["a"] * 5 + ["b"] * 5 + ["c"] * 3, {"a": 1.0, "b": 1.0, "c": 1.0}, seed=0)
    drawn = Counter("aaaaabbbbbccc"[index] for index in order.epoch(0))
    assert sum(drawn.values()) == 13
    assert max(drawn.values()) - min(drawn.values()) <= 1


def test_a_weight_too_small_for_one_draw_an_epoch_is_refused():
    with pytest.raises(InputError, match=r"^b: with weight 0\.01 none of the 6 draws of an epoch"):
        Weighted(["a"] * 5 + ["b"], {"a": 1.0, "b": 0.01}, seed=0)
