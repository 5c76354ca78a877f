"""Pap smear segmentation: expert contours, colour semantic maps, a conditional GAN, and its measures."""

__version__ = "0.1.0"
