"""From expert contours to a data set folder: readers, builder, split, phantoms, jitter."""
