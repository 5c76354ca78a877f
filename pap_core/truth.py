"""Where `read_truth` was at first: scripts that people keep still find it here."""

from pap_core.data.truth.read import read_truth

__all__ = ["read_truth"]
