"""Training runs: their configuration, their loop, their folder on disk."""
