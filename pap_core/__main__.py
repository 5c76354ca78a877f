"""``python -m pap_core COMMAND``."""

from pap_core.cli.main import main as main
from pap_core.cli.main import program

if __name__ == "__main__":
    program()
