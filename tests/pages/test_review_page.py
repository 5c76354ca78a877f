"""The page that reviews: from the first cell of a queue to the last decision."""

import time
from pathlib import Path

import numpy as np
import pytest

from pap_core.reviewing.queue import RANDOM, UNCERTAIN, WORST
from pap_core.reviewing.split_queue import SplitQueue
from pap_core.reviews.comparison import areas
from pap_core.reviews.store import Reviews
from tests.helpers.pages import canvases
from tests.helpers.pages.canvases import canvas_of, draw, moved
from tests.helpers.pages.reviewing import (
    FIT,
    NUCLEUS,
    address,
    at,
    by_id,
    counted,
    ids,
    middle,
    middle_shown,
    opened,
    press,
    reject,
    see,
    told,
)
from tests.helpers.pages.visiting import said

TRUTH = "Jaccard with the truth"

# Where one is


def test_it_first_asks_who_reviews(space: Path) -> None:
    app = opened(name="")
    assert "Enter your name" in told(app)[0]
    assert not app.get("bidi_component")
    app.text_input(key="review_name").set_value("Ada").run()
    assert canvas_of(app)
    assert "Cell 1 of 6 · 0 of 6 decided, 0 by you" in counted(app)


def test_without_an_evaluation_it_says_what_to_do(space: Path) -> None:
    (space / "evaluations").unlink()
    app = opened()
    assert "open **Results** and evaluate" in told(app)[0]
    assert not app.get("bidi_component")


def test_cells_come_in_the_order_asked_for(queue: SplitQueue) -> None:
    for order in (UNCERTAIN, WORST, RANDOM):
        app = opened(order=order)
        seen = [at(app)]
        for _ in range(5):
            seen.append(at(press(app, "Next")))
        assert seen == ids(queue, order)
        assert at(press(app, "Next")) == seen[0]
        assert at(press(app, "Previous")) == seen[-1]


def test_only_the_categories_chosen_are_listed(queue: SplitQueue) -> None:
    app = opened()
    app.multiselect[0].set_value(["Parabasal"]).run()
    assert "Cell 1 of 2" in counted(app)
    assert by_id(queue, at(app)).category == "Parabasal"
    assert by_id(queue, at(press(app, "Next"))).category == "Parabasal"
    assert "Cell 2 of 2" in counted(app)


def test_who_comes_back_is_where_they_left_or_at_the_first_undecided(queue: SplitQueue) -> None:
    app = opened()
    first = at(app)
    press(app, "accepted")
    second = at(app)
    assert [first, second] == ids(queue, UNCERTAIN)[:2]
    assert at(opened()) == second
    third = at(press(app, "Next"))
    assert at(opened(cell=third)) == third
    assert at(opened(cell="0123456789abcdef")) == second
    assert "1 of 6 decided, 1 by you" in counted(opened())


def test_what_the_truth_says_is_told_after_the_decision(queue: SplitQueue) -> None:
    app = opened()
    first = at(app)
    known = next(entry.jaccard for entry in queue.entries if entry.id.startswith(first))
    assert TRUTH not in said(app)
    press(app, "accepted")
    assert TRUTH not in said(opened())
    assert f"{TRUTH} {known:.1%}" in said(opened(cell=first))
    assert TRUTH not in said(opened(name="Grace", cell=first))


def test_blind_nothing_sways_until_the_decision(queue: SplitQueue) -> None:
    app = opened(order=UNCERTAIN)
    cell = by_id(queue, at(app))
    (entry,) = [one for one in queue.entries if one.id == cell.id]
    assert cell.category
    assert entry.uncertainty is not None
    swaying = (f"**{cell.category}**", f"uncertainty {entry.uncertainty:.1%}", TRUTH)
    assert not [one for one in swaying if one in said(app)]
    assert not app.table
    assert not [one.label for one in app.selectbox if cell.category in one.label]
    see(app)
    assert [one for one in swaying if one in said(app)] == list(swaying)
    assert len(app.table) == 1
    app.switch_page("pages/train.py").run()
    app.switch_page("pages/review.py").run()
    assert not app.toggle(key="review_blind").value  # remembered for the session
    assert opened().toggle(key="review_blind").value
    blind = opened(cell=cell.id[:16])
    press(blind, "accepted")
    blind.query_params["review_cell"] = cell.id[:16]
    blind.run()
    assert [one for one in swaying if one in said(blind)] == list(swaying)


def test_who_reads_blind_may_agree_with_the_category(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    cell = by_id(queue, at(app))
    app.selectbox[-1].set_value(cell.category).run()
    press(app, "accepted")
    (decision,) = reviews.decisions()
    assert decision.category == ""  # which is kept where it differs


def test_digits_choose_the_reason_and_take_it_back(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    canvases.press(app, "3")
    canvases.press(app, "3")
    press(app, "rejected")
    assert "choose a reason" in told(app)[0]
    canvases.press(app, "2")
    press(app, "rejected")
    assert [one.reason for one in reviews.decisions()] == ["overlapping"]


def test_all_decided_it_still_shows_them(queue: SplitQueue) -> None:
    app = opened()
    for _ in range(6):
        reject(app, "not a cell")
    assert "6 of 6 decided, 6 by you" in counted(app)
    assert len(press(app, "Next").get("bidi_component")) > 0


def test_the_address_of_predictions_that_are_gone_leads_to_others(space: Path) -> None:
    app = opened(predictions="gone · threshold")
    assert "names are missing" in app.toast[0].value
    assert address(app, "predictions") == "phantoms · threshold"


# To decide


def test_to_accept_keeps_the_models_outlines_and_goes_on(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    cell = by_id(queue, at(app))
    press(app, "accepted")
    assert "Saved" in said(app)
    assert at(app) == ids(queue, UNCERTAIN)[1]
    (decision,) = reviews.decisions()
    assert (decision.cell, decision.reviewer, decision.verdict) == (cell.id, "Ada", "accepted")
    assert decision.before == decision.after == cell.before
    assert decision.checkpoint == cell.checkpoint == queue.checkpoint
    kept = reviews.cell(cell.id)
    assert np.array_equal(kept.picture, cell.picture)
    assert np.array_equal(kept.label, cell.label)
    assert (kept.group, kept.side, kept.dataset, kept.place) == (
        cell.group,
        "test",
        queue.dataset,
        cell.place,
    )


def test_a_correction_is_kept_as_drawn_and_found_again(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    cell = by_id(queue, at(app))
    draw(app, moved(NUCLEUS, 20, -10))
    press(app, "corrected")
    assert at(app) != cell.id[:16]
    (decision,) = reviews.decisions()
    assert (decision.verdict, decision.before) == ("corrected", cell.before)
    away = middle(decision.after) - middle(cell.before)
    assert away == pytest.approx([20 / FIT, -10 / FIT], abs=0.1)
    again = opened(cell=cell.id[:16])
    shown = canvas_of(again)["initialDrawing"]["objects"][NUCLEUS]
    assert [shown["left"] / FIT, shown["top"] / FIT] == pytest.approx(middle_shown(decision.after), abs=0.01)
    assert "Decided 1 time" in said(again)
    press(again, "accepted")
    assert "not the model's any more" in told(again)[0]
    assert len(reviews.decisions()) == 1


@pytest.mark.parametrize(("key", "verdict"), [("accepted", "Accept"), ("corrected", "Save correction")])
def test_the_button_that_fits_the_drawing_stands_out(space: Path, key: str, verdict: str) -> None:
    app = opened()
    if key == "corrected":
        draw(app, moved(NUCLEUS, 20, 0))
    (primary,) = [one for one in app.button if one.proto.type == "primary"]
    assert (primary.label, primary.key) == (verdict, f"review_{key}")


def test_what_does_not_fit_the_drawing_is_refused(space: Path, reviews: Reviews) -> None:
    app = opened()
    press(app, "corrected")
    assert "still the model's" in told(app)[0]
    draw(app, moved(NUCLEUS, 20, 0))
    assert not app.warning  # it is not so any more
    press(app, "accepted")
    assert "not the model's any more" in told(app)[0]
    press(app, "rejected")
    assert "choose a reason" in told(app)[0]
    draw(app, lambda shapes: shapes[:NUCLEUS])
    press(app, "corrected")
    assert "no outline of the nucleus" in told(app)[0]
    press(app, "reset")
    assert not app.warning
    assert not reviews.decisions()


def test_to_reject_takes_a_reason_and_keeps_what_was_said(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    cell = by_id(queue, at(app))
    other = next(one for one in ("Parabasal", "Dyskeratotic") if one != cell.category)
    app.selectbox[-1].set_value(other)
    app.text_input[-1].set_value("folded at its edge").run()
    reject(app, "overlapping")
    (decision,) = reviews.decisions()
    assert (decision.verdict, decision.reason) == ("rejected", "overlapping")
    assert (decision.category, decision.remark) == (other, "folded at its edge")
    press(app, "accepted")
    later = reviews.decisions()[-1]
    assert (later.reason, later.category, later.remark) == ("", "", "")


def test_what_was_drawn_and_said_outlasts_a_look_at_other_cells(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    cell = by_id(queue, at(app))
    draw(app, moved(NUCLEUS, 20, -10))
    app.text_input[-1].set_value("see again").run()
    press(app, "Next")
    assert app.text_input[-1].value in ("", None)
    app.switch_page("pages/train.py").run()
    app.switch_page("pages/review.py")
    app.query_params["review_cell"] = cell.id[:16]
    app.run()
    assert app.text_input[-1].value == "see again"
    press(app, "corrected")
    (decision,) = reviews.decisions()
    assert decision.cell == cell.id
    assert decision.remark == "see again"
    assert decision.after != cell.before


def test_figures_tell_what_the_drawing_changes(queue: SplitQueue) -> None:
    app = see(opened())
    cell = by_id(queue, at(app))
    before = areas(cell.before, (256, 256))
    assert app.table[0].value["Model"].tolist() == app.table[0].value["Yours"].tolist()
    assert len(app.table) == 1  # outlines are not scored against themselves
    wide = canvas_of(app)["initialDrawing"]["objects"][NUCLEUS]
    draw(app, lambda shapes: [shapes[0], wide | {"scaleX": 0.5}])
    table = app.table[0].value
    assert table.loc["Nucleus area", "Model"] == f"{before['nucleus_area']:,} px"
    after = int(table.loc["Nucleus area", "Yours"].removesuffix(" px").replace(",", ""))
    assert after == pytest.approx(before["nucleus_area"] / 2, rel=0.1)
    assert float(table.loc["N/C ratio", "Yours"]) < 0.6 * before["nc_ratio"]
    metrics = app.table[1].value
    assert float(metrics.loc["Jaccard index", "Nucleus"].rstrip("%")) == pytest.approx(50, abs=5)
    assert float(metrics.loc["Sensitivity", "Nucleus"].rstrip("%")) >= 99


def test_the_name_of_a_file_is_kept_where_it_is_asked_for(queue: SplitQueue, reviews: Reviews) -> None:
    app = opened()
    first = by_id(queue, at(app))
    press(app, "accepted")
    second = by_id(queue, at(app))
    app.checkbox[0].check().run()
    press(app, "accepted")
    assert app.checkbox[0].value
    names = {one.id: one.name for one in reviews.cells().values()}
    assert names[first.id] == first.name
    assert names[second.id] in [entry.name for entry in queue.entries]
    assert names[second.id] != second.name


# The page as a whole


def test_every_control_explains_itself(space: Path) -> None:
    app = opened()
    controls = [*app.get("segmented_control"), *app.selectbox, *app.multiselect, *app.toggle, *app.checkbox]
    controls += [*app.get("pills"), *(one for one in app.button if one.label)]
    controls += [one for one in app.text_input]
    assert len(controls) > 20
    assert not [one.label for one in controls if not one.proto.help]


def test_the_next_cell_is_there_in_under_half_a_second(space: Path) -> None:
    app = opened()
    press(app, "Next")
    times = []
    for _ in range(4):
        begun = time.perf_counter()
        press(app, "Next")
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.5
