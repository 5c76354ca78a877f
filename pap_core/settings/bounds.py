"""What settings may be: a file or a person may say anything, and memory is taken by them."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Range = tuple[float, float]  # from, to, both allowed

_KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}


def faults(
    part: str,
    config: "DataclassInstance",
    ranges: Mapping[str, Range],
    choices: Mapping[str, Sequence[str]],
) -> list[str]:
    """Say of each setting that is of another type, out of its range, or none of its choices, what is wrong.

    Args:
        part: of the settings, the name before the dot, "" for none.
        config: a frozen dataclass of numbers and words, whose parts that are such are left out.
        ranges: of the numbers, by name.
        choices: of the words, by name.

    >>> from pap_core.settings.networks import DiscriminatorConfig
    >>> DiscriminatorConfig(layers=True, width=64, kernel=5).faults()
    ['discriminator.layers is True, expected a whole number', 'discriminator.kernel is 5, expected it even']
    """
    found = []
    for field in fields(config):
        name, value = field.name, getattr(config, field.name)
        wanted = "" if field.default is MISSING else _wanted(name, value, field.default, ranges, choices)
        if wanted:
            found.append(f"{part}{'.' if part else ''}{name} is {value!r:.80}, expected {wanted}")
    return found


def _wanted(
    name: str, value: Any, like: Any, ranges: Mapping[str, Range], choices: Mapping[str, Sequence[str]]
) -> str:
    """Return what a setting should have been, "" where it is right."""
    if name in choices:
        one_of = f"one of {', '.join(choices[name])}"
        return "" if isinstance(value, str) and value in choices[name] else one_of
    if isinstance(like, tuple):
        if not isinstance(value, tuple) or len(value) != len(like):
            return f"{len(like)} numbers"
        pairs = zip(value, like, strict=True)
        wrong = [wanted for pair in pairs if (wanted := _wanted(name, *pair, ranges, choices))]
        return f"{len(like)} numbers, each {wrong[0]}" if wrong else ""
    kind = type(like)
    if type(value) is not kind and not (kind is float and type(value) is int):  # a bool is no number
        return _KINDS[kind]
    low, high = ranges.get(name, (value, value))
    if not low <= value <= high:  # NaN is in no range
        return f"{low:.10g} to {high:.10g}"
    return "it even" if name == "kernel" and value % 2 else ""
