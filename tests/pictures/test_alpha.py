"""An alpha channel means the same in every format."""

import io

import numpy as np
import pytest

from pap_core.images import read_image
from tests.helpers.pngs import deep_png
from tests.helpers.tiffs import written

RGB = np.random.default_rng(0).integers(0, 256, (12, 9, 3), dtype=np.uint8)


@pytest.mark.parametrize("significant", [None, 12, 16])
@pytest.mark.parametrize("alpha", [4095, 65535, 2048])
def test_an_alpha_of_12_or_16_bit_is_read_alike_in_png_and_in_tiff(
    alpha: int, significant: int | None
) -> None:
    colours = (RGB.astype(int) * 4095 // 255).astype(np.uint16)
    rgba = np.dstack([colours, np.full(RGB.shape[:2], alpha, dtype=np.uint16)])
    found = read_image(io.BytesIO(deep_png(rgba, significant)), "cell.png")
    tiff = written(rgba, photometric="rgb", extrasamples=["unassalpha"])
    np.testing.assert_array_equal(found, read_image(tiff, "cell.tif"))
    opaque = np.abs(found.astype(int) - RGB).max() <= 1
    assert opaque == (alpha != 2048)
