"""From a picture to its label map: at which scale, in which tiles, and file by file."""
