"""Methods and networks side by side, trained on the same crops and measured on the same test split."""
