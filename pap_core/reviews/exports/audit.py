"""The audit log: every decision in order as JSON Lines, each line holding the sha256 of the one before.

So no line can be changed, taken out, put in or moved without the lines after it giving that away, and the
last line says how many there are. Who writes the whole log anew can forge it all: to be sure of a log, keep
the sha256 of its last line elsewhere and hand it to `verify`.
"""

import hashlib
import json
from collections.abc import Iterator
from typing import NotRequired, TypedDict

from pap_core.errors import InputError
from pap_core.files import Count, parse_as_written
from pap_core.reviews.store import Reviews

_FIRST = "0" * 64  # what the first line names as the one before


class Entry(TypedDict):
    """A line of the log: a decision, or the last one, which counts them."""

    previous: str
    decisions: NotRequired[Count]


def audit_log(reviews: Reviews) -> bytes:
    """Return the log of all decisions, oldest first."""
    return b"".join(_lines(reviews))


def last_digest(log: bytes) -> str:
    """Return the sha256 of a log's last line: who knows it can tell any change of the log."""
    return hashlib.sha256(log.splitlines()[-1]).hexdigest()


def verify(log: bytes, name: str, last: str | None = None) -> int:
    """See that a log is as it was written.

    Args:
        log: content of the file.
        name: what to call it in a message.
        last: sha256 of its last line, where that is known.

    Returns:
        The number of decisions in it.

    Raises:
        InputError: a line was changed, added, taken out or moved, or the log was cut short.
    """
    advice = "expected an audit log as it was written; get it anew from the database"
    lines = log.split(b"\n")
    if lines.pop() != b"":
        raise InputError(f"{name}: its last line is cut short, {advice}.")
    before = _FIRST
    for number, line in enumerate(lines, start=1):
        try:
            entry = parse_as_written(line, Entry, advice, f"{name}: line {number}")
            told, canonical = entry["previous"], _line(entry)
        except (ValueError, RecursionError):
            raise InputError(f"{name}: line {number} is no entry of a log, {advice}.") from None
        if told != before or canonical != line + b"\n":
            raise InputError(f"{name}: line {number} or the one before it was changed, {advice}.")
        if ("decisions" in entry) != (number == len(lines)):
            raise InputError(f"{name}: line {number} is not where the log ended, {advice}.")
        before = hashlib.sha256(line).hexdigest()
    if not lines or entry["decisions"] != len(lines) - 1:
        raise InputError(f"{name}: not all decisions are in it, {advice}.")
    if last is not None and before != last.strip().lower():
        raise InputError(f"{name}: its last line has the sha256 {before}, not the one given; {advice}.")
    return len(lines) - 1


def _lines(reviews: Reviews) -> Iterator[bytes]:
    cells, decisions = reviews.cells(), reviews.decisions()
    before = _FIRST
    for one in decisions:
        cell = cells[one.cell]
        line = _line(
            {
                **{"previous": before, "number": one.number, "time": one.saved.isoformat(), "key": one.key},
                **{
                    name: getattr(one, name)
                    for name in ("reviewer", "verdict", "reason", "category", "remark")
                },
                **{"cell": one.cell, "picture": cell.picture, "name": cell.name, "group": cell.group},
                "checkpoint": one.checkpoint,
                "before": json.loads(one.before.to_json()),
                "after": json.loads(one.after.to_json()),
            }
        )
        yield line
        before = hashlib.sha256(line.rstrip(b"\n")).hexdigest()
    yield _line({"previous": before, "decisions": len(decisions)})


def _line(entry: dict) -> bytes:
    return json.dumps(entry, sort_keys=True, separators=(",", ":"), allow_nan=False).encode() + b"\n"
