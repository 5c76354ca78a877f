"""What happens to files: every way in which one that the program wrote may be damaged."""

import json

DEEP = 100_000

# in place of the content of a JSON file that holds an object
NO_OBJECT: dict[str, bytes] = {
    "empty": b"",
    "list": b"[]",
    "null": b"null",
    "number": b"7",
    "text": b'"text"',
    "torn": b'{"format": 1, "sou',
    "deep list": b"[" * DEEP,
    "deep object": b'{"a":' * DEEP,
    "closed deep list": b"[" * DEEP + b"]" * DEEP,
    "no UTF-8": b'{"a": "\xff\xfe"}',
    "binary": bytes(range(256)),
    "zeros": bytes(200),
    "endless number": b'{"format": ' + b"9" * 5000 + b"}",
}

# of these the ones that readers stumbled over differently, for pages, which take their time
FEW = {name: NO_OBJECT[name] for name in ("list", "torn", "deep object", "no UTF-8")}

# in place of a value of whatever type
STRANGE: dict[str, str] = {
    "null": "null",
    "list": "[[]]",
    "object": '{"a": 1}',
    "text": '"x"',
    "true": "true",
    "NaN": "NaN",
    "infinite": "1e999",
    "huge": "9" * 400,
    "below zero": "-7",
    "leads out": '"../../outside"',
}


def with_value(content: str, place: list[str | int], value: str) -> str:
    """Return a JSON text with the text of a value in another's place."""
    whole = inner = json.loads(content)
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = "@@"
    return json.dumps(whole).replace('"@@"', value)
