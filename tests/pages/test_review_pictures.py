"""The page that reviews pictures that a person gives it."""

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from pap_core.reviews.store import Reviews
from tests.helpers.pages.reviewing import address, at, counted, opened, press, told
from tests.helpers.pages.segmenting import CROP, SMEAR, SMEAR_CELLS, encoded, truth_of
from tests.helpers.pages.visiting import said

# Pictures that are given


def give(app: AppTest, key: str, *files: tuple[str, bytes]) -> AppTest:
    for file in files:
        app.file_uploader(key=key).upload(*file)
    app.run()
    assert not app.exception
    return app


def test_the_cells_of_a_picture_become_a_queue(space: Path, reviews: Reviews) -> None:
    app = opened(**{"from": "A picture"})
    assert "Give a picture" in told(app)[0]
    give(app, "review_upload", ("patient 7.png", encoded(SMEAR)))
    assert "Cell 1 of 3" in counted(app)
    first = at(app)
    press(app, "accepted")
    (kept,) = reviews.cells().values()
    assert kept.source == "smear"
    assert "patient" not in repr(kept)
    assert kept.group == kept.name
    again = opened(**{"from": "A picture"}, picture=address(app, "picture"))
    assert "You were at a picture that is not here any more" in told(again)[0]
    give(again, "review_upload", ("renamed.png", encoded(SMEAR)))
    assert "1 of 3 decided" in counted(again)
    assert at(again) != first


def test_a_picture_outlasts_a_look_at_another_page(space: Path) -> None:
    app = give(opened(**{"from": "A picture"}), "review_upload", ("a.png", encoded(SMEAR)))
    app.switch_page("pages/train.py").run()
    app.switch_page("pages/review.py")
    app.query_params["review_from"] = "A picture"
    app.run()
    assert "Cell 1 of 3" in counted(app)
    assert "Still at hand: a.png" in said(app)


def test_earlier_predictions_are_reviewed_with_their_label_maps(space: Path, reviews: Reviews) -> None:
    app = opened(**{"from": "Earlier predictions"})
    give(app, "review_predicted", ("a.png", encoded(SMEAR)))
    assert "its label map is missing" in app.error[0].value
    label = encoded(truth_of((1000, 800), SMEAR_CELLS))
    give(app, "review_predicted", ("a.png", encoded(SMEAR)), ("a_label.png", label))
    assert not [one.value for one in app.error]
    assert "Cell 1 of 3" in counted(app)
    assert next(one for one in app.selectbox if one.label == "Order").options == ["As they lie", "At random"]
    press(app, "accepted")
    (kept,) = reviews.cells().values()
    assert (kept.source, kept.checkpoint, kept.category) == ("predictions", "", "")


def test_a_picture_without_cells_is_told(space: Path) -> None:
    app = opened(**{"from": "A picture"})
    give(app, "review_upload", ("empty.png", encoded(np.full_like(CROP, 230))))
    assert any("no cell was found" in one for one in told(app))
