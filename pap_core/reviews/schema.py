"""The tables of the reviews' database, alike on SQLite and PostgreSQL.

Nothing is ever changed or removed: a cell that is predicted anew and a decision that is taken again are
further rows. Triggers in the database see to it, whoever is connected; see `pap_core.reviews.migrations`.
"""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, Double, ForeignKey, Index, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

DIGEST = 64  # characters of a sha256 in hex


class Instant(TypeDecorator[datetime]):
    """A moment with its time zone, UTC on the way out; SQLite, which keeps no zone, is given UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={  # so that both engines, and migrations to come, know them by the same name
            "pk": "pk_%(table_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )


class Picture(Base):
    """The pixels a cell was looked at in, once however many cells and decisions refer to them."""

    __tablename__ = "pictures"

    digest: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)  # of shape and pixels
    width: Mapped[int]
    height: Mapped[int]
    png: Mapped[bytes] = mapped_column(LargeBinary)


class CellVersion(Base):
    """A cell as it was shown to a reviewer; one predicted or sorted otherwise is a further version."""

    __tablename__ = "cells"

    digest: Mapped[str] = mapped_column(String(DIGEST), primary_key=True)  # of everything in the row
    id: Mapped[str] = mapped_column(String(DIGEST), index=True)
    picture: Mapped[str] = mapped_column(ForeignKey(Picture.digest))
    label: Mapped[bytes] = mapped_column(LargeBinary)  # PNG
    before: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    group: Mapped[str] = mapped_column(Text)
    side: Mapped[str] = mapped_column(Text)
    dataset: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    x0: Mapped[float] = mapped_column(Double)
    y0: Mapped[float] = mapped_column(Double)
    scale: Mapped[float] = mapped_column(Double)


class DecisionRow(Base):
    """What one reviewer decided of one cell."""

    __tablename__ = "decisions"
    __table_args__ = (Index(None, "cell", "number"), {"sqlite_autoincrement": True})

    number: Mapped[int] = mapped_column(primary_key=True)  # the order of saving
    key: Mapped[str] = mapped_column(String(DIGEST), unique=True)
    time: Mapped[datetime] = mapped_column(Instant)
    cell: Mapped[str] = mapped_column(String(DIGEST))  # its id
    version: Mapped[str] = mapped_column(ForeignKey(CellVersion.digest))  # the one that was shown
    digest: Mapped[str] = mapped_column(String(DIGEST))  # of what would be exported of it
    reviewer: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    remark: Mapped[str] = mapped_column(Text)
    checkpoint: Mapped[str] = mapped_column(Text)
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
