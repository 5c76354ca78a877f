"""One reader for each source of cells; all yield the same `Cell`."""
