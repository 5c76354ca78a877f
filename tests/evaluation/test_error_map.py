"""The map of a crop's errors: against a plain loop, and for whoever sees no colours."""

import itertools

import numpy as np
import pytest

from pap_core.evaluation.error_map import COLOURS, FALSE_ALARM, HIT, MISS, NEITHER, draw_errors, error_map
from pap_core.evaluation.metrics import compare
from pap_core.labels import CLASSES, CYTOPLASM, IGNORE, NUCLEUS, PROTOCOLS


def positive(pixel: np.ndarray, name: str, protocol: str) -> bool:
    """Tell in plain words what the three protocols say of one pixel."""
    own, others = (2, (0, 1)) if name == "nucleus" else (0, (1, 2))
    if protocol == "channel-200":
        return pixel[own] >= 200
    if protocol == "colour-200":
        return pixel[own] >= 200 and all(pixel[other] < 200 for other in others)
    palette = {"background": (255, 255, 255), "cytoplasm": (255, 0, 0), "nucleus": (0, 0, 255)}
    away = {
        key: sum((int(a) - b) ** 2 for a, b in zip(pixel, rgb, strict=True)) for key, rgb in palette.items()
    }
    return min(away, key=away.get) == name


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", CLASSES)
def test_the_error_map_agrees_with_a_plain_loop(protocol: str, name: str) -> None:
    pixels = np.random.default_rng(1)
    colours = pixels.choice([0, 60, 199, 200, 255], (30, 40, 3)).astype(np.uint8)
    label = pixels.choice([0, CYTOPLASM, NUCLEUS, IGNORE], (30, 40)).astype(np.uint8)
    expected = np.empty_like(label)
    drawn = {0: (255, 255, 255), CYTOPLASM: (255, 0, 0), NUCLEUS: (0, 0, 255)}
    for place in np.ndindex(label.shape):
        if label[place] == IGNORE:
            expected[place] = IGNORE
            continue
        marked = label[place] == CLASSES[name]
        if protocol == "channel-200":
            marked = positive(np.array(drawn[int(label[place])]), name, protocol)
        found = positive(colours[place], name, protocol)
        expected[place] = {(1, 1): HIT, (1, 0): MISS, (0, 1): FALSE_ALARM, (0, 0): NEITHER}[
            int(marked), int(found)
        ]
    errors = error_map(colours, label, CLASSES[name], protocol)
    assert {HIT, MISS, FALSE_ALARM, NEITHER, IGNORE} == set(np.unique(expected).tolist())
    np.testing.assert_array_equal(errors, expected)
    counts = compare(colours, label, protocol)[name]
    for code, part in ((HIT, "tp"), (MISS, "fn"), (FALSE_ALARM, "fp"), (NEITHER, "tn")):
        assert (errors == code).sum() == counts[part]
    assert draw_errors(errors).shape == (30, 40, 3)
    assert tuple(draw_errors(errors)[0, 0]) == COLOURS[int(errors[0, 0])]


def test_the_colours_of_errors_differ_in_lightness_alone() -> None:
    """By WCAG's relative luminance: whoever sees no colour at all tells any two of them apart."""
    linear = {
        code: [(part / 12.92) if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in shares]
        for code, shares in ((code, [part / 255 for part in rgb]) for code, rgb in COLOURS.items())
    }
    light = sorted(0.2126 * red + 0.7152 * green + 0.0722 * blue for red, green, blue in linear.values())
    steps = [(high + 0.05) / (low + 0.05) for low, high in itertools.pairwise(light)]
    assert min(steps) > 1.3
