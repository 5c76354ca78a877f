"""What a data set folder says of itself, read without torch."""

import json
from pathlib import Path

from pap_core.errors import InputError


def describe(folder: Path) -> dict:
    """Return the content of a data set folder's ``dataset.json``.

    Raises:
        InputError: the folder is no finished data set.
    """
    try:
        return json.loads((folder / "dataset.json").read_text())
    except FileNotFoundError:
        raise InputError(
            f"{folder}: no dataset.json found, so this is no finished data set; make one with "
            "'python -m pap_core build SOURCE OUT'."
        ) from None
    except (OSError, json.JSONDecodeError) as error:
        raise InputError(f"{folder}/dataset.json: cannot be read ({error}); build it again.") from None
