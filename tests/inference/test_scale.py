"""The scale of a picture of many cells: by its nuclei, within what may be read, and where nothing tells."""

import math
from pathlib import Path

import numpy as np
import pytest

from pap_core.contours import signed_area
from pap_core.data.phantom import smear as phantom
from pap_core.data.tiles import NUCLEUS_SIZE, SCALES
from pap_core.images import MAX_PIXELS
from pap_core.inference.nucleus_votes import vote
from pap_core.inference.scale import PER_MICROMETRE, choose
from pap_core.inference.segmenter import Segmenter
from pap_core.model.checkpoint import read
from pap_core.tiling import resized
from tests.helpers.threshold_checkpoint import threshold_network, write_checkpoint

SHIPPED = Path(__file__).parents[2] / "checkpoints" / "fields"
WITHIN = math.log(1.2)


@pytest.fixture(scope="module")
def threshold(tmp_path_factory: pytest.TempPathFactory) -> Segmenter:
    """Takes what is darkest for nuclei, whatever its size."""
    folder = tmp_path_factory.mktemp("checkpoint") / "threshold"
    return Segmenter(read(write_checkpoint(folder, threshold_network())), "cpu")


def field(diameter: float, height: int = 600, width: int = 800) -> np.ndarray:
    """Draw discs in grey cells on white, some darker than others."""
    rng = np.random.default_rng(0)
    pixels = np.full((height, width), 255, np.uint8)
    rows, columns = np.mgrid[:height, :width]
    step = 3.5 * diameter
    for y in np.arange(step / 2, height, step):
        for x in np.arange(step / 2, width, step):
            away = np.hypot(rows - y, columns - x)
            pixels[away < 1.4 * diameter] = 130
            pixels[away < diameter / 2 * rng.uniform(0.9, 1.1)] = rng.integers(0, 30)
    return np.repeat(pixels[..., None], 3, axis=2)


@pytest.mark.parametrize("diameter", [7, 12, 25, 60, 120])
def test_the_scale_is_that_of_the_nuclei(threshold, diameter):
    found = vote(threshold, field(diameter))
    assert abs(math.log(found.scale * diameter / NUCLEUS_SIZE)) < WITHIN


def test_grains_seen_at_one_scale_do_not_outvote_nuclei_seen_at_all(threshold):
    """In the finest view grains of 1 px look like nuclei, and are more than the nuclei are."""
    image = field(40)
    grains = np.random.default_rng(1).random(image.shape[:2]) < 0.004
    image[grains] = 0
    assert abs(math.log(vote(threshold, image).scale * 40 / NUCLEUS_SIZE)) < WITHIN


def test_without_nuclei_a_picture_is_read_as_large_as_smears_mostly_are(threshold):
    for shape, scale in (((400, 350, 3), 700 / 400), ((900, 1200, 3), 1.0), ((3000, 5000, 3), 0.5)):
        blank = np.full(shape, 255, np.uint8)
        assert vote(threshold, blank) is None
        assert choose(threshold, blank, "smear") == ("smear", scale)


def test_the_scale_never_makes_more_of_a_picture_than_is_read(threshold):
    """Of 1.6 megapixels with nuclei of 5 px the scale that they vote for would make over 100."""
    image = np.tile(field(5, 100, 100), (11, 15, 1))
    kind, scale = choose(threshold, image)
    assert kind == "smear"
    assert scale <= SCALES[1]
    pixels = math.prod(max(1, round(side * scale)) for side in image.shape[:2])
    assert 0.99 * MAX_PIXELS < pixels <= MAX_PIXELS


def test_what_is_told_goes_before_what_is_found(threshold):
    image = field(12)
    assert choose(threshold, image, scale=0.7) == ("smear", 0.7)
    assert choose(threshold, image, pixel_size=0.3) == ("smear", 0.3 * PER_MICROMETRE)
    assert choose(threshold, image, "crop", pixel_size=0.3) == ("crop", 256 / 800)


def test_shipped_weights_find_the_scale_of_resized_phantoms():
    """Nine of ten within 20 %."""
    segmenter, off = Segmenter(read(SHIPPED), "cpu"), []
    for seed, category in enumerate(("Parabasal", "Metaplastic", "Koilocytotic"), start=100):
        smear = phantom.smear(category, seed)
        sizes = [2 * math.sqrt(abs(signed_area(nucleus)) / math.pi) for _, nucleus in smear.cells]
        for true in (0.4, 1.0, 2.5, 4.5):
            factor = NUCLEUS_SIZE / float(np.median(sizes)) / true
            image = resized(smear.image, *(round(side * factor) for side in smear.image.shape[:2]))
            off.append(abs(math.log(vote(segmenter, image).scale / true)))
    assert np.mean(np.array(off) < WITHIN) >= 0.9, off


def test_a_small_picture_with_many_nuclei_is_a_field_and_one_cell_is_a_crop(threshold):
    """One nucleus stands out in both, being larger than all others together."""
    image = field(12, 500, 500)
    rows, columns = np.mgrid[:500, :500]
    image[np.hypot(rows - 250, columns - 250) < 60] = 10
    assert choose(threshold, image)[0] == "smear"
    cell = np.full((500, 500, 3), 255, np.uint8)
    cell[np.hypot(rows - 250, columns - 250) < 200] = 130
    cell[np.hypot(rows - 250, columns - 250) < 60] = 10
    assert choose(threshold, cell) == ("crop", 256 / 500)
