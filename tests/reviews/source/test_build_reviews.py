"""Data sets of reviewed cells: what is true, which side they are on, alone and beside other sources."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from pap_core.data.build import build
from pap_core.data.crop import Drawn, whole
from pap_core.data.readers.cell import Cell
from pap_core.errors import InputError
from pap_core.images import read_image
from pap_core.labels import BACKGROUND, CYTOPLASM, IGNORE, NUCLEUS
from pap_core.outlines import Outlines
from pap_core.reviews.exports import write
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.built import reasons, rows
from tests.helpers.reviews.reviewed_smear import SIZE, correct, moved, predicted, reject, reviewed, true


def crop(folder: Path, identifier: str) -> tuple[np.ndarray, np.ndarray, dict[str, str]]:
    """Return picture, label map and row of a crop."""
    (row,) = (row for row in rows(folder) if row["id"] == identifier)
    label = read_image(folder / "labels" / f"{identifier}.png")[..., 0]
    return read_image(folder / "images" / f"{identifier}.png"), label, row


def on_smear(label: np.ndarray, row: dict[str, str], one) -> np.ndarray:
    """Lay a crop's label map back on its smear; 9 where the crop does not reach."""
    found = np.full(SIZE[::-1], 9, dtype=np.uint8)
    x, y = int(row["x0"]) + int(one.place.x0), int(row["y0"]) + int(one.place.y0)
    found[y : y + 256, x : x + 256] = label
    return found


def test_the_truth_is_what_the_reviewer_left_and_what_nobody_judged_is_ignored(
    reviews: Reviews, database: Path, tmp_path: Path
) -> None:
    cells = reviewed(reviews)
    described = build(database, tmp_path / "set")
    assert (described["source"], described["mode"], described["crops"]) == ("reviews", "whole", 2)
    assert described["found"] == {"Parabasal": (2, 2)}
    image, label, row = crop(tmp_path / "set", cells["left"].id)
    left = cells["left"]
    x, y = int(row["x0"]), int(row["y0"])
    np.testing.assert_array_equal(image, left.picture[y : y + 256, x : x + 256])
    assert (x, y) == (int(CENTRE[0] - left.place.x0) - 128, int(CENTRE[1] - left.place.y0) - 128)

    expected = true("left").label(SIZE[::-1])
    unjudged = predicted("right").label(SIZE[::-1]) != BACKGROUND
    unjudged &= predicted("left").label(SIZE[::-1]) == BACKGROUND
    expected[unjudged] = IGNORE
    found = on_smear(label, row, left)
    np.testing.assert_array_equal(found[found != 9], expected[found != 9])
    assert {BACKGROUND, CYTOPLASM, NUCLEUS, IGNORE} == set(np.unique(label))

    # accepted as predicted
    far = on_smear(*crop(tmp_path / "set", cells["far"].id)[1:], cells["far"])
    near = far != 9
    near[:, :450] = False
    np.testing.assert_array_equal(far[near], predicted("far").label(SIZE[::-1])[near])


CENTRE = (220, 250)  # of the left cell


def test_a_neighbour_that_was_reviewed_in_its_own_window_is_drawn(
    reviews: Reviews, database: Path, tmp_path: Path
) -> None:
    cells = reviewed(reviews)
    correct(reviews, cells["right"], moved(true("right"), cells["right"].place))
    build(database, tmp_path / "set")
    for name in ("left", "right"):
        _, label, row = crop(tmp_path / "set", cells[name].id)
        found = on_smear(label, row, cells[name])
        expected = np.maximum(true("left").label(SIZE[::-1]), true("right").label(SIZE[::-1]))
        seen = found != 9
        seen[:, 480:] = False  # the far one
        np.testing.assert_array_equal(found[seen], expected[seen])
        assert IGNORE not in np.unique(found[seen])


def test_the_latest_decision_counts_and_the_rejected_are_listed(
    reviews: Reviews, database: Path, tmp_path: Path
) -> None:
    cells = reviewed(reviews)
    reject(reviews, cells["far"], "overlapping", reviewer="Bo")
    correct(reviews, cells["right"], moved(predicted("right"), cells["right"].place))
    late = correct(
        reviews, cells["right"], moved(true("right"), cells["right"].place), category="Koilocytotic"
    )
    described = build(database, tmp_path / "set")
    assert described["categories"] == {"Koilocytotic": 1, "Parabasal": 1}
    assert reasons(tmp_path / "set") == {cells["far"].id: "rejected: overlapping"}
    _, label, row = crop(tmp_path / "set", cells["right"].id)
    assert row["category"] == "Koilocytotic"
    assert (label == NUCLEUS).sum() > 0
    nucleus = late.after.label(cells["right"].label.shape) == NUCLEUS
    assert on_smear(label, row, cells["right"])[260, 325] == NUCLEUS
    assert int(row["nucleus"]) <= nucleus.sum() + (true("left").label(SIZE[::-1]) == NUCLEUS).sum()


def test_a_file_a_url_and_an_exported_folder_give_the_same_data_set(
    reviews: Reviews, database: Path, tmp_path: Path
) -> None:
    reviewed(reviews)
    write(reviews, "reviews", tmp_path / "exported")
    shutil.copytree(tmp_path / "exported", tmp_path / "moved away")
    digests = {
        build(source, tmp_path / f"set{number}")["digest"]
        for number, source in enumerate((database, f"sqlite:///{database}", tmp_path / "moved away"))
    }
    assert len(digests) == 1
    # nothing of the database's pixels is left beside the crops
    for number in range(3):
        assert {path.name for path in (tmp_path / f"set{number}").iterdir()} == {
            *("dataset.json", "manifest.csv", "skipped.csv", "images", "labels", "targets")
        }


def test_postgresql_is_built_from_and_its_password_goes_nowhere(postgresql_url: str, tmp_path: Path) -> None:
    from sqlalchemy import create_engine, make_url

    engine = create_engine(postgresql_url)
    reviews = Reviews(engine)
    reviews.prepare()
    reviewed(reviews)
    described = build(postgresql_url, tmp_path / "set")
    assert described["crops"] == 2
    secret = make_url(postgresql_url).password.encode()
    assert secret
    assert [path for path in (tmp_path / "set").rglob("*.*") if secret in path.read_bytes()] == []
    engine.dispose()


# Cutting


@pytest.mark.parametrize(
    ("size", "corner", "scale"),
    [
        ((256, 256), (0, 0), 1.0),  # a crop of a data set
        ((320, 300), (22, 2), 1.0),  # a window: around the nucleus at (150, 130)
        ((290, 256), (22, 0), 1.0),
        ((270, 600), (14, 2), 1.0),  # as near as it goes
        ((400, 200), (22, -28), 1.0),  # narrow at the edge of a smear: mirrored, and ignored there
        ((240, 200), None, 256 / 140),  # a single cell: the cell's 120 px and the margin
    ],
)
def test_a_picture_is_used_whole_or_around_the_nucleus(
    circle, size: tuple[int, int], corner: tuple[int, int] | None, scale: float
) -> None:
    shape = size[::-1]
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    outlines = Outlines((circle(150, 130, 60),), (circle(150, 130, 20),))
    label = outlines.label(shape)
    one = Drawn(Cell("c", "P", "g", Path("p.png")), label > 0, label == NUCLEUS)
    found = whole(image, label, one, 256)
    assert found.image.shape == (256, 256, 3)
    assert found.scale == pytest.approx(scale, rel=0.02)
    if corner:
        assert (found.x0, found.y0) == corner
        ys, xs = np.mgrid[corner[1] : corner[1] + 256, corner[0] : corner[0] + 256]
        inside = (ys >= 0) & (ys < shape[0]) & (xs >= 0) & (xs < shape[1])
        np.testing.assert_array_equal(found.image[inside], image[ys[inside], xs[inside]])
        np.testing.assert_array_equal(found.label[inside], label[ys[inside], xs[inside]])
        assert (found.label[~inside] == IGNORE).all()


# Trouble


def test_an_interrupted_build_goes_on_and_leaves_no_pixels_behind(
    reviews: Reviews, database: Path, tmp_path: Path
) -> None:
    for seed in range(4):
        reviewed(reviews, seed)
    digest = build(database, tmp_path / "other")["digest"]

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(database, tmp_path / "set", progress=interrupt)
    steps: list[tuple[int, int]] = []
    described = build(database, tmp_path / "set", progress=lambda *step: steps.append(step))
    assert steps[0][0] > 1  # what was done is not done again
    assert steps[-1] == (8, 8)
    assert described["digest"] == digest
    assert not list((tmp_path / "set").glob("*.part"))
    assert build(database, tmp_path / "set") == json.loads(json.dumps(described))

    reviewed(reviews, 9)
    with pytest.raises(InputError, match="another source or other options"):
        build(database, tmp_path / "set")


def test_cells_that_are_no_truth_are_told(reviews: Reviews, database: Path, tmp_path: Path) -> None:
    cells = reviewed(reviews)
    right = cells["right"]
    bare = moved(true("right"), right.place)
    correct(reviews, right, Outlines(bare.cell, ()))
    build(database, tmp_path / "set")
    (told,) = reasons(tmp_path / "set").values()
    assert "the nucleus of" in told
    assert "review it again" in told

    only = Reviews(sqlite_engine(tmp_path / "only.db"))
    only.prepare()
    reject(only, right)
    with pytest.raises(
        InputError, match=r"only\.db: no usable cell found \(rejected: out of focus\).*review some"
    ):
        build(tmp_path / "only.db", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_sources_of_no_use_are_told(reviews: Reviews, database: Path, tmp_path: Path) -> None:
    reviewed(reviews)
    write(reviews, "reviews", tmp_path / "exported")
    (tmp_path / "text.db").write_text("no database")
    for source, said in (
        (tmp_path / "text.db", "there is no such folder"),
        ("nosuch://nobody:hush@nowhere/reviews", "cannot be read, expected one like"),
        ("postgresql+psycopg://nobody:hush@127.0.0.1:9/reviews", "the server cannot be reached"),
        (f"sqlite:///{tmp_path}/missing.db", "no database of reviews there"),
    ):
        with pytest.raises(InputError, match=said) as error:
            build(source, tmp_path / "set")
        assert "hush" not in str(error.value)
    assert not (tmp_path / "missing.db").exists()
    path = tmp_path / "exported" / "reviews.json"
    rows = json.loads(path.read_text())["cells"]
    outside = [[rows[0] | {name: "../../up"}] for name in ("id", "picture", "label")]
    strange = [json.dumps({"format": 1, "digest": "", "cells": cells}) for cells in ([{}], *outside)]
    for content in ("{", "[]", '{"format": 99}', *strange):
        path.write_text(content)
        with pytest.raises(InputError, match=r"reviews\.json: cannot be read"):
            build(tmp_path / "exported", tmp_path / "set")
    path.write_text(json.dumps({"format": 1, "digest": "", "cells": rows}))
    for picture in (tmp_path / "exported" / "pictures").iterdir():
        picture.rename(tmp_path / picture.name)
        picture.symlink_to(tmp_path / picture.name)
    with pytest.raises(InputError, match="a link out of the source"):
        build(tmp_path / "exported", tmp_path / "set")
    assert not (tmp_path / "set").exists()
