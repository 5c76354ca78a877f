"""What a reviewer works through: cells in order, from a split or a picture, and how far two agree."""
