"""A module that answers where it runs and from where it has its packages; for `pap_core.jobs.call`."""

import os

import pap_core
from pap_core.jobs.call import answer

if __name__ == "__main__":
    answer(
        lambda order: {
            "path": os.environ.get("PYTHONPATH"),
            "package": pap_core.__file__,
            "workspace": os.environ["PAP_WORKSPACE"],
        }
    )
