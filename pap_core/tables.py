"""Tables of many rows from CSV files, read by pandas and checked by column against a schema.

For a few rows `pap_core.files.read_rows` does, without pandas, which takes half a second to import.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, get_args, get_origin, get_type_hints

import msgspec
import pandas as pd

from pap_core.files import Damaged, content_of, reason


def read_table(
    path: Path, schema: type, remedy: str, name: str | None = None, needed: Sequence[str] = ()
) -> pd.DataFrame:
    """Read a CSV file each of whose columns fits its type in a schema.

    Args:
        path: of the file.
        schema: a `TypedDict` of the columns; those that are not required may be missing, others may be there.
            Where a number may be None, an empty field is NaN.
        remedy: see `pap_core.files.read_json`.
        name: see `pap_core.files.read_json`.
        needed: columns of those that are not required that have to be there, too.

    Raises:
        FileNotFoundError: there is none.
        InputError: it cannot be read, a column is missing, or a field does not fit.
    """
    name = name or str(path)
    kinds = {title: _plain(kind) for title, kind in get_type_hints(schema, include_extras=True).items()}
    open_numbers = [title for title, kind in kinds.items() if type(None) in get_args(kind)]
    texts = [title for title, kind in kinds.items() if _is_text(kind)]
    content = content_of(path, remedy, name)
    try:
        table = pd.read_csv(
            io.BytesIO(content),
            dtype=dict.fromkeys(texts, str) | dict.fromkeys(open_numbers, float),
            keep_default_na=False,  # a category may be called NA
            na_values=dict.fromkeys(open_numbers, ""),
        )
        if not isinstance(table.index, pd.RangeIndex):
            raise ValueError("more fields in a row than columns")
        if missing := sorted({*vars(schema)["__required_keys__"], *needed} - set(table)):
            raise ValueError(f"no column {missing[0]}")
        for title in filter(kinds.get, table):
            _check(table[title], kinds[title])
    except (ValueError, OverflowError) as error:
        raise Damaged(name, reason(error), remedy) from None
    return table


def _check(column: pd.Series, kind: Any) -> None:
    """See that a column fits: of texts each, of numbers the least and the greatest."""
    if type(None) not in get_args(kind) and column.isna().any():
        raise ValueError(f"{column.name}: row {int(column.isna().argmax()) + 1} is cut short")
    if not len(column):
        return
    if _is_text(kind):
        values = column.unique().tolist() if kind is not str else []
    elif column.dtype.kind not in "iuf":
        raise ValueError(f"{column.name}: not a column of numbers")
    else:
        values = [] if column.isna().all() else [column.min().item(), column.max().item()]
    try:
        msgspec.convert(values, list[kind])
    except msgspec.ValidationError as error:
        told, _, place = reason(error).rpartition(" - at `$[")
        value = values[int(place.rstrip("]`"))]
        raise ValueError(f"{column.name}: {told}, got {value!r:.80}") from None


def _plain(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) in (Required, NotRequired) else kind


def _is_text(kind: Any) -> bool:
    return kind is str or get_origin(kind) is Literal or get_args(kind)[:1] == (str,)
