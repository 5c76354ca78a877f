"""Work that outlives a page: processes of their own, whether they are alive, and their signals."""
