"""Clinicians' reviews: cells to look at, what was decided of them, and the data sets made of that."""
