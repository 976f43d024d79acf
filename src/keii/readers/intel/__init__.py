"""Intel readers, asked in this order; the surest wins."""
