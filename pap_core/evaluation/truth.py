"""Where `read_truth` was before builds read truth of every form, too: scripts that people keep find it."""

from pap_core.data.truth.read import read_truth

__all__ = ["read_truth"]
