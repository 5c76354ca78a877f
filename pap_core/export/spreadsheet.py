"""Texts in tables that people open in a spreadsheet."""

# how a spreadsheet's formula begins
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Keep a spreadsheet from running a text that a person typed, or that a file is called.

    >>> harmless('=HYPERLINK("http://example.org")'), harmless("a = b")
    ('\\'=HYPERLINK("http://example.org")', 'a = b')
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
