"""Exporters: a Report value in one format per file."""
