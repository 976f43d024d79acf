"""Trace: hosts, path, files, volume and silence, from the lake and the matches."""
