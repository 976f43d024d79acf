"""Compose: one Report value from everything that was found, in the order in which people read."""
