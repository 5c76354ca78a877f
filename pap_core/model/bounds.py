"""What a network's settings may be: a file or a person may say anything, and memory is taken by them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

Range = tuple[float, float]  # from, to, both allowed


def faults(
    part: str, config: object, ranges: Mapping[str, Range], choices: Mapping[str, Sequence[str]]
) -> list[str]:
    """Say of each setting that is of another type, out of its range, or none of its choices, what is wrong.

    Args:
        part: of the settings, the name before the dot.
        config: a frozen dataclass of numbers and words.
        ranges: of the numbers, by name.
        choices: of the words, by name.

    >>> from pap_core.model.discriminator import DiscriminatorConfig
    >>> DiscriminatorConfig(layers=True, width=64, kernel=5).faults()
    ['discriminator.layers is True, expected a whole number', 'discriminator.kernel is 5, expected it even']
    """
    found = []
    for field in fields(config):
        name, value = field.name, getattr(config, field.name)
        wanted = _wanted(name, value, type(field.default), ranges, choices)
        if wanted:
            found.append(f"{part}.{name} is {value!r:.80}, expected {wanted}")
    return found


def _wanted(
    name: str, value: object, kind: type, ranges: Mapping[str, Range], choices: Mapping[str, Sequence[str]]
) -> str:
    """Return what a setting should have been, "" where it is right."""
    if name in choices:
        one_of = f"one of {', '.join(choices[name])}"
        return "" if isinstance(value, str) and value in choices[name] else one_of
    if type(value) is not kind and not (kind is float and type(value) is int):  # a bool is no number
        return "a whole number" if kind is int else "a number"
    low, high = ranges[name]
    if not low <= value <= high:  # NaN is in no range
        return f"{low:g} to {high:g}"
    return "it even" if name == "kernel" and value % 2 else ""
