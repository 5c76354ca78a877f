"""Every method of the paper's comparison (its Table 5), behind one interface, on one split."""
