"""How a person wants a data set built."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BuildOptions:
    """How to build. What is None is decided by the source."""

    mode: str | None = None  # "window", "field", "fit" or "whole"
    form: str | None = None  # SIPaKMeD only: "smear" or "cropped"
    mask_form: str | None = None  # of masks beside pictures: one of `BOTH_CLASSES`; None to recognise each
    split: str = "grouped"  # or "paper"
    test_share: float = 0.3  # of all crops
    seed: int = 0  # of the split
    border: int = 2  # px, of the target's black border
    neighbours: bool = True  # draw other annotated cells that reach into a crop; reviewed ones always are
    beside: tuple[str, ...] = ()  # data set folders whose smears and slides keep the side they have there
    # of fields: "nucleus" or "cell", where neither names nor values tell; "none" for pictures without truth
    truth: str | None = None
    groups: str | None = None  # of fields: a regular expression whose first group in a name is the slide
    scale: float | None = None  # of fields: network px per image px; None to choose it by their nuclei
    glass: bool = False  # of fields: tell background and cytoplasm apart by the glass
