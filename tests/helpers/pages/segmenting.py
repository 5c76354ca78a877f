"""What the tests of the page that segments share: pictures to give it, and what it then says."""

import io
import json

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.helpers.pages.visiting import APP, PATIENCE

GLASS, CELL, NUCLEUS = 230, 120, 30


def opened() -> AppTest:
    """Open the app for the first time in a session."""
    app = AppTest.from_file(str(APP), default_timeout=PATIENCE).run()
    assert not app.exception
    return app


def drawn(size: tuple[int, int], cells: list[tuple[int, int, int]]) -> np.ndarray:
    """Draw round cells (x, y, radius) with a nucleus of a third of their radius."""
    image = np.full((size[1], size[0], 3), GLASS, dtype=np.uint8)
    for part, colour in ((1, CELL), (1 / 3, NUCLEUS)):
        for x, y, radius in cells:
            image[_disc(size, x, y, radius * part)] = colour
    return image


def truth_of(size: tuple[int, int], cells: list[tuple[int, int, int]]) -> np.ndarray:
    """Return the label map of what `drawn` draws."""
    label = np.zeros((size[1], size[0]), dtype=np.uint8)
    for value, part in ((1, 1), (2, 1 / 3)):
        for x, y, radius in cells:
            label[_disc(size, x, y, radius * part)] = value
    return label


def jaccard(one: np.ndarray, other: np.ndarray) -> float:
    """Return the Jaccard index of two masks."""
    return (one & other).sum() / (one | other).sum()


def _disc(size: tuple[int, int], x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[: size[1], : size[0]]
    return np.hypot(columns - x, rows - y) < radius


def encoded(image: np.ndarray, how: str = "PNG") -> bytes:
    """Write a picture as a file of some format."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, format=how)
    return buffer.getvalue()


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    """Drop one or more pictures, beside those that are there."""
    for name, content in files:
        app.file_uploader(key="segment_upload").upload(name, content)
    app.run()
    assert not app.exception
    return app


def figures(app: AppTest) -> dict[str, str]:
    """Return what the metrics show, by their labels."""
    return {metric.label: metric.value for metric in app.metric}


def shown(app: AppTest) -> dict:
    """Return what the viewer was given."""
    (viewer,) = app.get("bidi_component")
    return json.loads(viewer.proto.json)


CROP_CELLS = [(75, 65, 50)]
SMEAR_CELLS = [(250, 250, 120), (700, 300, 110), (400, 600, 130)]
CROP = drawn((150, 130), CROP_CELLS)
SMEAR = drawn((1000, 800), SMEAR_CELLS)
