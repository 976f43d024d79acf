"""Checks: claims in, findings out; one question per file."""
