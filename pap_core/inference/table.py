"""``cells.csv``: a row for each cell of each picture, which grows picture by picture, run by run.

Rows are appended, so that a long batch is not written again for each picture; those of a picture that is
predicted again are replaced. What is being appended lies in a file beside it meanwhile: whoever opens the
table after a kill puts it in order by that.
"""

import csv
import fcntl
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from pap_core.errors import InputError
from pap_core.export import table_csv
from pap_core.export.spreadsheet import harmless
from pap_core.files import write_whole

CELLS = "cells.csv"
RESULTS = "results"  # the column that says how the names of a picture's result files begin
_NEXT = f".{CELLS}.next"
_BEGINNING = f"file,{RESULTS},cell,".encode()


class CellsTable:
    """The table of a folder; see `opened`."""

    def __init__(self, folder: Path):
        self.path, self.next = folder / CELLS, folder / _NEXT
        self.header: list[str] = []
        self.told: dict[str, str] = {}  # digest of the rows of each picture, by its results
        self._put_in_order()
        self._take_stock()

    def put(self, results: str, table: pd.DataFrame) -> None:
        """Put a picture's rows there in place of those that it had.

        Args:
            results: how the names of its result files begin.
            table: as `pap_core.export.cells_table` returns it.
        """
        key = harmless(results)  # as `table_csv` writes it
        table = table.copy()
        table.insert(1, RESULTS, results)
        columns = [*self.header, *(name for name in table.columns if name not in self.header)]
        content = table_csv(table.reindex(columns=columns))
        block = content[content.index(b"\n") + 1 :]  # without the header, which holds no line break
        if columns == self.header and self.told.get(key, "") == _digest(block):
            return
        if columns != self.header or key in self.told:
            others = (row for row in _aligned(self._read(), columns) if row[RESULTS] != key)
            other_columns = columns != self.header
            self._write(columns, [*others, *_rows(block, columns)])
            if other_columns:
                self._take_stock()
        elif block:
            self._append(block)
        self.told[key] = _digest(block)

    def _append(self, block: bytes) -> None:
        write_whole(self.next, block)
        size = self.path.stat().st_size
        try:
            with open(self.path, "ab") as file:
                file.write(block)
        except OSError:
            os.truncate(self.path, size)
            self.next.unlink()
            raise
        self.next.unlink()

    def _put_in_order(self) -> None:
        """Finish what a killed process was at."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if content != whole:
            if not whole and not _BEGINNING.startswith(content[: len(_BEGINNING)]):
                raise self._foreign("other columns")
            rows = list(self._parse(whole))
            if whole:
                self._write(self.header, _before(content[len(whole) :], self.header, rows))
            else:
                self.path.unlink()
        if self.next.exists():
            block = self.next.read_bytes()
            before = list(self._read())
            if self.header:
                again = _rows(block, self.header)
                named = {row[RESULTS] for row in again}
                self._write(self.header, [*(row for row in before if row.get(RESULTS) not in named), *again])
            self.next.unlink()

    def _take_stock(self) -> None:
        by_picture: dict[str, list[dict[str, str]]] = {}
        for row in self._read():
            by_picture.setdefault(row.get(RESULTS, ""), []).append(row)
        self.told = {key: _digest(_text(self.header, rows)) for key, rows in by_picture.items()}

    def _read(self) -> Iterator[dict[str, str]]:
        """Yield the rows as they stand there, and note the header."""
        return self._parse(self.path.read_bytes() if self.path.exists() else b"")

    def _parse(self, content: bytes) -> Iterator[dict[str, str]]:
        try:
            reader = csv.DictReader(io.StringIO(content.decode(), newline=""), restval="")
            self.header = list(reader.fieldnames or ())
            if self.header and not {"file", "cell"} <= set(self.header):
                raise ValueError("other columns")
            for row in reader:
                if None in row:
                    raise ValueError(f"too many fields in line {reader.line_num}")
                yield row
        except (ValueError, csv.Error) as error:
            raise self._foreign(error) from None

    def _foreign(self, reason: object) -> InputError:
        return InputError(
            f"{self.path}: not the table of cells that predict writes ({reason}); move it away, or choose "
            "another folder."
        )

    def _write(self, columns: list[str], rows: Iterable[dict[str, str]]) -> None:
        write_whole(self.path, _text(columns, rows, header=True))
        self.header = columns


def _aligned(rows: Iterable[dict[str, str]], columns: list[str]) -> Iterator[dict[str, str]]:
    """Yield rows of an earlier version, where results were called after the file alone, in new columns."""
    for row in rows:
        yield {name: row.get(name) or "" for name in columns} | {
            RESULTS: row.get(RESULTS) or Path(row["file"]).stem
        }


def _rows(block: bytes, columns: list[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(block.decode(), newline=""), columns))


def _before(torn: bytes, columns: list[str], rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the rows before one that was cut short, without those of its picture, for they are not all."""
    name = RESULTS if RESULTS in columns else "file"
    fields = next(csv.reader([torn.decode(errors="replace")]), [])
    place = columns.index(name)
    picture = fields[place] if len(fields) > place + 1 else rows[-1][name] if rows else ""
    return [row for row in rows if row[name] != picture]


def _text(columns: list[str], rows: Iterable[dict[str, str]], header: bool = False) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    if header:
        writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _digest(block: bytes) -> str:
    return hashlib.sha256(block).hexdigest() if block else ""


@contextmanager
def opened(folder: Path) -> Iterator[CellsTable]:
    """Open the table of a folder, new or not, for this process alone.

    Raises:
        InputError: another process is at it, or it is not as this program writes it.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"{folder}: another process predicts into this folder; wait for it, or choose another one."
            ) from None
        except OSError:  # a file system without locks
            pass
        yield CellsTable(folder)
    finally:
        os.close(descriptor)
