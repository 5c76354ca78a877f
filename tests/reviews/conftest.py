"""Databases to test with, SQLite in a file and a real PostgreSQL server; outlines to draw on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from pap_core.contours import fill
from pap_core.data.phantom import smear as phantom
from pap_core.outlines import Outlines
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.drawn_reviews import Saving
from tests.helpers.reviews.strokes import SHAPE, disc, traced


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, of either kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgresql_url")
    return sqlite_engine(tmp_path / "reviews.db").url.render_as_string()


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """An engine as anyone may make it, which knows nothing of reviews."""
    made = create_engine(url)
    yield made
    made.dispose()


@pytest.fixture
def reviews(engine: Engine) -> Reviews:
    """A database without a decision."""
    made = Reviews(engine)
    made.prepare()
    return made


@pytest.fixture(scope="module")
def saving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Saving]:
    """What forks processes that save decisions."""
    one = Saving(tmp_path_factory.mktemp("saving") / "log")
    yield one
    one.end()


@pytest.fixture(scope="module")
def cells() -> list[Outlines]:
    """Cells of several shapes, as a model's label map gives them."""
    found = [
        traced(disc(120, 100, 70), disc(110, 95, 20)),
        traced(disc(120, 100, 30), disc(120, 100, 4)),  # a small nucleus
        traced(disc(5, 100, 40), disc(-3, 100, 12)),  # cut by the picture's edge
        traced(disc(120, 100, 50) | disc(200, 150, 20), disc(100, 100, 15) | disc(140, 100, 12)),  # in pieces
    ]
    smear = phantom.smear("Koilocytotic", 3, SHAPE[::-1])
    drawn = [[fill(ring, SHAPE) for ring in rings] for rings in smear.cells[:3]]
    return [*found, *(traced(*masks) for masks in drawn if masks[1].sum() > 20)]


@pytest.fixture
def round_cell(cells: list[Outlines]) -> Outlines:
    return cells[0]
