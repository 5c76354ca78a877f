"""Synthetic smears, painted in the layout of SIPaKMeD."""
