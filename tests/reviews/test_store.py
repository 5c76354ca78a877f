"""What is decided is kept: all of it, exactly, for good, on SQLite and on PostgreSQL alike."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine, insert, text
from sqlalchemy.exc import DBAPIError

from pap_core.errors import InputError
from pap_core.outlines import Outlines
from pap_core.reviews import store
from pap_core.reviews.records import Place, ReviewCell
from pap_core.reviews.schema import Picture
from pap_core.reviews.store import Reviews
from tests.helpers.reviews.drawn_reviews import SIDE, circle, decided, drawn_cell, outlines

EVERYWHERE = outlines(radius=np.pi * 10, x=40 + 1 / 3)  # numbers that no decimal writes out


def rows(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def assert_same(one: ReviewCell, other: ReviewCell) -> None:
    assert (one.picture == other.picture).all()
    assert (one.label == other.label).all()
    alike = {"picture": None, "label": None}
    assert replace(one, **alike) == replace(other, **alike)


def test_what_was_saved_comes_back_the_same(reviews, url):
    cell = drawn_cell(1, name="café “1”.png", before=EVERYWHERE, place=Place(1 / 3, -7.25, 1.7))
    decision = decided(
        cell,
        "Ada Löwenthal",
        "corrected",
        after=outlines(20 + 1 / 7),
        category="Metaplastic",
        remark="nucleus\nwas ½ as large 🔬",
    )
    before = datetime.now(UTC)
    saved = reviews.save(cell, decision, None)
    assert saved.since == []
    assert saved.decision == replace(decision, number=saved.decision.number, time=saved.decision.time)
    assert saved.decision.time.utcoffset() == timedelta(0)
    assert before <= saved.decision.time <= datetime.now(UTC)

    other = Reviews(create_engine(url))  # as another process would see it
    assert other.decisions() == other.history(cell.id) == [saved.decision]
    assert other.latest() == {cell.id: saved.decision}
    assert all(
        (a == b).all() for a, b in zip(other.latest()[cell.id].before.cell, EVERYWHERE.cell, strict=True)
    )
    assert_same(other.cell(cell.id), cell)
    stored = other.cells()[cell.id]
    assert (stored.width, stored.height, stored.group, stored.place) == (SIDE, SIDE, "smear 1", cell.place)
    assert stored.before == EVERYWHERE
    assert (other.picture(stored.picture) == cell.picture).all()
    assert (other.label(cell.id) == cell.label).all()
    other.engine.dispose()


def test_the_latest_counts_and_all_are_shown(reviews):
    cell, other = drawn_cell(1), drawn_cell(2)
    first = reviews.save(cell, decided(cell), None).decision
    reviews.save(other, decided(other), None)
    second = reviews.save(cell, decided(cell, "Bo", "rejected", reason="overlapping"), first.number).decision
    assert reviews.history(cell.id) == [first, second]
    assert first.number < second.number
    assert first.time <= second.time
    assert [one.cell for one in reviews.decisions()] == [cell.id, other.id, cell.id]
    assert reviews.latest()[cell.id] == second
    assert set(reviews.latest([cell.id])) == set(reviews.cells([cell.id])) == {cell.id}
    assert reviews.latest([]) == reviews.cells([]) == reviews.reviewers([]) == {}
    assert reviews.latest(["0"]) == {}
    assert reviews.history("0") == []
    assert reviews.reviewers() == {cell.id: {"Ada", "Bo"}, other.id: {"Ada"}}
    assert reviews.reviewers([other.id]) == {other.id: {"Ada"}}
    assert reviews.usable() == 1
    # more cells than a statement takes are asked for all at once
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "_MOST", 1)
        many = [cell.id, "0", "1"]
        assert (
            set(reviews.latest(many)) == set(reviews.cells(many)) == set(reviews.reviewers(many)) == {cell.id}
        )


def test_a_picture_is_kept_once(reviews, engine):
    cell = drawn_cell(1)
    neighbour = replace(cell, id="a" * 64, before=outlines(10))
    for one in (cell, neighbour, cell):
        reviews.save(one, decided(one), None)
    assert (rows(engine, "pictures"), rows(engine, "cells"), rows(engine, "decisions")) == (1, 2, 3)
    turned = replace(cell, id="b" * 64, picture=np.ascontiguousarray(cell.picture.swapaxes(0, 1)))
    reviews.save(turned, decided(turned), None)
    assert rows(engine, "pictures") == 2


def test_saving_again_after_a_doubt_is_one_decision(reviews, engine):
    cell = drawn_cell(1)
    decision = decided(cell)
    first = reviews.save(cell, decision, None)
    reviews.save(cell, decided(cell, "Bo"), first.decision.number)
    again = reviews.save(cell, decision, None)
    assert again.decision == first.decision
    assert [one.reviewer for one in again.since] == ["Bo"]
    assert rows(engine, "decisions") == 2
    for changed in (replace(decision, remark="or not"), replace(decision, after=outlines(12))):
        with pytest.raises(InputError, match="saved before with another content; save the change as"):
            reviews.save(cell, changed, None)
    assert rows(engine, "decisions") == 2


def test_the_second_of_two_reviewers_is_told(reviews):
    cell, elsewhere = drawn_cell(1), drawn_cell(2)
    first = reviews.save(cell, decided(cell, "Ada"), None).decision
    reviews.save(elsewhere, decided(elsewhere, "Cy"), None)
    told = reviews.save(cell, decided(cell, "Bo", "corrected", after=outlines(25)), None)
    assert told.since == [first]
    # Ada saw neither that of Bo nor is she told of her own
    again = reviews.save(cell, decided(cell, "Ada"), first.number)
    assert again.since == [told.decision]
    assert reviews.save(cell, decided(cell, "Bo"), again.decision.number).since == []
    assert len(reviews.history(cell.id)) == 4


def test_a_cell_predicted_anew_is_a_version_of_it(reviews, engine):
    cell = drawn_cell(1)
    anew = replace(cell, before=outlines(12), checkpoint="beef", side="test", label=cell.label * 0)
    reviews.save(cell, decided(cell), None)
    reviews.save(anew, decided(anew, "Bo"), None)
    assert_same(reviews.cell(cell.id), anew)
    assert reviews.cells()[cell.id].side == "test"
    assert not reviews.label(cell.id).any()
    reviews.save(cell, decided(cell, "Cy"), None)
    assert_same(reviews.cell(cell.id), cell)
    assert (rows(engine, "cells"), rows(engine, "pictures")) == (2, 1)
    # its outlines would lie elsewhere
    for elsewhere in (replace(cell, place=Place(11, 20.5, 0.5)), drawn_cell(2, id=cell.id)):
        with pytest.raises(InputError, match="reviewed before in another picture"):
            reviews.save(elsewhere, decided(elsewhere), None)
    assert (rows(engine, "cells"), rows(engine, "pictures"), rows(engine, "decisions")) == (2, 1, 3)


def test_the_digest_tells_what_would_be_exported(reviews):
    cell, other = drawn_cell(1), drawn_cell(2)
    found = [reviews.digest()]

    def digest_after(one, **changed) -> str:
        reviews.save(one, decided(one, **changed), None)
        found.append(reviews.digest())
        return found[-1]

    steps = [
        (cell, {}),
        (other, {}),
        (other, {"verdict": "corrected", "after": outlines(20)}),
        (other, {"category": "Dyskeratotic"}),
        (other, {"verdict": "rejected", "reason": "other"}),
        (other, {"verdict": "rejected", "reason": "not a cell"}),
        (replace(cell, group="smear 9"), {}),
        (replace(cell, label=cell.label * 0), {}),
    ]
    for one, changed in steps:
        assert digest_after(one, **changed) not in found[:-1]
    now = found[-1]
    same = replace(cell, label=cell.label * 0)
    assert digest_after(same, reviewer="Bo", remark="I think so, too") == now
    assert digest_after(other, verdict="rejected", reason="not a cell", after=outlines(9)) == now


@pytest.mark.parametrize("table", ["pictures", "cells", "decisions"])
def test_the_database_itself_refuses_changes(reviews, engine, table):
    cell = drawn_cell(1)
    saved = reviews.save(cell, decided(cell), None).decision
    column = "number" if table == "decisions" else "digest"
    changes = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if engine.dialect.name == "sqlite":
        changes.append(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        changes.append(f"TRUNCATE {table} CASCADE")
    for change in changes:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":  # else the refusal may be that of a reference
                connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            with pytest.raises(DBAPIError, match="is append-only"):
                connection.exec_driver_sql(change)
    assert reviews.decisions() == [saved]
    assert_same(reviews.cell(cell.id), cell)


LOST = (circle(900, 900, 5),)


REFUSED = [
    ({"verdict": "perhaps"}, "verdict is 'perhaps'; choose one of accepted, corrected, rejected"),
    ({"verdict": "rejected"}, "reason is ''; choose one of not a cell"),
    ({"reason": "other"}, "reason is given for a cell that is accepted"),
    ({"reviewer": " "}, "reviewer has no name"),
    ({"reviewer": "A" * 201}, "reviewer has 201 characters, expected up to 200"),
    ({"remark": "!" * 2001}, "remark has 2001 characters, expected up to 2000"),
    ({"remark": "\0"}, "remark holds signs that are no text"),
    ({"category": "\udcff"}, "category holds signs that are no text"),
    ({"after": Outlines((), ())}, "accepted without an outline on the picture"),
    ({"after": Outlines((circle(-30, 30, 9),), ())}, "accepted without an outline on the picture"),
    ({"after": Outlines(outlines().cell, LOST)}, "far outside the picture of 96 × 96 pixels"),
    ({"after": Outlines((np.full((4, 2), np.nan),), ())}, "no ring of at least three finite points"),
    ({"after": Outlines((np.ones((20_001, 2)),), ())}, "have 20001 vertices, expected up to 20000"),
]


def test_what_says_nothing_or_too_much_is_refused(reviews, engine):
    cell = drawn_cell(1)
    for changed, said in REFUSED:
        with pytest.raises(InputError, match=said):
            reviews.save(cell, decided(cell, **changed), None)
    assert {rows(engine, table) for table in ("pictures", "cells", "decisions")} == {0}


def test_what_is_just_allowed_is_kept(reviews):
    empty = drawn_cell(1, before=Outlines((), ()))  # the model found nothing
    reviews.save(empty, decided(empty, "B", "rejected", reason="not a cell", remark="x" * 2000), None)
    leaning = outlines(x=-10)
    reviews.save(empty, decided(empty, "A" * 200, "corrected", after=leaning), None)
    assert reviews.latest()[empty.id].after == leaning
    assert reviews.latest()[empty.id].before == Outlines((), ())


def test_what_is_not_there_is_told(reviews):
    for ask in (reviews.cell, reviews.label, reviews.picture):
        with pytest.raises(InputError, match=r"holds no (cell|picture) 123; choose"):
            ask("123")


def test_a_picture_that_is_none_is_told(reviews):
    with reviews.engine.begin() as connection:
        connection.execute(insert(Picture).values(digest="a" * 64, width=9, height=9, png=b"no picture"))
    with pytest.raises(InputError, match=r"database is damaged \(cannot identify image file"):
        reviews.picture("a" * 64)


def test_kept_outlines_are_like_any_others(reviews):
    cell = drawn_cell(1)
    kept = reviews.save(cell, decided(cell), None).decision.after
    moved = replace(kept, nucleus=outlines(12).nucleus)
    assert moved == Outlines(cell.before.cell, outlines(12).nucleus)
    assert kept == cell.before
    assert (kept.label((SIDE, SIDE)) == cell.label).all()


def test_any_sqlite_engine_is_set_up_and_only_once(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'reviews.db'}")
    for _ in range(2):
        reviews = Reviews(engine)
        assert not list(tmp_path.glob("*")) or reviews.usable() == 0
        reviews.prepare()
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
    engine.dispose()


def test_decisions_of_a_cell_are_looked_up_by_index(tmp_path):
    reviews = Reviews(store.sqlite_engine(tmp_path / "reviews.db"))
    reviews.prepare()
    of_one = store._ordered(store.DecisionRow.cell == "a")
    newest = store._ordered(store.DecisionRow.number.in_(store._newest({"a", "b"})))
    with reviews.engine.connect() as connection:
        for asked in (of_one, newest):
            compiled = asked.compile(reviews.engine, compile_kwargs={"literal_binds": True})
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
            assert any("ix_decisions_cell_number" in step for step in plan)
            assert not any(step.startswith("SCAN") for step in plan)
