"""The steps of the schema lead where the tables of the program are, and lose nothing on the way."""

import shutil
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from pap_core.errors import InputError
from pap_core.reviews import migrations
from pap_core.reviews.schema import Base
from pap_core.reviews.store import Reviews, sqlite_engine
from tests.helpers.reviews.drawn_reviews import decided, drawn_cell

NEXT_STEP = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

def upgrade() -> None:
    op.add_column("decisions", sa.Column("seconds", sa.Float))
"""
FAULTY_STEP = f"""{NEXT_STEP}
    op.execute("SELECT no_such_function()")
"""


def step_on(patch: pytest.MonkeyPatch, folder: Path, step: str) -> None:
    """Have a program that knows a step more."""
    shutil.copytree(migrations.STEPS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_seconds.py").write_text(step)
    patch.setattr(migrations, "STEPS", folder)


def test_the_steps_lead_to_the_tables_of_the_program(reviews):
    with reviews.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": migrations._TABLE})
        assert compare_metadata(context, Base.metadata) == []


def test_an_older_database_is_taken_along_with_its_rows(reviews, url, tmp_path, monkeypatch):
    cell = drawn_cell(1)
    saved = reviews.save(cell, decided(cell), None).decision
    step_on(monkeypatch, tmp_path / "steps", NEXT_STEP)
    newer = Reviews(create_engine(url))
    for _ in range(2):
        newer.prepare()
        assert newer.decisions() == [saved]
        assert (newer.picture(newer.cells()[cell.id].picture) == cell.picture).all()
        with newer.engine.connect() as connection:
            assert connection.exec_driver_sql("SELECT seconds FROM decisions").all() == [(None,)]
    newer.engine.dispose()

    # and now by a program that does not know that step
    monkeypatch.undo()
    with pytest.raises(
        InputError, match=r"newer form 0002, expected at most 0001; update this program\.$"
    ) as error:
        reviews.prepare()
    assert "\n" not in str(error.value)


def test_a_step_that_fails_leaves_all_as_it_was(reviews, url, tmp_path, monkeypatch):
    cell = drawn_cell(1)
    saved = reviews.save(cell, decided(cell), None).decision
    with monkeypatch.context() as patch:
        step_on(patch, tmp_path / "steps", FAULTY_STEP)
        newer = Reviews(create_engine(url))
        with pytest.raises(InputError, match=r"the reviews' database cannot be set up \(.*no_such_function"):
            newer.prepare()
        newer.engine.dispose()
    reviews.prepare()
    assert reviews.decisions() == [saved]


def test_the_steps_are_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    reviews = Reviews(sqlite_engine(Path("kept") / "reviews.db"))
    reviews.prepare()
    assert reviews.usable() == 0
    assert (tmp_path / "kept" / "reviews.db").exists()
    reviews.engine.dispose()


def test_what_is_no_database_of_reviews_is_left_alone(tmp_path):
    for content in (b"id,verdict\n1,accepted\n" * 99, b"x" * 5000):
        file = tmp_path / "reviews.db"
        file.write_bytes(content)
        with pytest.raises(InputError, match=r"reviews\.db: .* \(the file is no SQLite database\); put back"):
            Reviews(sqlite_engine(file)).prepare()
        assert file.read_bytes() == content


def test_tables_of_others_are_not_taken_over(engine):
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE cells (battery TEXT)")
    with pytest.raises(InputError, match=r"cannot be set up \(.*cells.* already exists"):
        Reviews(engine).prepare()
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT * FROM cells").all() == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "reviews in memory would be forgotten"),
        (
            "postgresql+psycopg://ada:secret@127.0.0.1:1/clinic",
            r"127.0.0.1:1/clinic: .* refused\); see to the server",
        ),
    ],
)
def test_where_reviews_cannot_be_kept_is_told(url, said):
    with pytest.raises(InputError, match=said) as error:
        Reviews(create_engine(url)).prepare()
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)
