"""Readers: one small file per format, all of the same shape."""
