"""What of a training side is held out to validate on: whole smears or slides."""

import numpy as np
import pandas as pd

from pap_core.data.split import hold_out
from pap_core.errors import InputError

_SHARES = [number / 100 for number in range(1, 100)]  # that are looked through for one that would do


def held_out(table: pd.DataFrame, share: float, seed: int) -> np.ndarray:
    """Choose about the same share of each data set.

    What is held out of one data set is of none, so that a reviewed slide is not learnt from there either.

    Args:
        table: of `pap_core.data.dataset.Crops`, one side.
        share: of the crops, between 0 and 1.
        seed: of the draw.

    Returns:
        ``(N,)`` bool: True for a row that is held out, at least one and not all.

    Raises:
        InputError: there are too few smears or slides for that share; it says which share would do.
    """
    chosen = _chosen(table, share, seed)
    if not chosen.any() or chosen.all():
        raise InputError(_too_few(table, share, seed, everything=bool(chosen.any())))
    return chosen


def _chosen(table: pd.DataFrame, share: float, seed: int) -> np.ndarray:
    held: set[str] = set()
    for _, rows in table.groupby("folder"):
        drawn = hold_out(rows["group"].tolist(), share, seed)
        held |= set(rows["slide"][rows["group"].isin(drawn)])
    return table["slide"].isin(held).to_numpy()


def _too_few(table: pd.DataFrame, share: float, seed: int, everything: bool) -> str:
    slides = table["slide"].nunique()
    count = "1 smear or slide" if slides == 1 else f"{slides} smears or slides"
    said = f"{', '.join(table['folder'].unique())}: {count} on the training side "
    nearest = sorted(_SHARES, key=lambda one: abs(one - share))
    enough = (one for one in nearest if 0 < _chosen(table, one, seed).sum() < len(table))
    if (other := next(enough, None)) is not None:
        held = table["slide"][_chosen(table, other, seed)].nunique()
        away = "would all be held out" if everything else "are too few to hold one out"
        return (
            f"{said}{away} for validation at a share of {share:g}; set validation={other:g}, which holds "
            f"{held} out, or build from more."
        )
    verb = "is" if slides == 1 else "are"
    least = "at least 1 more" if slides == 1 else "more, at least 2 in a data set"
    return f"{said}{verb} too few to hold one out for validation, whatever the share; build from {least}."
