"""What the viewer is given to draw."""

import numpy as np
import pytest

from pages.parts.segment.pictures import LARGEST, TOLERANCE, in_words, path, share
from pap_core.contours import fill, trace
from tests.helpers.pages.segmenting import SMEAR_CELLS, truth_of


def corners(data: str) -> list[np.ndarray]:
    """Read SVG path data back as polygons, the centre of the first pixel at (0.5, 0.5)."""
    assert data.startswith("M")
    assert data.endswith("Z")
    parts = data[1:-1].split("ZM")
    return [np.array([point.split(",") for point in part.split(" ")], float) + 0.5 for part in parts]


def test_an_outline_keeps_within_the_tolerance() -> None:
    whole = truth_of((1000, 800), SMEAR_CELLS) > 0
    for polygon in trace(whole):
        (fewer,) = corners(path([polygon]))
        assert len(fewer) < len(polygon) / 4
        for start, end in zip(fewer, np.roll(fewer, -1, axis=0), strict=True):
            assert (start == polygon).all(axis=1).any()
            first = int(np.flatnonzero((polygon == start).all(axis=1))[0])
            last = int(np.flatnonzero((polygon == end).all(axis=1))[0])
            run = (
                polygon[first : last + 1]
                if first < last
                else np.vstack([polygon[first:], polygon[: last + 1]])
            )
            along = (end - start) / np.hypot(*(end - start))
            away = np.abs((run - start) @ np.array([-along[1], along[0]]))
            assert away.max() <= TOLERANCE + 1e-9


def test_an_outline_holds_its_cell() -> None:
    whole = truth_of((150, 130), [(75, 65, 50)]) > 0
    (drawn,) = corners(path(trace(whole)))
    filled = fill(drawn, whole.shape)
    assert (filled & whole).sum() / (filled | whole).sum() > 0.98


def test_the_smallest_outline_stays_one() -> None:
    triangle = np.array([[3.5, 3.5], [4.5, 3.5], [3.5, 4.5]])
    assert corners(path([triangle]))[0].tolist() == triangle.tolist()


def test_pieces_are_drawn_apart() -> None:
    square = np.array([[0.5, 0.5], [8.5, 0.5], [8.5, 8.5], [0.5, 8.5]])
    assert len(corners(path([square, square + 20]))) == 2
    assert path([]) == ""


@pytest.mark.parametrize(
    ("height", "width", "expected"), [(1536, 2048, 1.0), (8000, 8000, 0.5), (100, 32_000, 0.5)]
)
def test_what_a_browser_bears(height: int, width: int, expected: float) -> None:
    assert share(height, width) == expected
    assert height * width * expected**2 <= LARGEST


def test_a_cell_without_cytoplasm_has_no_ratio() -> None:
    assert in_words(1200, 0, float("nan")) == "nucleus 1,200 px, cytoplasm 0 px\nN/C ratio –"
    assert in_words(1200, 4800, 0.25).endswith("N/C ratio 0.250")
