"""Parts of the Segment page."""
