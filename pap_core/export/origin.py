"""Where an export comes from and what it must not be used for: what every exported file says."""

from dataclasses import dataclass

NOTICE = "Research use only, not a medical device."


@dataclass(frozen=True)
class Origin:
    """Where an export comes from."""

    picture: str  # file name of the picture
    checkpoint: str  # name of the checkpoint that segmented it
    digest: str  # of the checkpoint's weights
    source: str = ""  # what tells the picture's file from another of its name, where it was a file
