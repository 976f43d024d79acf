"""Incidents told by several publications, with the findings that an analyst would report."""
