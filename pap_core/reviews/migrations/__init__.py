"""The schema's history: a file in ``versions`` for each step, and what takes a database up to the newest.

A step to come is another file there, after the one before it; a test compares where the steps lead with
`pap_core.reviews.schema`. There are no steps back: nothing that was kept is given up.
"""

import threading
from pathlib import Path

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from pap_core.errors import InputError

STEPS = Path(__file__).parent
_TABLE = "reviews_version"  # a database may hold more than reviews, with migrations of its own
_one_at_a_time = threading.Lock()  # alembic keeps what it works on in global variables


def is_newest(connection: Connection) -> bool:
    """Whether a database has the newest schema.

    Raises:
        InputError: it was written by a newer version of this program.
    """
    return _revision(connection) == _script().get_current_head()


def upgrade(connection: Connection) -> None:
    """Take a database to the newest schema within the connection's transaction: wholly or not at all.

    Raises:
        InputError: it was written by a newer version of this program.
    """
    with _one_at_a_time:
        script = _script()
        if _revision(connection) == script.get_current_head():
            return
        with EnvironmentContext(
            Config(), script, fn=lambda revision, context: script._upgrade_revs("head", revision)
        ) as environment:
            environment.configure(connection=connection, version_table=_TABLE)
            environment.run_migrations()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(STEPS))


def _revision(connection: Connection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": _TABLE})
    found = context.get_current_revision()
    script = _script()
    if found is not None and found not in {step.revision for step in script.walk_revisions()}:
        raise InputError(
            f"{connection.engine.url.render_as_string(hide_password=True)}: holds reviews in the newer form "
            f"{found}, expected at most {script.get_current_head()}; update this program."
        )
    return found
