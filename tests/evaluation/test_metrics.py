import itertools

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score

from pap_core.evaluation.metrics import (
    METRICS,
    compare,
    compare_cells,
    count,
    known_of,
    reference,
    scores,
)
from pap_core.labels import (
    BACKGROUND,
    CYTOPLASM,
    IGNORE,
    NOT_NUCLEUS,
    NUCLEUS,
    OF_CELL,
    PALETTE,
    PROTOCOLS,
    positives,
)

WHITE, RED, BLUE, BLACK = (255, 255, 255), (255, 0, 0), (0, 0, 255), (0, 0, 0)
MAGENTA, PINK, DARK_BLUE = (220, 10, 240), (255, 210, 205), (10, 10, 199)
PARTS = ("tp", "fp", "fn", "tn")


def independent(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """The metrics of flat bool masks by scikit-learn; NaN where 0/0."""
    negative, found = ~truth, ~predicted
    return {
        "accuracy": accuracy_score(truth, predicted) if len(truth) else np.nan,
        "precision": precision_score(truth, predicted) if predicted.any() else np.nan,
        "sensitivity": recall_score(truth, predicted) if truth.any() else np.nan,
        "specificity": recall_score(negative, found) if negative.any() else np.nan,
        "jaccard": jaccard_score(truth, predicted) if (truth | predicted).any() else np.nan,
        "dice": f1_score(truth, predicted) if (truth | predicted).any() else np.nan,
    }


def read_pixel(colour: tuple[int, int, int], label_class: int, protocol: str) -> bool:
    """SPEC section 5, word by word, for one pixel."""
    red, green, blue = (int(part) for part in colour)
    own, others = (blue, (red, green)) if label_class == NUCLEUS else (red, (green, blue))
    if protocol == "channel-200":
        return own >= 200
    if protocol == "colour-200":
        return own >= 200 and max(others) < 200
    distances = [sum((a - int(b)) ** 2 for a, b in zip((red, green, blue), p, strict=True)) for p in PALETTE]
    return distances.index(min(distances)) == label_class


@pytest.mark.parametrize(("said", "true"), list(itertools.product((0.0, 0.05, 0.5, 0.95, 1.0), repeat=2)))
def test_scores_agree_with_scikit_learn(said, true):
    random = np.random.default_rng(int(100 * said + true * 10))
    predicted, truth = random.random((3, 9, 11)) < said, random.random((3, 9, 11)) < true
    known = random.random((3, 9, 11)) < 0.8
    found = scores(count(predicted, truth, known))
    for image in range(3):
        kept = known[image]
        expected = independent(truth[image][kept], predicted[image][kept])
        for metric in METRICS:
            assert found[metric][image] == pytest.approx(expected[metric], abs=1e-12, nan_ok=True), metric


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("seed", range(4))
def test_compare_agrees_with_scikit_learn_under_each_protocol(protocol, seed):
    random = np.random.default_rng(seed)
    levels = np.array([0, 40, 128, 199, 200, 255], dtype=np.uint8)
    colours = levels[random.integers(0, len(levels), (2, 8, 10, 3))]
    labels = np.array([0, 1, 2, IGNORE], dtype=np.uint8)[random.integers(0, 4, (2, 8, 10))]
    found = compare(colours, labels, protocol)
    for (name, label_class), image in itertools.product(
        (("nucleus", NUCLEUS), ("cytoplasm", CYTOPLASM)), (0, 1)
    ):
        pixels = [
            (read_pixel(drawn, label_class, protocol), label)
            for drawn, label in zip(colours[image].reshape(-1, 3), labels[image].ravel(), strict=True)
            if label != IGNORE
        ]
        predicted = np.array([said for said, _ in pixels])
        # channel-200 reads the target like the prediction, the others read the label
        truth = np.array(
            [
                read_pixel(PALETTE[label], label_class, protocol)
                if protocol == "channel-200"
                else label == label_class
                for _, label in pixels
            ]
        )
        expected = independent(truth, predicted)
        measured = scores({part: values[image] for part, values in found[name].items()})
        for metric in METRICS:
            assert measured[metric] == pytest.approx(expected[metric], abs=1e-12, nan_ok=True), metric


def test_zero_by_zero_is_undefined():
    nothing = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    assert all(np.isnan(value) for value in scores(nothing).values())
    only_background = scores(nothing | {"tn": 7})
    assert only_background["accuracy"] == only_background["specificity"] == 1
    assert all(np.isnan(only_background[name]) for name in ("precision", "sensitivity", "jaccard"))
    only_cell = scores(nothing | {"tp": 7})
    assert np.isnan(only_cell["specificity"])
    assert only_cell["jaccard"] == 1
    missed = scores(nothing | {"fn": 7})
    assert np.isnan(missed["precision"])
    assert missed["sensitivity"] == missed["jaccard"] == 0


def test_an_ignored_image_is_undefined_throughout():
    labels = np.full((4, 4), IGNORE, dtype=np.uint8)
    for protocol in PROTOCOLS:
        for counts in compare(np.zeros((4, 4, 3), dtype=np.uint8), labels, protocol).values():
            assert [int(counts[part]) for part in PARTS] == [0, 0, 0, 0]
            assert all(np.isnan(value) for value in scores(counts).values())


@pytest.mark.parametrize(
    ("colour", "strict", "colour_200", "channel_200"),
    [
        (WHITE, "", "", "nc"),
        (RED, "c", "c", "c"),
        (BLUE, "n", "n", "n"),
        (BLACK, "c", "", ""),
        (MAGENTA, "n", "", "nc"),
        (PINK, "", "", "nc"),
        (DARK_BLUE, "n", "", ""),
        ((200, 199, 199), "", "c", "c"),
        ((199, 0, 0), "c", "", ""),
        ((200, 200, 0), "c", "", "c"),
        ((0, 200, 200), "n", "", "n"),
    ],
)
def test_how_each_protocol_reads_a_colour(colour, strict, colour_200, channel_200):
    pixel = np.array([[colour]], dtype=np.uint8)
    for protocol, expected in zip(PROTOCOLS, (strict, colour_200, channel_200), strict=True):
        assert positives(pixel, NUCLEUS, protocol).item() == ("n" in expected), protocol
        assert positives(pixel, CYTOPLASM, protocol).item() == ("c" in expected), protocol


def test_counts_of_a_hand_made_crop():
    labels = np.array([[NUCLEUS, NUCLEUS, CYTOPLASM, CYTOPLASM, BACKGROUND, BACKGROUND, IGNORE]], np.uint8)
    colours = np.array([[BLUE, DARK_BLUE, RED, MAGENTA, WHITE, RED, BLUE]], dtype=np.uint8)

    def counted(protocol: str) -> dict[str, list[int]]:
        found = compare(colours, labels, protocol)
        return {name: [int(counts[part]) for part in PARTS] for name, counts in found.items()}

    assert counted("strict") == {"nucleus": [2, 1, 0, 3], "cytoplasm": [1, 1, 1, 3]}
    assert counted("colour-200") == {"nucleus": [1, 0, 1, 4], "cytoplasm": [1, 1, 1, 3]}
    # white counts as both in the target too: nucleus is true at 0 1 4 5, cytoplasm at 2 3 4 5
    assert counted("channel-200") == {"nucleus": [2, 1, 2, 1], "cytoplasm": [4, 0, 0, 2]}


def test_the_black_border_takes_the_nearest_class_colour_under_strict():
    nearly_black = np.array([[(0, 0, 0), (20, 0, 10), (10, 0, 20), (90, 90, 90)]], dtype=np.uint8)
    assert positives(nearly_black, CYTOPLASM, "strict").tolist() == [[True, True, False, True]]
    assert positives(nearly_black, NUCLEUS, "strict").tolist() == [[False, False, True, False]]


def test_reference_of_ignored_pixels_is_never_a_class_but_white_is_both():
    labels = np.array([[BACKGROUND, CYTOPLASM, NUCLEUS, IGNORE]], dtype=np.uint8)
    assert reference(labels, NUCLEUS, "strict").tolist() == [[False, False, True, False]]
    assert reference(labels, NUCLEUS, "channel-200").tolist() == [[True, False, True, True]]
    assert reference(labels, CYTOPLASM, "channel-200").tolist() == [[True, True, False, True]]


def test_nuclei_alone_tell_nothing_of_what_is_beside_them():
    """As points in them do; one pixel known to be no nucleus makes it a truth of nuclei."""
    labels = np.array(
        [[[NUCLEUS, NUCLEUS, IGNORE, IGNORE]], [[NUCLEUS, NUCLEUS, BACKGROUND, IGNORE]]], np.uint8
    )
    for label_class in (NUCLEUS, CYTOPLASM):
        known = known_of(labels, label_class, "strict")
        assert known[:, 0].tolist() == [[False] * 4, [True, True, True, False]]


def test_different_shapes_are_refused():
    mask = np.zeros((4, 4), dtype=bool)
    with pytest.raises(ValueError, match=r"\(4, 5\)"):
        count(mask, np.zeros((4, 5), dtype=bool), mask)
    with pytest.raises(ValueError, match="shapes differ"):
        count(mask, mask, mask[:1])  # would broadcast
    with pytest.raises(ValueError, match="shapes differ"):
        compare(np.zeros((4, 4, 3), dtype=np.uint8), np.zeros((2, 4, 4), dtype=np.uint8), "strict")


def test_an_unknown_protocol_is_refused():
    with pytest.raises(ValueError, match=r"fuzzy.*strict"):
        compare(np.zeros((4, 4, 3), dtype=np.uint8), np.zeros((4, 4), dtype=np.uint8), "fuzzy")


# Truth that is partial


@pytest.mark.parametrize("protocol", ["strict", "colour-200"])
@pytest.mark.parametrize("seed", range(4))
def test_only_pixels_whose_class_is_told_are_counted(protocol, seed):
    random = np.random.default_rng(seed)
    codes = (BACKGROUND, CYTOPLASM, NUCLEUS, NOT_NUCLEUS, OF_CELL, IGNORE)
    labels = np.array(codes, dtype=np.uint8)[random.integers(0, len(codes), (8, 10))]
    colours = np.array([WHITE, RED, BLUE, MAGENTA], dtype=np.uint8)[random.integers(0, 4, (8, 10))]
    may_be = {NOT_NUCLEUS: {BACKGROUND, CYTOPLASM}, OF_CELL: {CYTOPLASM, NUCLEUS}, IGNORE: {0, 1, 2}}
    found = compare(colours, labels, protocol)
    for name, label_class in (("nucleus", NUCLEUS), ("cytoplasm", CYTOPLASM)):
        pixels = []
        for drawn, label in zip(colours.reshape(-1, 3), labels.ravel().tolist(), strict=True):
            possible = may_be.get(label, {label})
            if possible == {label_class} or label_class not in possible:
                pixels.append((read_pixel(drawn, label_class, protocol), possible == {label_class}))
        predicted, truth = (np.array(part) for part in zip(*pixels, strict=True))
        expected = independent(truth, predicted)
        for metric, value in scores(found[name]).items():
            assert value == pytest.approx(expected[metric], abs=1e-12, nan_ok=True), metric


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_class_that_nobody_marked_has_no_figure(protocol):
    labels = np.array([[[NUCLEUS, NOT_NUCLEUS, NOT_NUCLEUS]], [[OF_CELL, OF_CELL, BACKGROUND]]], np.uint8)
    colours = np.array([[[BLUE, BLUE, RED]], [[RED, BLUE, RED]]], dtype=np.uint8)
    found = {name: scores(counts) for name, counts in compare(colours, labels, protocol).items()}
    assert np.isnan(found["cytoplasm"]["jaccard"]).all()
    assert np.isnan(found["cytoplasm"]["precision"]).all()
    assert np.isnan(found["nucleus"]["accuracy"][1])
    nucleus, cells = found["nucleus"]["jaccard"][0], scores(compare_cells(colours, labels, protocol))
    if protocol == "channel-200":  # which takes background for both classes
        assert np.isnan(nucleus)
        assert np.isnan(cells["jaccard"]).all()
    else:
        assert nucleus == 1 / 2
        assert cells["jaccard"].tolist() == [1, 2 / 3]
