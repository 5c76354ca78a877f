"""The reviews' database: decisions are added, never changed, and are on disk when `Reviews.save` returns.

SQLite in a file or PostgreSQL, whatever the engine leads to. See `pap_core.reviews.connection` for what is
asked of either, and `pap_core.reviews.schema` for the tables.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, insert, select, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from pap_core.errors import InputError
from pap_core.reviews import migrations
from pap_core.reviews.checks import check
from pap_core.reviews.connection import WRITING, make_room, place, set_up, sqlite_engine, still_there, told
from pap_core.reviews.records import REJECTED, Decision, ReviewCell
from pap_core.reviews.rows import (
    DECISION,
    STORED,
    StoredCell,
    decision_of,
    decision_row,
    picture_row,
    pixels_of,
    stored_of,
    version_row,
)
from pap_core.reviews.schema import CellVersion, DecisionRow, Picture

__all__ = ["Reviews", "Saved", "StoredCell", "sqlite_engine"]

_MOST = 10_000  # ids in one statement; SQLite takes three times as many
_Found = TypeVar("_Found")


@dataclass(frozen=True)
class Saved:
    """A decision as it was kept, and what others decided of the cell that its reviewer had not seen."""

    decision: Decision  # with its number and time
    since: list[Decision]


class Reviews:
    """Everything that was decided, by everyone; made anew at will, it opens nothing until it is asked.

    Every method raises InputError, one sentence, where the database is locked, out of reach or gone.
    """

    def __init__(self, engine: Engine):
        self.engine = engine
        set_up(engine)

    def prepare(self) -> None:
        """Make the tables, or take those of an older version of this program to the newest form.

        Safe when many do it at once.

        Raises:
            InputError: the database cannot be reached or made, or a newer version wrote it.
        """
        make_room(self.engine)
        what = "the reviews' database cannot be set up"
        if not self._run(migrations.is_newest, what):
            self._run(migrations.upgrade, what, writing=True)

    def save(self, cell: ReviewCell, decision: Decision, seen: int | None) -> Saved:
        """Keep a decision; it is on disk, with all that belongs to it, when this returns.

        Args:
            cell: that was shown.
            decision: what was decided; the same `key` again is the same row again.
            seen: the number of the latest decision of this cell that the reviewer had been shown.

        Raises:
            InputError: the decision says too little or too much, its key or the cell's id was used for
                something else, or the database is full, locked, out of reach or gone. Saving the very same
                decision again is right whatever came of it.
        """
        check(cell, decision)
        picture = picture_row(cell)
        version = version_row(cell, picture["digest"])
        row = decision_row(decision, version["digest"])

        def write(connection: Connection) -> Saved:
            kept = _same_key(connection, row)
            if kept is None:
                _same_window(connection, version)
                _insert_new(connection, Picture, picture)
                _insert_new(connection, CellVersion, version)
                inserted = insert(DecisionRow).values(row | {"time": datetime.now(UTC)}).returning(*DECISION)
                kept = decision_of(connection.execute(inserted).one())
            others = (
                DecisionRow.cell == cell.id,
                DecisionRow.number > (seen or 0),
                DecisionRow.reviewer != decision.reviewer,
            )
            return Saved(kept, _decisions(connection.execute(_ordered(*others)).all()))

        return self._run(write, "the decision is not saved", writing=True)

    def latest(self, cells: Iterable[str] | None = None) -> dict[str, Decision]:
        """Return the latest decision of each cell, by its id; of these cells, or of all."""
        wanted = None if cells is None else set(cells)
        found = _decisions(self._read(_ordered(DecisionRow.number.in_(_newest(wanted)))))
        return _only(wanted, {one.cell: one for one in found})

    def history(self, cell: str) -> list[Decision]:
        """Return all decisions of a cell, oldest first."""
        return _decisions(self._read(_ordered(DecisionRow.cell == cell)))

    def decisions(self) -> list[Decision]:
        """Return all decisions, oldest first."""
        return _decisions(self._read(_ordered()))

    def cells(self, ids: Iterable[str] | None = None) -> dict[str, StoredCell]:
        """Return what is known of each cell, by its id, as it was shown for its latest decision."""
        wanted = None if ids is None else set(ids)
        return _only(wanted, {one.id: one for one in map(stored_of, self._read(_shown(wanted, *STORED)))})

    def reviewers(self, cells: Iterable[str] | None = None) -> dict[str, set[str]]:
        """Return who has decided on each cell, by its id; of these cells, or of all that were decided."""
        wanted = None if cells is None else set(cells)
        pairs = select(DecisionRow.cell, DecisionRow.reviewer).distinct()
        found: dict[str, set[str]] = {}
        for cell, reviewer in self._read(pairs.where(_named(wanted))):
            found.setdefault(cell, set()).add(reviewer)
        return _only(wanted, found)

    def picture(self, digest: str) -> np.ndarray:
        """Return the ``(H, W, 3)`` uint8 pixels of a picture; raises InputError where there is none."""
        return pixels_of(self.picture_png(digest))

    def picture_png(self, digest: str) -> bytes:
        """Return a picture as it is kept; raises InputError where there is none of that digest."""
        return self._one(select(Picture.png).where(Picture.digest == digest), f"picture {digest}")[0]

    def label(self, cell: str) -> np.ndarray:
        """Return the ``(H, W)`` uint8 label map that was predicted, as shown for a cell's latest decision.

        Raises:
            InputError: there is no cell of that id.
        """
        return pixels_of(self.label_png(cell))

    def label_png(self, cell: str) -> bytes:
        """Return what `label` does, as it is kept."""
        return self._one(_shown({cell}, CellVersion.label), f"cell {cell}")[0]

    def cell(self, identifier: str) -> ReviewCell:
        """Return a cell as it was shown for its latest decision.

        Raises:
            InputError: there is no cell of that id.
        """
        columns = (*STORED, Picture.png, CellVersion.label)
        *row, png, label = self._one(_shown({identifier}, *columns), f"cell {identifier}")
        kept = stored_of(row)
        same = {one.name: getattr(kept, one.name) for one in fields(ReviewCell) if hasattr(kept, one.name)}
        return ReviewCell(**same | {"picture": pixels_of(png), "label": pixels_of(label)})

    def digest(self) -> str:
        """Return a sha256 that changes when, and only when, what would be exported does.

        That is each cell as its latest decision has it, whoever took that and when.
        """
        newest = DecisionRow.number.in_(_newest(None))
        found = sorted(digest for (digest,) in self._read(select(DecisionRow.digest).where(newest)))
        return hashlib.sha256("".join(found).encode()).hexdigest()

    def usable(self) -> int:
        """Return how many cells' latest decision is accepted or corrected."""
        newest = DecisionRow.number.in_(_newest(None))
        count = select(func.count()).select_from(DecisionRow).where(newest, DecisionRow.verdict != REJECTED)
        return self._read(count)[0][0]

    def _read(self, statement: Select) -> Sequence[Row]:
        return self._run(lambda connection: connection.execute(statement).all(), "the reviews cannot be read")

    def _one(self, statement: Select, name: str) -> Row:
        found = self._read(statement)
        if not found:
            raise InputError(f"{place(self.engine)}: holds no {name}; choose one that was reviewed.")
        return found[0]

    def _run(self, work: Callable[[Connection], _Found], what: str, writing: bool = False) -> _Found:
        """Do something in a transaction of its own; `what` is what did not come about if it fails."""
        try:
            try:
                return self._once(work, what, writing)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            # a connection of the pool whose server went and came back says so once; whatever is done here
            # may be done twice
            return self._once(work, what, writing)
        except (DBAPIError, PoolTimeout) as error:
            raise told(error, self.engine, what) from error
        except InputError:
            raise
        except (ValueError, TypeError) as error:  # a moment that is none, as another program wrote it
            raise InputError(
                f"{place(self.engine)}: {what} (a row is damaged: {error}); put back a copy of the database."
            ) from error

    def _once(self, work: Callable[[Connection], _Found], what: str, writing: bool) -> _Found:
        with self.engine.connect() as connection:
            connection = connection.execution_options(**{WRITING: writing})
            with connection.begin():
                found = work(connection)
            if writing:
                still_there(self.engine, connection, what)
            return found


def _ordered(*conditions) -> Select:
    return select(*DECISION).where(*conditions).order_by(DecisionRow.number)


def _named(cells: set[str] | None) -> ColumnElement[bool]:
    """Have only rows of these cells; of too many to be named, or None, all: see `_only`."""
    return true() if cells is None or len(cells) > _MOST else DecisionRow.cell.in_(cells)


def _only(wanted: set[str] | None, found: dict[str, _Found]) -> dict[str, _Found]:
    return found if wanted is None else {cell: value for cell, value in found.items() if cell in wanted}


def _newest(cells: set[str] | None) -> Select:
    """Select the number of each cell's latest decision."""
    return select(func.max(DecisionRow.number)).where(_named(cells)).group_by(DecisionRow.cell)


def _shown(cells: set[str] | None, *columns) -> Select:
    """Select columns of the latest decisions with the versions of the cells they were taken on."""
    joined = (
        select(*columns)
        .select_from(DecisionRow)
        .join(CellVersion, CellVersion.digest == DecisionRow.version)
        .join(Picture, Picture.digest == CellVersion.picture)
    )
    return joined.where(DecisionRow.number.in_(_newest(cells)))


def _decisions(rows: Iterable[Row]) -> list[Decision]:
    return [decision_of(row) for row in rows]


def _insert_new(connection: Connection, table: type[Picture] | type[CellVersion], row: dict) -> None:
    if connection.execute(select(table.digest).where(table.digest == row["digest"])).first() is None:
        connection.execute(insert(table).values(row))


def _same_key(connection: Connection, row: dict) -> Decision | None:
    """Return the decision that has the key already, having seen that it is this one."""
    columns = [getattr(DecisionRow, name) for name in row]
    found = connection.execute(select(*DECISION, *columns).where(DecisionRow.key == row["key"])).first()
    if found is None:
        return None
    if list(found[len(DECISION) :]) != list(row.values()):
        raise InputError(
            f"{place(connection.engine)}: this decision was saved before with another content; save the "
            "change as a decision of its own."
        )
    return decision_of(found[: len(DECISION)])


def _same_window(connection: Connection, version: dict) -> None:
    """See that a cell's outlines mean the same pixels in all its versions."""
    names = ("picture", "x0", "y0", "scale")
    columns = [getattr(CellVersion, name) for name in names]
    found = connection.execute(select(*columns).where(CellVersion.id == version["id"])).first()
    if found is not None and list(found) != [version[name] for name in names]:
        raise InputError(
            f"{place(connection.engine)}: cell {version['id'][:12]} was reviewed before in another picture, "
            "expected the same one; open it anew."
        )
