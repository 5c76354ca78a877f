"""The program's own files: written whole, named safely, read against a schema.

Whoever reads a file that the program wrote may find it torn, edited or of another version. So each such file
has a schema, any type that `msgspec.convert` takes (a dataclass, a `msgspec.Struct`, a `TypedDict`), and what
does not fit it is one sentence, an `InputError`.
"""

import csv
import io
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from pap_core.errors import InputError

T = TypeVar("T")

_LONGEST_NAME = 200  # signs, so that an ending fits into the 255 bytes of a file's name
_NAME = r"^(?!\.{1,2}\Z)[^/\\\x00-\x1f\x7f\ud800-\udfff]+\Z"
_LARGEST = 2**53  # of a count: what a float still tells from its neighbours

FileName = Annotated[str, msgspec.Meta(pattern=_NAME, min_length=1, max_length=_LONGEST_NAME)]
"""A text of a file that becomes a file's name: one part of a path, never a way out of its folder."""

PathText = Annotated[str, msgspec.Meta(pattern=r"^[^\x00]+\Z")]
"""A text of a file that names a folder or a file of this machine, wherever that is."""

Count = Annotated[int, msgspec.Meta(ge=0, le=_LARGEST)]
Number = Annotated[float, msgspec.Meta(ge=-1e300, le=1e300)]
"""A float that is a number, neither infinite nor NaN."""

Moment = Annotated[float, msgspec.Meta(ge=0, le=253_000_000_000)]
"""Seconds since the epoch, within the years that a calendar writes with four figures."""


class Damaged(InputError):
    """A file does not hold what it should; `reason` is what was found, for a sentence of one's own."""

    def __init__(self, name: str, reason: str, remedy: str, line: int | None = None):
        where = "" if line is None else f" at line {line}"
        super().__init__(f"{name}: damaged{where} ({reason}); {remedy}.")
        self.file = os.path.basename(name)
        self.reason = reason if line is None else f"line {line}: {reason}"

    def __reduce__(self):  # on its way out of a worker, where it is made anew of its `args`
        return InputError, self.args


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all: to a neighbour first, then by replace."""
    neighbour = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with open(neighbour, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(neighbour, path)
    except OSError:
        neighbour.unlink(missing_ok=True)
        raise


def read_json(path: Path, schema: type[T], remedy: str, name: str | None = None) -> T:
    """Read a JSON file that fits a schema.

    Args:
        path: of the file.
        schema: what it has to hold; see `msgspec.convert`.
        remedy: what to do about a damaged one, the end of the sentence.
        name: what to call the file in a message; the path unless given.

    Raises:
        FileNotFoundError: there is none, which each caller has a word of its own for.
        InputError: it cannot be read, is no JSON, or does not fit.
    """
    name = name or str(path)
    return parse_json(content_of(path, remedy, name), schema, remedy, name)


def read_as_written(path: Path, schema: type, remedy: str, name: str | None = None) -> Any:
    """Read a JSON file that fits a schema, and return it as it stands there.

    What the schema does not name, as a newer version may have added it, is left in. Args and errors are those
    of `read_json`.
    """
    name = name or str(path)
    return parse_as_written(content_of(path, remedy, name), schema, remedy, name)


def parse_json(content: bytes | str, schema: type[T], remedy: str, name: str) -> T:
    """Parse JSON that fits a schema; see `read_json`."""
    try:
        return msgspec.convert(json.loads(content), schema)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Damaged(name, reason(error), remedy) from None


def parse_as_written(content: bytes | str, schema: type, remedy: str, name: str) -> Any:
    """Parse JSON that fits a schema, and return it as it stands there; see `read_as_written`."""
    try:
        found = json.loads(content)
        msgspec.convert(found, schema)
        return found
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Damaged(name, reason(error), remedy) from None


def fitting(value: Any, schema: type[T], remedy: str, name: str) -> T:
    """Return a value that was read from a file as its schema has it; raises as `parse_json`."""
    try:
        return msgspec.convert(value, schema)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise Damaged(name, reason(error), remedy) from None


def read_rows(path: Path, schema: type[T], remedy: str, name: str | None = None) -> list[T]:
    """Read the rows of a CSV file, each of which fits a schema; texts become the schema's numbers.

    Args and errors are those of `read_json`.
    """
    name = name or str(path)
    return list(parse_rows(content_of(path, remedy, name), schema, remedy, name))


def parse_rows(content: bytes, schema: type[T], remedy: str, name: str) -> Iterator[T]:
    """Parse CSV row by row; see `read_rows`."""
    number = 1
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
        for row in reader:
            number = reader.line_num
            if None in row or None in row.values():
                raise ValueError(f"{len(reader.fieldnames or ())} fields expected")
            yield msgspec.convert(row, schema, strict=False)
    except (ValueError, csv.Error, msgspec.ValidationError) as error:
        raise Damaged(name, reason(error), remedy, number) from None


def content_of(path: Path, remedy: str, name: str) -> bytes:
    """Return what a file holds; raises as `read_json`."""
    try:
        if not stat.S_ISREG(path.stat().st_mode) and not path.is_dir():  # a pipe would be waited for
            raise ValueError("no regular file")
        return path.read_bytes()
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:  # a NUL in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{name}: cannot be read ({reason}); {remedy}.") from None


def reason(error: Exception) -> str:
    """Say in a few words what was found, for the brackets of a sentence."""
    if isinstance(error, RecursionError):
        return "nested too deep"
    told = " ".join(str(error).split()).replace("object missing required field", "missing")
    if "matching regex" in told:  # which nobody reads
        told = "a text of another form than expected, as no name of a file" + told[told.rindex("'") + 1 :]
    return told or type(error).__name__
