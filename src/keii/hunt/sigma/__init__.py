"""Sigma rules over the event tables: loaded through pySigma, run by columns."""
