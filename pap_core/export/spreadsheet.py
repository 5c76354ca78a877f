"""Tables that people open in a spreadsheet, which would run some of the texts in them."""

import re

import pandas as pd

# how a spreadsheet's formula begins, after what a reader of CSV may drop: blanks, signs without a width or a
# meaning; after apostrophes, too, so that two texts stay two
_FORMULA = re.compile(r"[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff']*[=+\-@＝＋－＠]|[\t\r\n]")
# where some spreadsheets begin the next cell, whatever the quotes say: after a semicolon or in a new line
_NEXT = re.compile(r"(?<=[^\t\r\n])([;\t\r\n])(?=[\s']*[=+\-@＝＋－＠])")


def harmless(text: str) -> str:
    """Keep a spreadsheet from running a text that a person typed, or that a file is called.

    >>> harmless('=HYPERLINK("http://example.org")'), harmless("a = b"), harmless("a;=b")
    ('\\'=HYPERLINK("http://example.org")', 'a = b', "a;'=b")
    """
    return ("'" if _FORMULA.match(text) else "") + _NEXT.sub(r"\1'", text)


def spreadsheet_csv(table: pd.DataFrame, float_format: str | None = None) -> bytes:
    """Write a table, its index left out, as CSV in which no text is a formula, nor the name of a column."""
    safe = table.rename(columns=_text)
    for place, kind in enumerate(table.dtypes):
        if not pd.api.types.is_numeric_dtype(kind):
            safe.isetitem(place, [_text(one) for one in table.iloc[:, place]])
    return safe.to_csv(index=False, float_format=float_format, lineterminator="\n").encode(errors="replace")


def _text(one: object) -> object:
    if not isinstance(one, str):
        return one
    return harmless(one).replace("\r\n", "\n").replace("\r", "\n")  # which are quoted; a \r alone is not
